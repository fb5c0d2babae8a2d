/**
 * What servers think the time is, learned from the `Date` headers of their answers: for whoever signs timestamps, which a
 * server takes only close to its own time.
 */
import { skew } from "./internal/time.ts"

/** The clocks of the servers that were asked so far, one an origin. Until something is learned it is the wall clock. */
export interface ServerClock {
  /** The time at the URL's origin, in milliseconds since the epoch. */
  readonly now: (url: string) => number
  /** Takes the time from an answer that has just arrived, and tells by how many milliseconds that moves `now`. */
  readonly learn: (url: string, headers: Headers) => number
}

/** Makes clocks that know nothing yet. */
export const make = (): ServerClock => {
  const ahead = new Map<string, number>()
  const aheadAt = (origin: string) => ahead.get(origin) ?? 0
  return {
    now: (url) => Date.now() + aheadAt(new URL(url).origin),
    learn: (url, headers) => {
      const { origin } = new URL(url)
      const at = Date.now()
      const before = aheadAt(origin)
      ahead.set(origin, skew(headers.get("date"), at, at))
      return aheadAt(origin) - before
    }
  }
}
