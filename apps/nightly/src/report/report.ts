/** The report as data: what `report.json` holds, and what the other files are made from. */
import type { Api, Status, Step } from "../run-events.ts"
import type { Entry } from "../timeline.ts"
import type { BenchReport } from "./bench.ts"

/** Everything. A part is null when its step was skipped or found nothing out. Times are RFC 3339, days `YYYY-MM-DD`. */
export interface Report {
  readonly run: RunReport
  /** The steps in their order, skipped ones too. */
  readonly steps: ReadonlyArray<StepReport>
  readonly bench: BenchReport | null
  readonly allura: AlluraReport | null
  readonly bits: BitsReport | null
  readonly publish: PublishReport | null
  /** One a credential, in the order of the steps. */
  readonly sessions: ReadonlyArray<SessionReport>
}

export interface RunReport {
  /** The same for a run and for those that go on where it was stopped. */
  readonly id: string
  readonly startedAt: string
  readonly finishedAt: string
  /** How many processes shared the work. */
  readonly workers: number
  /** Whether it went on where an earlier run was stopped. */
  readonly resumed: boolean
  /** Whether every step that was asked for is done. */
  readonly complete: boolean
  /** What was done to the simulators; null for real services. */
  readonly demo: string | null
}

export interface StepReport {
  readonly step: Step
  readonly status: Status
  readonly startedAt: string | null
  /** Milliseconds. */
  readonly took: number
  /** Requests sent, sign-ins and renewals included. */
  readonly requests: number
  /** How it went, in one line. */
  readonly text: string
  /** What went wrong, and what to do. */
  readonly problems: ReadonlyArray<string>
}

/** The backup of a project on Allura. */
export interface AlluraReport {
  readonly source: string
  readonly project: string
  /** The tools that were asked for, and whether the copy holds them. */
  readonly tools: ReadonlyArray<{ readonly mountPoint: string; readonly kind: string; readonly saved: boolean }>
  /** Mount points that Allura cannot export, such as repositories. */
  readonly left: ReadonlyArray<string>
  /** The new copy; null when there is none. */
  readonly copy: Copy | null
  /** All copies that are there now, the newest first. */
  readonly copies: ReadonlyArray<Copy>
  /** Old copies that were removed. */
  readonly removed: ReadonlyArray<string>
}

export interface Copy {
  readonly file: string
  readonly bytes: number
  readonly at: string
}

/** The applications at Bits, held against our own list of them. */
export interface BitsReport {
  readonly source: string
  /** How many were asked for. */
  readonly asked: number
  readonly counts: ReadonlyArray<{ readonly status: string; readonly applications: number }>
  /** Decided though our own list still has them as open: the webhook did not reach us. */
  readonly decided: ReadonlyArray<{ readonly id: string; readonly was: string; readonly status: string }>
  /** Open for longer than `patience` days, the longest first. */
  readonly waiting: ReadonlyArray<{
    readonly id: string
    readonly organization: string | null
    readonly status: string
    readonly since: string
    readonly days: number
  }>
  readonly patience: number
}

/** What became of the report on pink. */
export interface PublishReport {
  readonly source: string
  /** Whose name it is published in. */
  readonly as: string
  readonly id: string
  readonly title: string
  readonly createdAt: string
  /** An earlier try of this run had published it already. */
  readonly already: boolean
}

/** The life of the session of one credential. */
export interface SessionReport {
  readonly api: Api
  /** The kind of credential: `password`, `OAuth 1.0a`, `client credentials`, … */
  readonly how: string
  readonly entries: ReadonlyArray<SessionEntry>
}

/** One entry of a timeline. */
export interface SessionEntry extends Omit<Entry, "at"> {
  readonly at: string
  /** Milliseconds since the run began. */
  readonly after: number
  /** 0 for the first process, 1 and up for its workers. */
  readonly process: number
}
