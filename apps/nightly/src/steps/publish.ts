/** The publish step: puts the report on pink, once, however often it is tried. */
import { Client } from "@keyturn/client/effect"
import * as Effect from "effect/Effect"
import { Pool } from "../pool.ts"
import type { PublishReport } from "../report/report.ts"
import { Sessions } from "../sessions.ts"
import { SettingsService } from "../settings.ts"
import { failed, type Outcome, track } from "../step.ts"
import { inTime, patiently, type ReadError, type WorkError } from "./patience.ts"

/** What is published. */
export interface Publication {
  /** Names the run: a report of this title is this run's. */
  readonly title: string
  /** When the run began, milliseconds since the epoch. */
  readonly startedAt: number
  readonly data: Readonly<Record<string, unknown>>
}

/** The clocks of two machines differ by less, in milliseconds. */
const SKEW = 3_600_000

interface Summary {
  readonly id: string
  readonly title: string
  readonly createdAt: string
}

/** Publishes, unless an earlier try has: its answer may have been lost, or its process killed. */
export const put = (
  { data, startedAt, title }: Publication,
  tell: (done: number, text: string) => void
): Effect.Effect<PublishReport, WorkError, Sessions | SettingsService> =>
  Effect.gen(function* () {
    const { pink: settings } = yield* SettingsService
    const pink = yield* (yield* Sessions).pink
    const me = yield* patiently(pink.GET("/v1/me"))
    tell(1, `as ${me.name}`)

    /** The newest reports come first, so it is among those since the run began or is not there. */
    const find = Effect.gen(function* () {
      let cursor: string | undefined
      do {
        const query = { limit: 100, ...(cursor !== undefined && { cursor }) }
        const page: { items: ReadonlyArray<Summary>; next?: string } = yield* patiently(
          pink.GET("/v1/reports", { params: { query } })
        )
        for (const report of page.items) {
          if (Date.parse(report.createdAt) < startedAt - SKEW) return undefined
          if (report.title === title) return report
        }
        cursor = page.next
      } while (cursor !== undefined)
      return undefined
    })
    const create = inTime<Summary, ReadError>(pink.POST("/v1/reports", { body: { title, data } }))
    const result = (report: Summary, already: boolean): PublishReport => ({
      source: new URL(settings.url).origin,
      as: me.name,
      id: report.id,
      title: report.title,
      createdAt: report.createdAt,
      already
    })

    const before = yield* find
    if (before !== undefined) return result(before, true)
    const created = yield* Effect.catch(create, (error) =>
      // No answer does not mean that it is not there.
      error instanceof Client.RequestFailed
        ? Effect.flatMap(find, (report) => (report === undefined ? create : Effect.succeed(report)))
        : Effect.fail(error)
    )
    tell(1, "published")
    return result(created, false)
  })

/** Has it published, and says where it is. */
export const publish = (publication: Publication) =>
  Effect.gen(function* () {
    const pool = yield* Pool
    const tracker = yield* track("publish")
    tracker.expect(2)
    return yield* Effect.match(pool.perform("publish.put", publication, tracker.done), {
      onFailure: ({ message }): Outcome<PublishReport> => failed(message),
      onSuccess: (value): Outcome<PublishReport> => ({
        status: "done",
        value,
        text: `${value.already ? "was published already" : "published"} as ${value.as}: report ${value.id}`,
        problems: []
      })
    })
  })
