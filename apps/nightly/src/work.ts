/** The steps of a run, and how they depend on each other: three read, each for itself, and one publishes what they found. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type Day, dayAt } from "./calendar.ts"
import { benchReport } from "./report/bench.ts"
import { type Api, RunEventsService, type Step } from "./run-events.ts"
import { SettingsService } from "./settings.ts"
import { failed, type Outcome } from "./step.ts"
import { allura } from "./steps/allura.ts"
import { bench } from "./steps/bench.ts"
import { bits } from "./steps/bits.ts"
import { publish } from "./steps/publish.ts"
import { briefly } from "./summary.ts"

/** What there is to do. */
export interface Work {
  /** The steps that were asked for. */
  readonly only: ReadonlyArray<Step>
  /** The day that the figures begin with, and from which applications are of interest; today, and all of them. */
  readonly since: Day | undefined
  /** The title that the report is published with. */
  readonly title: string
  /** When the run began, milliseconds since the epoch. */
  readonly startedAt: number
  /** The services that are simulated. */
  readonly simulated: ReadonlyArray<Api>
}

const skipped = (text: string) => ({ status: "skipped" as const, value: null, text, problems: [] })

/** Runs a step to its outcome, whatever happens, and tells of it. */
const runStep = <A, R>(step: Step, work: Effect.Effect<Outcome<A>, never, R>) =>
  Effect.gen(function* () {
    const events = yield* RunEventsService
    const at = yield* Clock.currentTimeMillis
    events.emit({ _tag: "StepStarted", at, step })
    const outcome = yield* Effect.catchCause(work, (cause) =>
      Cause.hasInterrupts(cause)
        ? Effect.failCause(cause as Cause.Cause<never>)
        : Effect.as(
            Effect.logDebug(cause),
            failed("Something unexpected went wrong. Run again with --log-level debug to see what.")
          )
    )
    const end = yield* Clock.currentTimeMillis
    const { status, text } = outcome
    events.emit({ _tag: "StepFinished", at: end, step, status, took: end - at, text })
    return outcome
  }).pipe(Effect.withSpan(`nightly.${step}`))

/** Lets the steps do their work. The sessions end with it: nothing needs them any more, and the report tells of their end. */
export const work = ({ only, simulated, since, startedAt, title }: Work) =>
  Effect.gen(function* () {
    const settings = yield* SettingsService
    const asked = (step: Step) => only.includes(step)
    const now = yield* Clock.currentTimeMillis
    const [ofBench, ofAllura, ofBits] = yield* Effect.all(
      [
        asked("bench") ? runStep("bench", bench) : Effect.succeed(skipped("not asked for")),
        asked("allura") ? runStep("allura", allura) : Effect.succeed(skipped("not asked for")),
        asked("bits") ? runStep("bits", bits(since && since * 86_400_000)) : Effect.succeed(skipped("not asked for"))
      ],
      { concurrency: "unbounded" }
    )
    const figures =
      ofBench.value && benchReport({ reading: ofBench.value, now, since: since ?? dayAt(now), url: settings.bench.url })
    const parts = { bench: figures, allura: ofAllura.value, bits: ofBits.value }
    const found = (["bench", "allura", "bits"] as const).filter((part) => parts[part] !== null)
    const made = found.filter((part) => simulated.includes(part))
    const ofPublish = !asked("publish")
      ? skipped("not asked for")
      : found.length === 0
        ? skipped("there is nothing to publish")
        : made.length > 0 && !simulated.includes("pink")
          ? skipped(`${made.join(", ")} ${made.length > 1 ? "are" : "is"} simulated, and this pink is real`)
          : yield* runStep("publish", publish({ title, startedAt, data: briefly(parts) }))
    return { outcomes: { bench: ofBench, allura: ofAllura, bits: ofBits, publish: ofPublish }, parts }
  })
