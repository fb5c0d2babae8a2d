/**
 * What happens while a run is under way, as it happens: what the progress bars, the log and the live page are drawn from.
 * Plain data without any secret, so that it may cross processes and the network.
 */
import * as Context from "effect/Context"
import type { Entry } from "./timeline.ts"

/** The services that a run talks to. */
export type Api = "bench" | "allura" | "bits" | "pink"

/** The parts of a run, in their order. */
export const steps = ["bench", "allura", "bits", "publish"] as const
export type Step = (typeof steps)[number]

/** How a step ended: `partial` when some of it is missing, `skipped` when it was not asked for or had nothing to go on. */
export type Status = "done" | "partial" | "failed" | "skipped"

/** An event. `at` is milliseconds since the epoch; `process` is 0 for the first process, 1 and up for its workers. */
export type RunEvent =
  | {
      readonly _tag: "RunStarted"
      readonly at: number
      readonly run: string
      readonly workers: number
      /** The steps that were asked for. */
      readonly steps: ReadonlyArray<Step>
      /** The credentials, by the service that they are for: `{ api: "bench", how: "password" }`. */
      readonly credentials: ReadonlyArray<{ readonly api: Api; readonly how: string }>
      /** Whether it goes on where an earlier run was stopped. */
      readonly resumed: boolean
    }
  | { readonly _tag: "StepStarted"; readonly at: number; readonly step: Step }
  | {
      readonly _tag: "StepProgress"
      readonly at: number
      readonly step: Step
      readonly done: number
      /** As far as one can know beforehand; never less than `done`. */
      readonly expected: number
      /** What was just done, for people. */
      readonly text: string
    }
  | {
      readonly _tag: "StepFinished"
      readonly at: number
      readonly step: Step
      readonly status: Status
      /** Milliseconds. */
      readonly took: number
      /** One line for people. */
      readonly text: string
    }
  /** A request was answered, or failed: then there is no status. Sign-ins and renewals count, too. */
  | {
      readonly _tag: "Request"
      readonly at: number
      readonly api: Api
      readonly process: number
      readonly status: number | null
      /** Milliseconds. */
      readonly took: number
    }
  /** Something happened to a session. */
  | {
      readonly _tag: "Session"
      readonly at: number
      readonly api: Api
      readonly process: number
      readonly entry: Entry
    }
  | { readonly _tag: "RunFinished"; readonly at: number; readonly complete: boolean }

/** Hears of every event, in order, at once. What it throws is not caught: it must not throw. */
export type Listener = (event: RunEvent) => void

/** Sends events to whoever listens. */
export interface RunEvents {
  readonly emit: (event: RunEvent) => void
  /** Adds a listener; the function that comes back takes it away. */
  readonly listen: (listener: Listener) => () => void
}

/** Makes a sender. Nothing is kept: who listens late has missed what was. */
export const makeRunEvents = (): RunEvents => {
  const listeners = new Set<Listener>()
  return {
    emit: (event) => {
      for (const listener of listeners) listener(event)
    },
    listen: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
  }
}

/** The sender of this run. */
export class RunEventsService extends Context.Service<RunEventsService, RunEvents>()("nightly/RunEvents") {}
