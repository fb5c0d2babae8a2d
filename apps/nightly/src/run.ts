/** One run: prepares, lets the steps do their work, ends the sessions, writes the report. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Day } from "./calendar.ts"
import { collect } from "./collector.ts"
import { NothingDone } from "./failure.ts"
import { openJournal } from "./journal.ts"
import { journaled, Pool } from "./pool.ts"
import type { Prepared } from "./prepare.ts"
import { csv } from "./report/csv.ts"
import * as Folder from "./report/folder.ts"
import type { Report } from "./report/report.ts"
import { RunEventsService, type Step, steps } from "./run-events.ts"
import { Sessions } from "./sessions.ts"
import { howOf, type Settings, SettingsService } from "./settings.ts"
import { lock, State } from "./state.ts"
import type { Outcome } from "./step.ts"
import { Store } from "./store.ts"
import { work } from "./work.ts"
import { workers } from "./workers.ts"

/** What a run is asked for. */
export interface RunOptions {
  /** The folder for reports. */
  readonly out: string
  /** The steps to do. */
  readonly only: ReadonlyArray<Step>
  /** The day that the figures begin with, and from which applications are of interest; today, and all of them. */
  readonly since: Day | undefined
  /** How many processes share the work; 1 is this one alone. */
  readonly workers: number
  /** Whether a person is there to sign in. */
  readonly interactive: boolean
  /** Whether logs are JSON; the workers' too. */
  readonly logJson: boolean
}

/** What a run left behind. */
export interface Result {
  readonly report: Report
  readonly files: ReadonlyArray<string>
}

/** What a step is about: what an earlier run did for another account or project is of no use. */
const targetOf: Readonly<Record<Step, (settings: Settings) => ReadonlyArray<string>>> = {
  bench: ({ bench }) => [bench.url, bench.login],
  allura: ({ allura }) => [allura.url, allura.project],
  bits: ({ bits }) => [bits.url, bits.clientId, bits.applications],
  publish: ({ pink }) => [pink.url]
}

/** Runs once. What it fails with kept it from starting, or from showing anything; a step that failed is in the report. */
export const run = (options: RunOptions, { demo, environment, settings }: Prepared) =>
  Effect.gen(function* () {
    const events = yield* RunEventsService
    const began = yield* Clock.currentTimeMillis
    const folder = yield* Folder.open(options.out)
    yield* lock
    const journal = yield* openJournal([options.since, options.only.map((step) => [step, targetOf[step](settings)])])
    const collected = yield* Effect.acquireRelease(
      Effect.sync(() => collect(events)),
      ({ stop }) => Effect.sync(stop)
    )
    events.emit({
      _tag: "RunStarted",
      at: began,
      run: journal.id,
      workers: options.workers,
      steps: options.only,
      credentials: (["bench", "allura", "bits", "pink"] as const).map((api) => ({ api, how: howOf(settings, api) })),
      resumed: journal.resumed
    })

    const pool =
      options.workers > 1
        ? workers(options.workers, environment, options)
        : Layer.provide(Pool.here, Sessions.layer({ process: 0, interactive: options.interactive }))
    const doing = work({
      only: options.only,
      since: options.since,
      title: `Nightly report ${journal.id}`,
      startedAt: journal.startedAt,
      simulated: demo?.apis ?? []
    })
    const { outcomes, parts } = yield* Effect.gen(function* () {
      const pool = yield* Pool
      return yield* Effect.provideService(doing, Pool, journaled(pool, journal))
    }).pipe(Effect.provide(pool, { local: true }))

    const at = yield* Clock.currentTimeMillis
    const asked = options.only.map((step) => outcomes[step])
    const complete = asked.every(({ status }) => status === "done")
    events.emit({ _tag: "RunFinished", at, complete })
    if (asked.every(({ status }) => status === "failed" || status === "skipped")) {
      const problems = steps.flatMap((step) => outcomes[step].problems.map((problem) => [step, problem] as const))
      return yield* new NothingDone({
        message:
          problems.length === 0
            ? "There is nothing to publish: the report is made by the other steps."
            : problems.length === 1
              ? (problems[0]?.[1] ?? "")
              : `Nothing could be done.${problems.map(([step, problem]) => `\n  ${step}: ${problem}`).join("")}`
      })
    }
    const report: Report = {
      run: {
        id: journal.id,
        startedAt: new Date(began).toISOString(),
        finishedAt: new Date(at).toISOString(),
        workers: options.workers,
        resumed: journal.resumed,
        complete,
        demo: demo?.told ?? null
      },
      steps: steps.map((step) => {
        const { problems, status, text } = outcomes[step]
        return { ...collected.step(step), status, text, problems }
      }),
      ...parts,
      publish: outcomes.publish.value,
      sessions: collected.sessions(began, (api) => howOf(settings, api))
    }
    // The charts take as long to load as everything else together.
    const { page } = yield* Effect.promise(() => import("./report/page.ts"))
    const files = yield* folder.publish(
      Folder.nameAt(at),
      {
        "report.html": page(report),
        "people.csv": csv(report.bench?.people ?? []),
        "report.json": `${JSON.stringify(report, null, 2)}\n`
      },
      settings.copies
    )
    for (const { settle } of [outcomes.bench, outcomes.allura, outcomes.bits] as ReadonlyArray<
      Partial<Outcome<unknown>>
    >) {
      yield* settle ?? Effect.void
    }
    yield* journal.clear
    return { report, files } satisfies Result as Result
  }).pipe(
    Effect.provide(Store.layer),
    Effect.provide(State.layer),
    Effect.provideService(SettingsService, settings),
    Effect.scoped,
    Effect.withSpan("nightly")
  )
