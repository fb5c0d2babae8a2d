import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { vi } from "vitest"
import * as Retry from "../src/Retry.ts"

const answer = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers })

describe("a request that failed though its credential was fine", () => {
  beforeEach(() => void vi.spyOn(Math, "random").mockReturnValue(1))
  afterEach(() => void vi.restoreAllMocks())

  it("is tried again when its method is idempotent (RFC 9110 §9.2.2)", () => {
    for (const method of ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]) {
      assert.isDefined(Retry.make(1).delay(method, 1, undefined), method)
    }
    for (const method of ["POST", "PATCH", "get", ""]) {
      assert.isUndefined(Retry.make(1).delay(method, 1, undefined), method)
    }
  })

  it("is tried again only for an answer that says: not now", () => {
    for (const status of [408, 429, 500, 502, 503, 504]) {
      assert.isDefined(Retry.make(1).delay("GET", 1, answer(status)), String(status))
    }
    for (const status of [200, 304, 400, 401, 403, 404, 409, 501, 505]) {
      assert.isUndefined(Retry.make(1).delay("GET", 1, answer(status)), String(status))
    }
  })

  it("is tried again as often as it may, after waits that double", () => {
    const retry = Retry.make(3)
    assert.deepStrictEqual(
      [1, 2, 3, 4].map((tries) => retry.delay("GET", tries, undefined)),
      [250, 500, 1000, undefined]
    )
    assert.isUndefined(Retry.make(0).delay("GET", 1, undefined))
  })

  it("waits at least half of that time, the rest is chance", () => {
    vi.spyOn(Math, "random").mockReturnValue(0)
    assert.strictEqual(Retry.make(3).delay("GET", 2, undefined), 250)
  })

  it("waits for as long as the server asks, unless that is longer than anybody would", () => {
    const asked = (value: string, date?: string) =>
      Retry.make(1).delay("GET", 1, answer(503, { "retry-after": value, ...(date !== undefined && { date }) }))
    assert.strictEqual(asked("0"), 0)
    assert.strictEqual(asked("7"), 7000)
    assert.strictEqual(asked("30"), 30_000)
    assert.isUndefined(asked("31"))
    assert.strictEqual(asked("soon"), 250)
    // By the server's own clock, however wrong that is.
    assert.strictEqual(asked("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:32 GMT"), 5000)
    assert.strictEqual(asked("Sun, 06 Nov 1994 08:49:37 GMT"), 0)
  })

  it("is not tried again once ten retries were not earned by successes: each earns a tenth", () => {
    const retry = Retry.make(1)
    const granted = () => retry.delay("GET", 1, undefined) !== undefined
    const succeed = (times: number) => {
      for (let i = 0; i < times; i++) retry.succeeded()
    }
    succeed(1000)
    for (let i = 0; i < 10; i++) assert.isTrue(granted(), `retry ${i}`)
    assert.isFalse(granted())
    succeed(9)
    assert.isFalse(granted())
    succeed(1)
    assert.isTrue(granted())
    assert.isFalse(granted())
  })
})
