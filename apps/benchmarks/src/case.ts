/** What a benchmark is, and what it gives. */
import type { Verdict } from "./verdict.ts"

/** Measurements of one contender in one group: rounds of a time, or counts, or a size. */
export interface Series {
  /** What is compared within: `GET, in process`. */
  readonly group: string
  /** What is measured: `time per call`. */
  readonly metric: string
  readonly unit: string
  readonly contender: string
  /** `floor`: what a contender builds upon, so nobody can be faster; `ours`; `peer`; `control`: for the noise. */
  readonly role: Role
  /** In the order of the rounds. */
  readonly values: ReadonlyArray<number>
}

export type Role = "floor" | "ours" | "peer" | "control"

/** Somebody who is measured. */
export interface Contender {
  readonly name: string
  readonly role: Role
}

/** How a case is run. */
export interface Run {
  /** Few rounds and small sizes: to see that everything works. Verdicts of such a run mean little. */
  readonly quick: boolean
  /** Says what is going on. */
  readonly log: (line: string) => void
}

/** What a case found. */
export interface Outcome {
  readonly series: ReadonlyArray<Series>
  readonly verdicts: ReadonlyArray<Verdict>
  /** What a reader must know to read the figures: exceptions, refusals, failures of contenders. */
  readonly notes: ReadonlyArray<string>
}

/** A benchmark. */
export interface Case {
  readonly name: string
  /** What it answers, in a sentence. */
  readonly question: string
  /** The metric to draw. Default: the first. */
  readonly chart?: { readonly metric: string }
  readonly run: (run: Run) => Promise<Outcome>
}
