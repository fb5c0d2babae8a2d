/** Reads one list of the API to its end. */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { Unreadable } from "../facts.ts"
import { patiently, type ReadError } from "./patience.ts"

/** What one request gave. */
export interface Answer<A> {
  readonly data: ReadonlyArray<A>
  readonly response: Response
}

/** Items asked for at a time. */
export const PAGE = 100
/** Requests under way at a time, over all lists and processes. */
const REQUESTS = 6
/** Pages of one list asked for at a time, after the first has shown that there are more. */
const AHEAD = 3
/** Makes a reader whose requests share one limit: a part of the whole run's, when the work is shared by `processes`. */
export const makeReader = (processes = 1) => {
  const permits = Semaphore.makeUnsafe(Math.ceil(REQUESTS / processes))

  const request = <A>(get: Effect.Effect<Answer<A>, ReadError>): Effect.Effect<Answer<A>, ReadError> =>
    patiently(get).pipe(
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
   * lists have no fixed order, so an item can move from one page to the next between two requests. Of a part of a list,
   * what lies before `from` is left out and nothing is asked for from `to` on.
   */
  const pages = <A, B extends { readonly id: unknown }>(
    get: (query: { readonly offset: number; readonly limit: number }) => Effect.Effect<Answer<A>, ReadError>,
    read: (item: A) => B,
    onPage: (items: number) => void,
    { from, to }: { readonly from: number; readonly to: number | null } = { from: 0, to: null }
  ): Effect.Effect<ReadonlyArray<B>, ReadError> =>
    Effect.gen(function* () {
      const found = new Map<unknown, B>()
      const page = (offset: number) =>
        Effect.gen(function* () {
          const { data, response } = yield* request(get({ offset, limit: PAGE }))
          for (const item of yield* decode(data, read)) if (!found.has(item.id)) found.set(item.id, item)
          onPage(data.length)
          const more =
            response.headers.get("query-has-more")?.toLowerCase() === "true" &&
            data.length > 0 &&
            (to === null || offset + data.length < to)
          return { size: data.length, more }
        })
      const first = yield* page(from)
      let more = first.more
      let offset = from + first.size
      while (more) {
        const before = found.size
        const wave = Array.from({ length: AHEAD }, (_, i) => offset + i * first.size).filter(
          (start) => to === null || start < to
        )
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
