/** Bars: what is promised, and whether a run shows it. */
import type { Estimate } from "./statistics.ts"

/** A promise: a value that must not be more than a limit. */
export interface Bar {
  readonly name: string
  readonly limit: number
  /** Up to here a value counts as the limit's equal on a machine that is never quite quiet. Default: the limit. */
  readonly tolerated?: number
  /** What the limit counts: `×`, `ms`, `KiB`, … */
  readonly unit: string
}

/** A bar and what came of it. */
export interface Verdict extends Bar {
  readonly measured: Estimate
  readonly result: "met" | "missed" | "within noise"
}

/** A value without noise: a count, a size. */
export const exactly = (value: number): Estimate => ({ value, low: value, high: value })

/**
 * Judges a bar by the interval of what was measured: met when all of it is within the limit, missed when all of it is
 * beyond what is tolerated, within noise when the run cannot tell. What was not measured at all is missed.
 */
export const judge = (bar: Bar, measured: Estimate): Verdict => ({
  ...bar,
  measured,
  result: measured.high <= bar.limit ? "met" : measured.low <= (bar.tolerated ?? bar.limit) ? "within noise" : "missed"
})
