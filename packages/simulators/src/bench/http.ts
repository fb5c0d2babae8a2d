/** How a resource of Bench answers: a handler is given a call and returns an answer; this turns both into HTTP. */
import type { Hono } from "hono"
import type { Clock } from "../clock.ts"
import { isJson } from "../headers.ts"
import type { Ledger } from "../ledger.ts"
import type { BenchEnv } from "./auth.ts"
import { type Day, dayOf } from "./days.ts"
import { errorBody, forbidden, invalid, Refusal } from "./errors.ts"
import type { Fields } from "./input.ts"
import * as input from "./input.ts"
import type { BenchSwitches, Principal } from "./options.ts"
import type { BenchEvent } from "./sessions.ts"
import type { World, Worlds } from "./world.ts"

/** A request, as a resource sees it. */
export interface Call {
  readonly principal: Principal
  /** Today in UTC, by the simulator's clock. */
  readonly today: Day
  /** The instant, for `lastModifiedOn`. */
  readonly now: string
  readonly query: URLSearchParams
  /** The JSON body; `undefined` when there is none. */
  readonly body: unknown
  /** A path parameter that is an id. */
  id(name: string): number
  /** The account that the path names. */
  readonly world: World
}

/** What a resource answers. */
export interface Answer {
  readonly status: 200 | 201 | 204
  readonly body?: unknown
  /** Whether there is more behind this page; `undefined` when the answer has no pages. */
  readonly more?: boolean
}

export const ok = (body: unknown): Answer => ({ status: 200, body })
export const created = (body: unknown): Answer => ({ status: 201, body })
export const done: Answer = { status: 204 }

/** One page of a list, of items made by `show`. */
export const page = <A>(
  items: ReadonlyArray<A>,
  window: Fields,
  limit: { readonly default: number; readonly max?: number },
  show: (item: A) => unknown
): Answer => {
  const offset = input.optional(window, "offset", input.whole(0)) ?? 0
  const size = input.optional(window, "limit", input.whole(1, limit.max)) ?? limit.default
  return { status: 200, body: items.slice(offset, offset + size).map(show), more: items.length > offset + size }
}

export type Handler = (call: Call) => Answer

/** Adds a resource's operations: `route("GET", "/rp/api/v1/Accounts/{accountId}", handler)`. */
export type Route = (method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", template: string, handler: Handler) => void

export interface RouteParts {
  readonly app: Hono<BenchEnv>
  readonly clock: Clock
  readonly ledger: Ledger<BenchEvent>
  readonly switches: BenchSwitches
  readonly worlds: Worlds
}

const parse = (text: string): unknown => {
  if (text === "") return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw invalid("body", undefined, "JSON")
  }
}

/** The letter case of a path's fixed parts does not matter (a switch); that of its parameters does. */
export const foldCase = (template: string, fold: boolean): string =>
  template
    .split("/")
    .map((part) => part.replace(/^\{(.+)\}$/, ":$1"))
    .map((part) => (fold && !part.startsWith(":") ? part.toLowerCase() : part))
    .join("/")

export const makeRoute = ({ app, clock, ledger, switches, worlds }: RouteParts): Route => {
  return (method, template, handler) => {
    // A Viewer reads; asking with a filter in the body is reading.
    const writes = method !== "GET" && !template.endsWith("/_filter")
    app.on(method, foldCase(template, switches.caseInsensitivePaths), async (c) => {
      ledger.request(`${method} ${template}`)
      const { principal } = c.get("session")
      const text = await c.req.text()
      const contentType = c.req.header("content-type") ?? ""
      if (text !== "" && !isJson(contentType)) {
        throw invalid("Content-Type", contentType, "application/json")
      }
      if (writes && principal.group !== "Administrator") {
        throw new Refusal(403, { errorType: "NotAllowed", description: "Changes need an administrator's permission." })
      }
      const id = (name: string) => {
        const value = c.req.param(name) ?? ""
        const found = Number(value)
        if (!/^\d+$/.test(value) || found < 1 || !Number.isSafeInteger(found))
          throw invalid(name, value, "an id greater than zero")
        return found
      }
      const now = clock.now()
      const answer = handler({
        principal,
        today: dayOf(now),
        now: new Date(now).toISOString(),
        query: new URL(c.req.url).searchParams,
        body: parse(text),
        id,
        get world() {
          const accountId = id("accountId")
          const world = principal.accounts.includes(accountId) ? worlds.get(accountId) : undefined
          if (world === undefined) throw forbidden("accountId", accountId)
          return world
        }
      })
      if (answer.more || (answer.more === false && switches.hasMoreFalse))
        c.header("query-has-more", String(answer.more))
      return answer.body === undefined
        ? c.body(null, answer.status)
        : c.json(answer.body as object, answer.status as 200 | 201)
    })
  }
}

/** Turns what a handler threw into Bench's error body. */
export const addErrors = (app: Hono<BenchEnv>): void => {
  app.onError((error, c) => {
    const { status, entries } =
      error instanceof Refusal
        ? error
        : { status: 500, entries: [{ errorType: "DefinedValueError" as const, description: error.message }] }
    return c.json(errorBody(status, entries, new URL(c.req.url).pathname), status as 400)
  })
  app.notFound((c) =>
    c.json(
      errorBody(
        404,
        [{ errorType: "NotAllowed", description: `There is no ${c.req.method} ${new URL(c.req.url).pathname}.` }],
        c.req.path
      ),
      404
    )
  )
}
