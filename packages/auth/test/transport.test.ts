import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Transport from "../src/Transport.ts"

const send = (url: string, deadline: Duration.Input = "5 seconds", fetch = globalThis.fetch) =>
  Transport.make(fetch)({
    method: "POST",
    url,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "password=canary%20pw",
    secrets: [Redacted.make("canary pw")],
    deadline: Duration.fromInputUnsafe(deadline)
  })

const serving = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer(listener)
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/t`, server }
    }),
    ({ server }) =>
      Effect.promise(async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      })
  )

const answering = (status: number, headers: Record<string, string>, body: string) =>
  serving((_request, response) => void response.writeHead(status, headers).end(body))

describe("a call to an authorization server", () => {
  it.live("gives JSON, a form, or nothing", () =>
    Effect.gen(function* () {
      const json = yield* answering(200, { "content-type": "application/json" }, '{"a":1}')
      assert.deepStrictEqual((yield* send(json.url)).body, { a: 1 })
      const form = yield* answering(
        200,
        { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
        "a=1&b=%20"
      )
      assert.deepStrictEqual((yield* send(form.url)).body, { a: "1", b: " " })
      const empty = yield* answering(204, {}, "")
      assert.isUndefined((yield* send(empty.url)).body)
    })
  )

  it.live("is turned down for good by a 4xx, with the server's reason and without our secret (T49)", () =>
    Effect.gen(function* () {
      const { url } = yield* answering(
        400,
        { "content-type": "application/json" },
        JSON.stringify({ error: "invalid_grant", error_description: "canary pw or canary%20pw or canary+pw is wrong" })
      )
      const error = yield* Effect.flip(send(url))
      assert.strictEqual(error._tag === "GrantRejected" && error.code, "invalid_grant")
      assert.notMatch(error.message, /canary/)
      assert.include(error.message, "<redacted>")
    })
  )

  it.live("is turned away, not refused, by 429, 408 and 5xx, also with an OAuth code (T58)", () =>
    Effect.gen(function* () {
      for (const [status, ambiguous] of [
        [429, false],
        [408, true],
        [500, true],
        [503, true]
      ] as const) {
        const { url } = yield* answering(
          status,
          { "retry-after": "7", "content-type": "application/json" },
          '{"error":"invalid_grant"}'
        )
        const error = yield* Effect.flip(send(url))
        assert.strictEqual(error._tag, "GrantUnavailable")
        if (error._tag !== "GrantUnavailable") return
        assert.deepStrictEqual([error.status, error.ambiguous, error.retryAfter], [status, ambiguous, 7000])
      }
    })
  )

  it.live("reads Retry-After's date by the server's own clock", () =>
    Effect.gen(function* () {
      const server = Date.now() + 3_600_000
      const { url } = yield* answering(
        503,
        { date: new Date(server).toUTCString(), "retry-after": new Date(server + 60_000).toUTCString() },
        ""
      )
      const error = yield* Effect.flip(send(url))
      assert.strictEqual(error._tag === "GrantUnavailable" && error.retryAfter, 60_000)
    })
  )

  it.live("follows no redirect (T52, S7)", () =>
    Effect.gen(function* () {
      let followed = 0
      const other = yield* serving((_request, response) => {
        followed++
        response.end("{}")
      })
      for (const status of [301, 302, 303, 307, 308]) {
        const { url } = yield* answering(status, { location: other.url }, "")
        const error = yield* Effect.flip(send(url))
        assert.strictEqual(error._tag === "GrantRejected" && error.status, status)
      }
      assert.strictEqual(followed, 0)
    })
  )

  it.live("takes no page and no flood for an answer", () =>
    Effect.gen(function* () {
      const page = yield* answering(200, { "content-type": "text/html" }, "<h1>canary pw</h1>")
      const error = yield* Effect.flip(send(page.url))
      assert.strictEqual(error._tag, "GrantAnswerInvalid")
      assert.notInclude(error.message, "canary")
      const flood = yield* serving((_request, response) => {
        response.writeHead(200, { "content-type": "application/json" })
        const more = () => void response.write("x".repeat(65_536), more)
        more()
      })
      assert.match((yield* Effect.flip(send(flood.url))).message, /more than 1048576 bytes/)
    })
  )

  it.live("ends at its deadline, also in the middle of an answer, and may have been heard (I8)", () =>
    Effect.gen(function* () {
      const silent = yield* serving(() => {})
      const slow = yield* serving((_request, response) => void response.writeHead(200).write("{"))
      for (const { url } of [silent, slow]) {
        const error = yield* Effect.flip(send(url, "200 millis"))
        assert.strictEqual(error._tag === "GrantUnavailable" && error.ambiguous, true)
        assert.include(error.message, "200 ms")
      }
    })
  )

  it.live("knows what was surely not heard from what may have been (T34)", () =>
    Effect.gen(function* () {
      const gone = yield* Effect.scoped(answering(200, {}, "{}"))
      const refused = yield* Effect.flip(send(gone.url))
      assert.strictEqual(refused._tag === "GrantUnavailable" && refused.ambiguous, false)
      const cut = yield* serving((request) => void request.socket.destroy())
      const reset = yield* Effect.flip(send(cut.url))
      assert.strictEqual(reset._tag === "GrantUnavailable" && reset.ambiguous, true)
      // Tried at two addresses, one of which may have been reached.
      const both = Object.assign(new AggregateError([{ code: "ECONNREFUSED" }, { code: "ECONNRESET" }]), {})
      const failing = (() => Promise.reject(new TypeError("fetch failed", { cause: both }))) as typeof fetch
      const mixed = yield* Effect.flip(send(gone.url, "1 second", failing))
      assert.strictEqual(mixed._tag === "GrantUnavailable" && mixed.ambiguous, true)
    })
  )

  it.live("is not made over plain http to another machine (I6)", () =>
    Effect.gen(function* () {
      let called = false
      const watching = (() => {
        called = true
        return Promise.reject(new Error("no"))
      }) as typeof fetch
      for (const url of [
        "http://example.com/t",
        "http://127.0.0.1.example.com/t",
        "http://0x7f.1.example/t",
        "ftp://localhost/t"
      ]) {
        assert.strictEqual((yield* Effect.flip(send(url, "1 second", watching)))._tag, "GrantRejected", url)
      }
      assert.isFalse(called)
      for (const url of ["https://example.com/t", "http://localhost:1/t", "http://[::1]:1/t", "http://127.1.2.3/t"]) {
        assert.isTrue(Transport.isSecure(new URL(url)), url)
      }
    })
  )
})
