/** The resources: who the caller is, and the reports that were published. */
import { randomUUID } from "node:crypto"
import type { Context, Hono } from "hono"
import type { Clock } from "../clock.ts"
import { isJson } from "../headers.ts"
import { makeRandom } from "../random.ts"
import { user } from "./options.ts"

/** A published report. */
export interface Report {
  readonly id: string
  readonly title: string
  /** RFC 3339. */
  readonly createdAt: string
  readonly data: Readonly<Record<string, unknown>>
}

const seedReports = (seed: number, now: number): Array<Report> => {
  const random = makeRandom(seed * 15_485_863)
  const hex = (length: number) => Array.from({ length }, () => random.between(0, 15).toString(16)).join("")
  return Array.from({ length: 30 }, (_, week): Report => {
    const at = new Date(now - (30 - week) * 7 * 86_400_000)
    return {
      id: `${hex(8)}-${hex(4)}-4${hex(3)}-9${hex(3)}-${hex(12)}`,
      title: `Utilisation, week of ${at.toISOString().slice(0, 10)}`,
      createdAt: at.toISOString(),
      data: { utilisation: random.between(55, 92), unfilledRoles: random.between(4, 40) }
    }
  })
}

/** Admits a request whose token has this scope, or answers it. */
export type Admit = (c: Context, operation: string, scope: string) => Response | undefined

export const addReports = (app: Hono, clock: Clock, seed: number, admit: Admit): void => {
  const reports = seedReports(seed, clock.now())

  app.get("/v1/me", (c) => admit(c, "GET /v1/me", "profile") ?? c.json(user))

  app.get("/v1/reports", (c) => {
    const refused = admit(c, "GET /v1/reports", "reports.read")
    if (refused !== undefined) return refused
    const limit = Number(c.req.query("limit") ?? 20)
    if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
      return c.json({ error: "invalid_request", error_description: "limit must be a whole number from 1 to 100." }, 400)
    }
    // A cursor names the last report seen, so that a report published meanwhile does not shift the pages.
    const cursor = c.req.query("cursor")
    const newest = [...reports].reverse()
    const after = cursor === undefined ? -1 : newest.findIndex((report) => report.id === cursor)
    if (cursor !== undefined && after < 0) {
      return c.json({ error: "invalid_request", error_description: "cursor is not one that was given." }, 400)
    }
    const items = newest.slice(after + 1, after + 1 + limit)
    const last = items.at(-1)
    return c.json({
      items: items.map(({ id, title, createdAt }) => ({ id, title, createdAt })),
      ...(last !== undefined && last !== newest.at(-1) && { next: last.id })
    })
  })

  app.post("/v1/reports", async (c) => {
    const refused = admit(c, "POST /v1/reports", "reports.write")
    if (refused !== undefined) return refused
    const wrong = (description: string) => c.json({ error: "invalid_request", error_description: description }, 400)
    if (!isJson(c.req.header("content-type"))) return wrong("The body must be application/json.")
    const body = (await c.req.json().catch(() => undefined)) as { title?: unknown; data?: unknown } | undefined | null
    const { title, data } = body ?? {}
    if (typeof title !== "string" || title.length < 1 || title.length > 200)
      return wrong("title must have 1 to 200 characters.")
    if (typeof data !== "object" || data === null || Array.isArray(data)) return wrong("data must be an object.")
    const report: Report = {
      id: randomUUID(),
      title,
      createdAt: new Date(clock.now()).toISOString(),
      data: data as Report["data"]
    }
    reports.push(report)
    c.header("location", `/v1/reports/${report.id}`)
    return c.json(report, 201)
  })

  app.get("/v1/reports/:id", (c) => {
    const refused = admit(c, "GET /v1/reports/{id}", "reports.read")
    if (refused !== undefined) return refused
    const report = reports.find(({ id }) => id === c.req.param("id"))
    return report === undefined
      ? c.json({ error: "not_found", error_description: "There is no such report." }, 404)
      : c.json(report)
  })
}
