/** What a simulation is to be like: how one signs in, what the server allows, and what may go wrong. */
import type { PolicyInput } from "@keyturn/auth/Policy"
import type { Cell } from "./cell.ts"
import { randomFrom } from "./world.ts"

/** What may go wrong. */
export interface Weather {
  /** Answers lost before or after the server did its work, 5xx, 429, refused connections. */
  readonly server: boolean
  /** Store calls that fail before they happened, after it, that are repeated, or that happen after their caller gave up. */
  readonly store: boolean
  /** Times at which the store is not there; it may come back without its leases. */
  readonly outages: boolean
  /** Messages to the store or the server that arrive twice, the second time after whatever was sent meanwhile. */
  readonly echoes: boolean
  /** Processes that die: at any moment, and at each step of a call. */
  readonly crashes: boolean
  /** Processes that stand still for longer than a lease lasts. */
  readonly pauses: boolean
  readonly strangers: boolean
  /** Clocks that are up to five minutes off, each by its own, and that are set while the program runs. */
  readonly clocks: boolean
}

const kinds = ["server", "store", "outages", "echoes", "crashes", "pauses", "strangers", "clocks"] as const

const weatherOf = (some: () => boolean): Weather =>
  Object.fromEntries(kinds.map((kind) => [kind, some()])) as unknown as Weather

export const calm: Weather = weatherOf(() => false)

export interface Plan {
  readonly weather: Weather
  readonly signIn: "headless" | "interactive"
  /** Milliseconds for which the server answers a spent refresh token again. */
  readonly grace: number
  /** Sessions that the account may have. */
  readonly limit: number
  /** Whether the session is proved by its secret, which costs hashes and changes nothing else. */
  readonly proved: boolean
  /** A store with a mistake planted in it. */
  readonly broken?: (cell: Cell) => Cell
}

/** What a seed stands for when nothing else is said. */
export const planOf = (seed: number): Plan => {
  const random = randomFrom(seed ^ 0x5bd1e995)
  const weather = random() < 0.2 ? calm : weatherOf(() => random() < 0.35)
  return {
    weather,
    signIn: random() < 0.3 ? "interactive" : "headless",
    grace: random() < 0.25 ? GRACE : 0,
    limit: random() < 0.7 ? 1 : 3,
    proved: random() < 0.25
  }
}

/**
 * Milliseconds: how long an access token lives, how long a call and a closing session may take, and the server's grace where
 * it has one.
 */
export const LIFE = 90_000
export const DEADLINE = 3000
export const SIGN_OUT = 4000
export const GRACE = 20_000

/** The longest that a clock is off by, in milliseconds. */
export const DRIFT = 300_000

export const policy: PolicyInput = {
  renewal: { margin: "10 seconds", fraction: 0.2, jitter: 0.25 },
  deadline: { signIn: DEADLINE, refresh: DEADLINE, signOut: SIGN_OUT, lease: "20 seconds" },
  coolDown: "2 seconds",
  displacement: { budget: 3, window: "1 minute", backOff: "1 second" },
  heartbeat: "45 seconds"
}
