/** The Bits step: holds our own list of applications against what Bits says of them. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { isDecided, readApplications, updateApplications } from "../applications.ts"
import { Pool } from "../pool.ts"
import type { BitsReport } from "../report/report.ts"
import { Sessions } from "../sessions.ts"
import { SettingsService } from "../settings.ts"
import { failed, type Outcome, track } from "../step.ts"
import { patiently, type WorkError } from "./patience.ts"

/** What Bits says of an application. */
export interface Told {
  readonly id: string
  readonly status: string
  /** Asked for when it is still open. */
  readonly organization: string | null
}

const DAY = 86_400_000
/** Applications that one process asks for in one go. */
const BATCH = 6

/** Asks for some applications, one after the other. */
export const askFor = (
  { ids }: { readonly ids: ReadonlyArray<string> },
  tell: (done: number, text: string) => void
): Effect.Effect<ReadonlyArray<Told>, WorkError, Sessions> =>
  Effect.gen(function* () {
    const bits = yield* (yield* Sessions).bits
    return yield* Effect.forEach(ids, (applicationId) =>
      Effect.gen(function* () {
        const body = { applicationId }
        const { status } = yield* patiently(bits.POST("/v1/applications.get", { body }))
        const about = isDecided(status)
          ? undefined
          : yield* patiently(bits.POST("/v1/applications.organization.get", { body }))
        tell(1, "applications")
        return { id: applicationId, status, organization: about?.organizationName ?? null } satisfies Told as Told
      })
    )
  })

/** @param since the first day of interest; applications from before it are left alone */
export const bits = (since: number | undefined) =>
  Effect.gen(function* () {
    const { bits: settings } = yield* SettingsService
    const pool = yield* Pool
    const tracker = yield* track("bits")
    const now = yield* Clock.currentTimeMillis
    const list = yield* readApplications(settings.applications)
    const open = list.filter(({ since: at, status }) => !isDecided(status) && Date.parse(at) >= (since ?? 0))
    tracker.expect(open.length)
    const batches = Array.from({ length: Math.ceil(open.length / BATCH) }, (_, i) =>
      open.slice(i * BATCH, (i + 1) * BATCH).map(({ id }) => id)
    )
    const answers = yield* Effect.forEach(
      batches,
      (ids) => Effect.result(pool.perform("bits.ask", { ids }, tracker.done)),
      { concurrency: "unbounded" }
    )
    const told = new Map(
      answers.flatMap((answer) => (answer._tag === "Success" ? answer.success : [])).map((one) => [one.id, one])
    )
    const problems = [
      ...new Set(answers.flatMap((answer) => (answer._tag === "Failure" ? [answer.failure.message] : [])))
    ]
    if (problems.length > 0 && told.size === 0) return failed(problems.join(" "))

    const known = open.flatMap((entry) => {
      const now = told.get(entry.id)
      return now === undefined ? [] : [{ entry, ...now }]
    })
    const counts = new Map<string, number>()
    for (const { status } of known) counts.set(status, (counts.get(status) ?? 0) + 1)
    const ended = known.filter(({ status }) => isDecided(status))
    const value: BitsReport = {
      source: new URL(settings.url).origin,
      asked: open.length,
      counts: [...counts]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([status, applications]) => ({ status, applications })),
      decided: ended.map(({ entry, id, status }) => ({ id, was: entry.status, status })),
      waiting: known
        .filter(({ entry, status }) => !isDecided(status) && now - Date.parse(entry.since) > settings.patience * DAY)
        .map(({ entry, id, organization, status }) => ({
          id,
          organization,
          status,
          since: entry.since,
          days: Math.floor((now - Date.parse(entry.since)) / DAY)
        }))
        .sort((a, b) => b.days - a.days || (a.id < b.id ? -1 : 1)),
      patience: settings.patience
    }
    return {
      status: problems.length === 0 ? "done" : "partial",
      value,
      text: `${open.length} open applications: ${ended.length} decided without our hearing of it, ${value.waiting.length} waiting for more than ${settings.patience} days`,
      problems: problems.map((problem) => `${open.length - told.size} applications could not be asked for. ${problem}`),
      // Only when the report is there: until then the next run must find the same.
      settle: Effect.catch(
        updateApplications(settings.applications, new Map(known.map(({ id, status }) => [id, status]))),
        ({ message }) => Effect.logWarning(message)
      )
    } satisfies Outcome<BitsReport> as Outcome<BitsReport>
  }).pipe(Effect.catch(({ message }) => Effect.succeed<Outcome<BitsReport>>(failed(message))))
