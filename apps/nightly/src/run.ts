/** One run: opens the folder, signs in, reads, signs out, computes, writes. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Progress } from "./progress.ts"
import { csv } from "./report/csv.ts"
import * as Folder from "./report/folder.ts"
import { makeReport, type Report } from "./report/report.ts"
import { sessionLayer, Timeline } from "./session.ts"
import { SettingsService } from "./settings.ts"
import { read } from "./steps/bench.ts"

/** What a run left behind. */
export interface Result {
  readonly report: Report
  readonly files: ReadonlyArray<string>
}

/** Runs once. What it fails with kept it from starting, or from writing; a list that failed is in the report. */
export const run = (out: string) =>
  Effect.gen(function* () {
    const folder = yield* Folder.open(out, ["report.html", "people.csv", "report.json"])
    const { demo, url } = yield* SettingsService
    const { entries } = yield* Timeline
    // The session ends with the reading: nothing needs it any more, and the report tells of its end.
    const reading = yield* read.pipe(
      Effect.provide(Progress.layer(process.stderr)),
      Effect.provide(sessionLayer, { local: true })
    )
    const report = makeReport({
      reading,
      timeline: entries,
      now: yield* Clock.currentTimeMillis,
      url,
      demo: demo?.told
    })
    // The charts take as long to load as everything else together.
    const { page } = yield* Effect.promise(() => import("./report/page.ts"))
    const files = yield* folder.publish({
      "report.html": page(report),
      "people.csv": csv(report.people),
      "report.json": `${JSON.stringify(report, null, 2)}\n`
    })
    return { report, files } satisfies Result as Result
  }).pipe(Effect.provide(Timeline.layer), Effect.scoped)
