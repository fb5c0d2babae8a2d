/** The Allura step: a copy of the project, made by the site, fetched, checked, and kept beside the ones before it. */
import { rename, rm } from "node:fs/promises"
import { join } from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { verify } from "../backup/archive.ts"
import { fetchCopy, listCopies, rotate } from "../backup/copies.ts"
import { TaskFailed } from "../failure.ts"
import { Pool } from "../pool.ts"
import type { AlluraReport } from "../report/report.ts"
import { Sessions } from "../sessions.ts"
import { SettingsService } from "../settings.ts"
import { State } from "../state.ts"
import { failed, type Outcome, track } from "../step.ts"
import { inTime, patiently, type WorkError } from "./patience.ts"

/** The kinds of tools that Allura can export. */
const exportable = new Set(["tickets", "wiki", "discussion", "blog", "link", "admin"])

/** An export may take so long, in milliseconds. */
const LONGEST = 30 * 60_000

/** What was begun: a run after this one goes on with it. */
interface Begun {
  readonly filename: string
  readonly tools: ReadonlyArray<string>
  readonly at: number
}

/** Makes the copy. One process does it all. */
export const backUp = (
  tell: (done: number, text: string) => void
): Effect.Effect<AlluraReport, WorkError, Sessions | SettingsService | State> =>
  Effect.gen(function* () {
    const { allura: settings, backups, copies: keep } = yield* SettingsService
    const allura = yield* (yield* Sessions).allura
    const state = yield* State
    const path = { neighborhood: "p", project: settings.project }
    const began = yield* Clock.currentTimeMillis

    const project = yield* patiently(allura.GET("/rest/{neighborhood}/{project}", { params: { path } }))
    const wanted = project.tools.filter(({ name }) => exportable.has(name))
    if (wanted.length === 0) {
      return yield* new TaskFailed({ message: `The project ${settings.project} has no tool that can be exported.` })
    }
    const tools = wanted.map((tool) => tool.mount_point)
    tell(1, `${tools.length} tools to export`)

    /** Until no export is running. */
    const ready = Effect.gen(function* () {
      for (let pause = 250; ; pause = Math.min(pause * 1.5, 10_000)) {
        const { status } = yield* patiently(
          allura.GET("/rest/{neighborhood}/{project}/admin/export_status", { params: { path } })
        )
        if (status === "ready") return
        if ((yield* Clock.currentTimeMillis) - began > LONGEST) {
          return yield* new TaskFailed({
            message: "The export is not done after 30 minutes. The next run looks again."
          })
        }
        yield* Effect.sleep(pause)
      }
    })

    // One that an earlier run had begun is gone on with, if it is of the same tools and not from long ago.
    const before = yield* state.read<Begun>("export")
    let begun =
      before !== undefined && before.tools.join() === tools.join() && began - before.at < LONGEST ? before : undefined
    if (begun === undefined) {
      const begin = inTime(
        allura.POST("/rest/{neighborhood}/{project}/admin/export", {
          params: { path },
          body: { tools: tools.join(",") },
          headers: { "content-type": "application/x-www-form-urlencoded" }
        })
      )
      // Somebody else's export is waited for; ours comes after it.
      const { filename } = yield* Effect.catch(begin, (error) =>
        error._tag === "ApiError" && error.status === 503 ? Effect.andThen(ready, begin) : Effect.fail(error)
      )
      if (!/^[\w.-]+\.zip$/.test(filename)) {
        return yield* new TaskFailed({ message: "The site gave the export a name that is no file's." })
      }
      begun = { filename, tools, at: yield* Clock.currentTimeMillis }
      yield* state.write("export", begun)
    }
    const { filename } = begun
    tell(1, `the site exports ${filename}`)
    yield* ready
    // From here on a new run begins anew: what is there is fetched now, or is not good.
    yield* state.remove("export")
    const part = yield* fetchCopy(settings.exports, settings.project, filename, backups)
    tell(1, "fetched")
    const missing = yield* Effect.tapError(verify(part, tools), () => Effect.promise(() => rm(part, { force: true })))
    const file = join(backups, filename)
    yield* Effect.promise(() => rename(part, file))
    tell(1, "checked")
    const removed = yield* rotate(settings.project, backups, keep)
    const copies = yield* listCopies(settings.project, backups)
    return {
      source: new URL(settings.url).origin,
      project: settings.project,
      tools: wanted.map((tool) => ({
        mountPoint: tool.mount_point,
        kind: tool.name,
        saved: !missing.includes(tool.mount_point)
      })),
      left: project.tools.filter(({ name }) => !exportable.has(name)).map((tool) => tool.mount_point),
      copy: copies.find((copy) => copy.file === file) ?? null,
      copies,
      removed
    } satisfies AlluraReport as AlluraReport
  })

/** Has the copy made, and says what is missing from it. */
export const allura = Effect.gen(function* () {
  const pool = yield* Pool
  const tracker = yield* track("allura")
  tracker.expect(4)
  return yield* Effect.match(pool.perform("allura.backUp", {}, tracker.done), {
    onFailure: ({ message }): Outcome<AlluraReport> => failed(message),
    onSuccess: (value): Outcome<AlluraReport> => {
      const missing = value.tools.filter(({ saved }) => !saved).map(({ mountPoint }) => mountPoint)
      const kept = `${value.copies.length} ${value.copies.length === 1 ? "copy is" : "copies are"} kept`
      return {
        status: missing.length === 0 ? "done" : "partial",
        value,
        text: `backed up ${value.tools.length - missing.length} of ${value.tools.length} tools of ${value.project}, ${kept}`,
        problems:
          missing.length === 0
            ? []
            : [`The copy lacks ${missing.join(", ")}: the site could not export them. Ask its administrators why.`]
      }
    }
  })
})
