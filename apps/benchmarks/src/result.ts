/** A case's result: what is written to `results`, printed and drawn. */
import type { Case, Outcome, Role, Series } from "./case.ts"
import type { Machine } from "./machine.ts"
import { type Estimate, ratio, type Summary, summarize } from "./statistics.ts"
import type { Verdict } from "./verdict.ts"

/** One contender's line: its figures, and how they compare within its group. */
export interface Line extends Summary {
  readonly group: string
  readonly metric: string
  readonly unit: string
  readonly contender: string
  readonly role: Role
  /** To what nobody can be faster than. */
  readonly toFloor: Estimate | undefined
  /** To the best peer of the group; the best peer's own line says 1. */
  readonly toBestPeer: Estimate | undefined
}

/** Everything that one run of a case says. */
export interface Result {
  readonly name: string
  readonly question: string
  readonly quick: boolean
  /** RFC 3339. */
  readonly at: string
  readonly seconds: number
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly lines: ReadonlyArray<Line>
  readonly verdicts: ReadonlyArray<Verdict>
  readonly notes: ReadonlyArray<string>
}

/** Which of two lines of a metric is the better one, as `sort` asks it: more of a rate, less of anything else. */
export const better = (a: Pick<Line, "median" | "unit">, b: Pick<Line, "median">): number =>
  a.unit === "1/s" ? b.median - a.median : a.median - b.median

const linesOf = (series: ReadonlyArray<Series>): ReadonlyArray<Line> => {
  const alike = Map.groupBy(series, ({ group, metric }) => `${group}\0${metric}`)
  return series.map((one) => {
    const rivals = alike.get(`${one.group}\0${one.metric}`) ?? []
    const floor = rivals.find(({ role }) => role === "floor")
    const best = rivals
      .filter(({ role }) => role === "peer")
      .map((rival) => ({ ...rival, ...summarize(rival.values) }))
      .sort(better)[0]
    const { contender, group, metric, role, unit, values } = one
    return {
      group,
      metric,
      unit,
      contender,
      role,
      ...summarize(values),
      toFloor: floor && ratio(values, floor.values),
      toBestPeer: best && ratio(values, best.values)
    }
  })
}

/** Sums an outcome up. */
export const resultOf = (
  { name, question }: Case,
  outcome: Outcome,
  run: Pick<Result, "quick" | "at" | "seconds" | "machine" | "versions">
): Result => ({
  name,
  question,
  ...run,
  lines: linesOf(outcome.series),
  verdicts: outcome.verdicts,
  notes: outcome.notes
})
