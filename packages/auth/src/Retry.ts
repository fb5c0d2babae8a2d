/**
 * When a request is tried again though its credential was fine: idempotent methods (RFC 9110 §9.2.2), after a network
 * error or an answer that says "not now". A budget keeps a fleet of retrying clients from drowning a service that is down.
 */
import { parseHttpDate, parseRetryAfter } from "./internal/time.ts"

/** Methods that may be sent twice. */
const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])

/** Answers that another try may cure. */
const transient: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])

/** First wait, doubled with each further one; half of it is random. Milliseconds. */
const BASE = 250
/** Longest wait: a service that asks for more gets its answer handed over. Milliseconds. */
const LONGEST = 30_000
/** Ten retries in hand; a success gives a tenth of one back, so that one request in ten is a retry in the long run. */
const BUDGET = 100
const COST = 10

/** Decides about retries; one for a client, as the budget is the client's. */
export interface Retry {
  /** Milliseconds to wait before the next try, or `undefined` to leave it. `tries` were made; no `response` is a network error. */
  readonly delay: (method: string, tries: number, response: Response | undefined) => number | undefined
  /** A request went well at once. */
  readonly succeeded: () => void
}

/** Makes the decision for at most `times` further tries a request. */
export const make = (times: number): Retry => {
  let budget = BUDGET
  return {
    delay: (method, tries, response) => {
      if (tries > times || !idempotent.has(method)) return undefined
      if (response !== undefined && !transient.has(response.status)) return undefined
      // A date is one of the server's clock, which says of itself what time it is.
      const now = parseHttpDate(response?.headers.get("date") ?? null) ?? Date.now()
      const asked = parseRetryAfter(response?.headers.get("retry-after") ?? null, now)
      const delay = asked ?? BASE * 2 ** (tries - 1) * (0.5 + Math.random() / 2)
      if (delay > LONGEST || budget < COST) return undefined
      budget -= COST
      return delay
    },
    succeeded: () => {
      budget = Math.min(BUDGET, budget + 1)
    }
  }
}
