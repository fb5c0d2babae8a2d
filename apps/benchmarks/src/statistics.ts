/**
 * What a list of measurements says. Order statistics, but for one: times on a shared machine have a long right tail, which a mean
 * follows and a median does not.
 */

/** A list of measurements, summed up. */
export interface Summary {
  readonly count: number
  readonly median: number
  readonly p99: number
  readonly min: number
  /** The distance between the quartiles, as a share of the median. */
  readonly spread: number
}

/** A value with the interval that holds the true one in 95 of 100 runs. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

const ascending = (values: ReadonlyArray<number>): ReadonlyArray<number> => [...values].sort((a, b) => a - b)

/** The quantile `q` (0–1) of sorted values, interpolated between neighbours. */
const quantileOf = (sorted: ReadonlyArray<number>, q: number): number => {
  const at = (sorted.length - 1) * q
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

/** The quantile `q` (0–1) of values in any order; not a number when there is none. */
export const quantile = (values: ReadonlyArray<number>, q: number): number => quantileOf(ascending(values), q)

/** The mean: only for processor time, of batches that share out what a collection of garbage costs. */
export const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Sums up measurements. */
export const summarize = (values: ReadonlyArray<number>): Summary => {
  const sorted = ascending(values)
  const median = quantileOf(sorted, 0.5)
  const range = quantileOf(sorted, 0.75) - quantileOf(sorted, 0.25)
  return {
    count: sorted.length,
    median,
    p99: quantileOf(sorted, 0.99),
    min: sorted[0] ?? Number.NaN,
    spread: range === 0 ? 0 : range / median
  }
}

/**
 * The median with its interval, whatever the distribution: how many of `n` values lie below the true median is binomial
 * (n, ½), so the order statistics 0.98 √n ranks away from the middle on both sides hold it in 95 of 100 cases.
 */
export const medianWithin = (values: ReadonlyArray<number>): Estimate => {
  const sorted = ascending(values)
  const rank = Math.max(0, Math.floor(sorted.length / 2 - 0.98 * Math.sqrt(sorted.length)) - 1)
  return {
    value: quantileOf(sorted, 0.5),
    low: sorted[rank] ?? Number.NaN,
    high: sorted[sorted.length - 1 - rank] ?? Number.NaN
  }
}

/**
 * How much more `values` are than `base`. Lists of one length are rounds: values of one round were measured next to each
 * other, under the same disturbance, so they are divided pair by pair first.
 */
export const ratio = (values: ReadonlyArray<number>, base: ReadonlyArray<number>): Estimate => {
  if (values.length === base.length) return medianWithin(values.map((value, i) => value / (base[i] as number)))
  const over = medianWithin(values)
  const under = medianWithin(base)
  return { value: over.value / under.value, low: over.low / under.high, high: over.high / under.low }
}
