/** What all steps have in common: how they tell of their progress, and of their outcome. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { RunEventsService, type Status, type Step } from "./run-events.ts"

/** How a step ended, and what it found out. */
export interface Outcome<A> {
  readonly status: Exclude<Status, "skipped">
  /** What it found out; null when it failed. */
  readonly value: A | null
  /** In one line. */
  readonly text: string
  /** What went wrong, and what to do. */
  readonly problems: ReadonlyArray<string>
  /** To be done once the report is written: what makes the next run begin from here. */
  readonly settle?: Effect.Effect<void>
}

/** The outcome of a step that could not do its work. */
export const failed = (problem: string): Outcome<never> => ({
  status: "failed",
  value: null,
  text: "failed",
  problems: [problem]
})

/** Tells how far a step has come. */
export interface Tracker {
  /** So many more things are to be expected, as far as one can know beforehand. */
  readonly expect: (things: number) => void
  /** So many things are done. */
  readonly done: (things: number, text: string) => void
}

/** A tracker of a step, which tells whoever listens to the run. */
export const track = (step: Step): Effect.Effect<Tracker, never, RunEventsService> =>
  Effect.gen(function* () {
    const events = yield* RunEventsService
    const clock = yield* Clock.Clock
    let expected = 0
    let done = 0
    const tell = (text: string) =>
      events.emit({
        _tag: "StepProgress",
        at: clock.currentTimeMillisUnsafe(),
        step,
        done,
        expected: Math.max(done, expected),
        text
      })
    return {
      expect: (things) => {
        expected += things
      },
      done: (things, text) => {
        done += things
        tell(text)
      }
    }
  })
