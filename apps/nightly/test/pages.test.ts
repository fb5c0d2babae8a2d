import { assert, describe, it } from "@effect/vitest"
import { Client } from "@keyturn/client/effect"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { Unreadable } from "../src/facts.ts"
import { partsOf } from "../src/steps/bench.ts"
import { type Answer, makeReader, PAGE } from "../src/steps/pages.ts"
import type { ReadError } from "../src/steps/patience.ts"

interface Item {
  readonly id: number
}

const items = (from: number, to: number): ReadonlyArray<Item> =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => ({ id: from + i }))

const answer = (data: ReadonlyArray<Item>, more: boolean): Answer<Item> => ({
  data,
  response: new Response(null, { headers: more ? { "query-has-more": "true" } : {} })
})

const apiError = (status: number, headers: Record<string, string> = {}) =>
  new Client.ApiError({
    status,
    body: {},
    message: `GET /list answered ${status}.`,
    response: new Response(null, { status, headers })
  })

type Query = { readonly offset: number; readonly limit: number }

/** A list of so many items, and what was asked of it. */
const service = (total: number, cap = PAGE) => {
  const asked: Array<Query> = []
  let underWay = 0
  let peak = 0
  const get = (query: Query): Effect.Effect<Answer<Item>, ReadError> =>
    Effect.gen(function* () {
      asked.push(query)
      peak = Math.max(peak, ++underWay)
      yield* Effect.yieldNow
      underWay--
      const end = Math.min(total, query.offset + Math.min(cap, query.limit))
      return answer(items(query.offset, end), end < total)
    })
  return { asked, get, peak: () => peak }
}

const readAll = (get: (query: Query) => Effect.Effect<Answer<Item>, ReadError>) =>
  makeReader().pages(
    get,
    (item: Item) => item,
    () => {}
  )

const ids = (found: ReadonlyArray<Item>) => found.map(({ id }) => id)

describe("a list", () => {
  for (const total of [0, 1, PAGE - 1, PAGE, PAGE + 1, 4 * PAGE, 4 * PAGE + 1, 11 * PAGE + 7]) {
    it.effect(`of ${total} is read whole`, () =>
      Effect.gen(function* () {
        const { get } = service(total)
        assert.deepStrictEqual(
          ids(yield* readAll(get)).sort((a, b) => a - b),
          ids(items(0, total))
        )
      })
    )
  }

  it.effect("that fits one page takes one request", () =>
    Effect.gen(function* () {
      const { asked, get } = service(PAGE)
      yield* readAll(get)
      assert.lengthOf(asked, 1)
    })
  )

  it.effect("of many pages is asked for several pages at a time, but not for all", () =>
    Effect.gen(function* () {
      const { get, peak } = service(20 * PAGE)
      yield* readAll(get)
      assert.isAbove(peak(), 1)
      assert.isAtMost(peak(), 6)
    })
  )

  it.effect("several at once share one limit of requests under way", () =>
    Effect.gen(function* () {
      const { get, peak } = service(20 * PAGE)
      const reader = makeReader()
      yield* Effect.forEach(
        [1, 2, 3, 4, 5],
        () =>
          reader.pages(
            get,
            (item: Item) => item,
            () => {}
          ),
        {
          concurrency: "unbounded"
        }
      )
      assert.strictEqual(peak(), 6)
    })
  )

  for (const [expected, total] of [
    [0, 7 * PAGE],
    [5 * PAGE, 5 * PAGE],
    [3 * PAGE, 8 * PAGE + 1],
    [9 * PAGE, 2 * PAGE + 3]
  ] as const) {
    for (const cap of [PAGE, 30]) {
      it.effect(`of ${total}, said to have ${expected}, is whole when read in parts, ${cap} at a time`, () =>
        Effect.gen(function* () {
          const { get } = service(total, cap)
          const parts = yield* Effect.forEach(partsOf(expected, 4), (part) =>
            makeReader(4).pages(
              get,
              (item: Item) => item,
              () => {},
              part
            )
          )
          assert.isAtMost(parts.length, 4)
          assert.deepStrictEqual(
            [...new Set(parts.flatMap(ids))].sort((a, b) => a - b),
            ids(items(0, total))
          )
        })
      )
    }
  }

  it.effect("read in parts costs hardly more requests than read whole", () =>
    Effect.gen(function* () {
      const { asked, get } = service(12 * PAGE)
      yield* Effect.forEach(partsOf(12 * PAGE, 4), (part) =>
        makeReader(4).pages(
          get,
          (item: Item) => item,
          () => {},
          part
        )
      )
      // Behind the end, a few pages are asked for at once.
      assert.isAtMost(asked.length, 12 + 2)
    })
  )

  it.effect("whose server gives fewer than asked for is read whole all the same", () =>
    Effect.gen(function* () {
      const { get } = service(507, 50)
      assert.lengthOf(yield* readAll(get), 507)
    })
  )

  it.effect("with a short page in the middle goes on from where that ended", () =>
    Effect.gen(function* () {
      const get = ({ offset, limit }: Query) => {
        const end = Math.min(350, offset + (offset === 100 ? 60 : limit))
        return Effect.succeed(answer(items(offset, end), end < 350))
      }
      assert.lengthOf(yield* readAll(get), 350)
    })
  )

  it.effect("drops what comes on two pages, for pages shift between two requests", () =>
    Effect.gen(function* () {
      const get = ({ offset }: Query) =>
        Effect.succeed(offset === 0 ? answer(items(0, 100), true) : answer(items(offset - 10, offset + 40), false))
      const found = ids(yield* readAll(get))
      assert.lengthOf(new Set(found), found.length)
      assert.includeMembers(found, ids(items(0, 140)))
    })
  )

  it.effect("that gives the same page for ever is an error, not an endless run", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(readAll(() => Effect.succeed(answer(items(0, PAGE), true))))
      assert.instanceOf(error, Unreadable)
      assert.match(error.message, /repeats itself/)
    })
  )

  it.effect("whose entries make no sense is an error that says which", () =>
    Effect.gen(function* () {
      const read = () => {
        throw new Unreadable("person 7 has no id")
      }
      const reading = makeReader().pages(
        () => Effect.succeed(answer(items(0, 1), false)),
        read,
        () => {}
      )
      assert.strictEqual((yield* Effect.flip(reading)).message, "person 7 has no id")
    })
  )
})

/** Fails with each error once, then answers; notes the time of each try. */
const failing = (...errors: ReadonlyArray<ReadError>) => {
  const at: Array<number> = []
  const get = () =>
    Effect.gen(function* () {
      const tries = at.push(yield* Effect.clockWith((clock) => clock.currentTimeMillis))
      const error = errors[tries - 1]
      return error === undefined ? answer(items(0, 1), false) : yield* Effect.fail(error)
    })
  return { at, get }
}

describe("a request that failed", () => {
  for (const error of [
    apiError(503),
    apiError(429),
    new Client.RequestFailed({ cause: undefined, message: "reset" })
  ]) {
    it.effect(`is made again: ${error.message}`, () =>
      Effect.gen(function* () {
        const { at, get } = failing(error, error)
        const fiber = yield* Effect.forkChild(readAll(get), { startImmediately: true })
        yield* TestClock.adjust("2 seconds")
        assert.lengthOf(yield* Fiber.join(fiber), 1)
        assert.lengthOf(at, 3)
      })
    )
  }

  it.effect("waits as long as Retry-After asks", () =>
    Effect.gen(function* () {
      const { at, get } = failing(apiError(503, { "retry-after": "7" }))
      const fiber = yield* Effect.forkChild(readAll(get), { startImmediately: true })
      yield* TestClock.adjust("8 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(at, [0, 7000])
    })
  )

  it.effect("is given up after four tries", () =>
    Effect.gen(function* () {
      const { at, get } = failing(...Array.from({ length: 9 }, () => apiError(503)))
      const fiber = yield* Effect.forkChild(Effect.flip(readAll(get)), { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      assert.instanceOf(yield* Fiber.join(fiber), Client.ApiError)
      assert.lengthOf(at, 4)
    })
  )

  for (const error of [
    apiError(403),
    apiError(400),
    new Client.RequestFailed({ cause: new SyntaxError(), message: "no JSON" })
  ]) {
    it.effect(`is not made again when that is of no use: ${error.message}`, () =>
      Effect.gen(function* () {
        const { at, get } = failing(error)
        yield* Effect.flip(readAll(get))
        assert.lengthOf(at, 1)
      })
    )
  }

  it.effect("is not waited for longer than half a minute", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.flip(readAll(() => Effect.never)), { startImmediately: true })
      yield* TestClock.adjust("3 minutes")
      assert.match((yield* Fiber.join(fiber)).message, /30 seconds/)
    })
  )
})
