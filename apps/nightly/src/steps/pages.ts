/** Reads one list of the API to its end. */
import type { SessionError } from "@keyturn/client"
import { Client } from "@keyturn/client/effect"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { Unreadable } from "../facts.ts"

/** Everything that reading can fail with. */
export type ReadError = Client.ApiError | Client.RequestFailed | SessionError | Unreadable

/** What one request gave. */
export interface Answer<A> {
  readonly data: ReadonlyArray<A>
  readonly response: Response
}

/** Items asked for at a time. */
export const PAGE = 100
/** Requests under way at a time, over all lists. */
const REQUESTS = 6
/** Pages of one list asked for at a time, after the first has shown that there are more. */
const AHEAD = 3
const DEADLINE = "30 seconds"
const TRIES = 4
/** The longest wait that the server may ask for, in milliseconds. */
const LONGEST_WAIT = 10_000

/** How long to wait before a read that failed is tried again; `undefined` when that is of no use. */
const waitAfter = (error: ReadError, tries: number): number | undefined => {
  if (tries >= TRIES) return undefined
  const backOff = 200 * 2 ** (tries - 1) * (0.8 + 0.4 * Math.random())
  if (error instanceof Client.RequestFailed) return error.cause instanceof SyntaxError ? undefined : backOff
  if (!(error instanceof Client.ApiError) || ![429, 502, 503, 504].includes(error.status)) return undefined
  const asked = Number(error.response.headers.get("retry-after") ?? 0) * 1000
  return asked > LONGEST_WAIT ? undefined : Math.max(backOff, Number.isNaN(asked) ? 0 : asked)
}

const patient = <A>(request: Effect.Effect<A, ReadError>, tries = 1): Effect.Effect<A, ReadError> =>
  Effect.catch(request, (error) => {
    const wait = waitAfter(error, tries)
    return wait === undefined ? Effect.fail(error) : Effect.andThen(Effect.sleep(wait), patient(request, tries + 1))
  })

/** Makes a reader whose requests share one limit. */
export const makeReader = () => {
  const permits = Semaphore.makeUnsafe(REQUESTS)

  const request = <A>(get: Effect.Effect<Answer<A>, ReadError>): Effect.Effect<Answer<A>, ReadError> =>
    get.pipe(
      Effect.timeoutOrElse({
        duration: DEADLINE,
        orElse: () => new Client.RequestFailed({ cause: undefined, message: `No answer within ${DEADLINE}.` })
      }),
      patient,
      Semaphore.withPermit(permits),
      Effect.filterOrFail(
        ({ data }) => Array.isArray(data),
        () => new Unreadable("the answer is not a list. Check the base URL: this may not be Bench")
      )
    )

  const decode = <A, B>(data: ReadonlyArray<A>, read: (item: A) => B): Effect.Effect<ReadonlyArray<B>, Unreadable> =>
    Effect.try({
      try: () => data.map(read),
      catch: (error) => (error instanceof Unreadable ? error : new Unreadable("an entry of the list is no object"))
    })

  /** Reads a list that comes in one answer. */
  const whole = <A, B>(get: Effect.Effect<Answer<A>, ReadError>, read: (item: A) => B) =>
    Effect.flatMap(request(get), ({ data }) => decode(data, read))

  /**
   * Reads page after page while the header `query-has-more` says that there are more, and drops what comes twice: the
   * lists have no fixed order, so an item can move from one page to the next between two requests.
   */
  const pages = <A, B extends { readonly id: unknown }>(
    get: (query: { readonly offset: number; readonly limit: number }) => Effect.Effect<Answer<A>, ReadError>,
    read: (item: A) => B,
    onPage: (items: number) => void
  ): Effect.Effect<ReadonlyArray<B>, ReadError> =>
    Effect.gen(function* () {
      const found = new Map<unknown, B>()
      const page = (offset: number) =>
        Effect.gen(function* () {
          const { data, response } = yield* request(get({ offset, limit: PAGE }))
          for (const item of yield* decode(data, read)) if (!found.has(item.id)) found.set(item.id, item)
          onPage(data.length)
          const more = response.headers.get("query-has-more")?.toLowerCase() === "true" && data.length > 0
          return { size: data.length, more }
        })
      const first = yield* page(0)
      let more = first.more
      let offset = first.size
      while (more) {
        const before = found.size
        const wave = Array.from({ length: AHEAD }, (_, i) => offset + i * first.size)
        for (const next of yield* Effect.forEach(wave, page, { concurrency: "unbounded" })) {
          offset += next.size
          more = next.more
          // A page that is shorter than the others shifts what follows: go on from where it ended.
          if (!more || next.size < first.size) break
        }
        // A server that gives the same page for every offset would be read for ever.
        if (more && found.size === before) {
          return yield* Effect.fail(new Unreadable("the list repeats itself: offsets are not honoured"))
        }
      }
      return [...found.values()]
    })

  return { pages, whole }
}
