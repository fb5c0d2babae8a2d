/** How a resource of Bench answers: a handler is given a call and returns an answer; this turns both into HTTP. */
import type { Hono } from "hono"
import type { Clock } from "../clock.ts"
import { isJson } from "../headers.ts"
import type { Ledger } from "../ledger.ts"
import type { BenchEnv } from "./auth.ts"
import { type Day, dayOf } from "./days.ts"
import { errorBody, forbidden, invalid, notAllowed, Refusal } from "./errors.ts"
import type { BenchSwitches } from "./inferred.ts"
import type { Fields } from "./input.ts"
import * as input from "./input.ts"
import type { Principal } from "./options.ts"
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
  /** Where the simulator can be reached. */
  readonly origin: string
  /** A path parameter that is an id. */
  id(name: string): number
  /** A path parameter that is a UUID. */
  uuid(name: string): string
  /** A path parameter as it was sent. */
  text(name: string): string
  /** The account that the path names. */
  readonly world: World
}

/** What a resource answers. */
export interface Answer {
  readonly status: 200 | 201 | 202 | 204
  readonly body?: unknown
  /** Whether there is more behind this page; `undefined` when the answer has no pages. */
  readonly more?: boolean
}

export const ok = (body: unknown): Answer => ({ status: 200, body })
export const created = (body: unknown): Answer => ({ status: 201, body })
export const done: Answer = { status: 204 }

/** The answer of a write for which the vendor declares 200 and 204. */
export const doneEitherWay = ({ world }: Call): Answer => ({ status: world.switches.emptyStatus })

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

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

/** What an operation needs: a Viewer may `read`, only an administrator may `write`. */
export type Right = "read" | "write"

/**
 * Adds a resource's operations: `route("GET", "/rp/api/v1/Accounts/{accountId}", handler)`. A GET needs the right to read,
 * and so does asking with a filter in the body; everything else needs the right to write, unless it says otherwise.
 */
export type Route = (method: Method, template: string, handler: Handler, right?: Right) => void

export interface RouteParts {
  readonly app: Hono<BenchEnv>
  readonly clock: Clock
  readonly ledger: Ledger<BenchEvent>
  readonly switches: BenchSwitches
  readonly worlds: Worlds
  /** Who may do what now, which is not what it was at the sign-in when the group was changed since. */
  readonly principals: ReadonlyMap<string, Principal>
}

const parse = (text: string): unknown => {
  if (text === "") return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw invalid("body", undefined, "JSON")
  }
}

const decode = (segment: string, field: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw invalid(field, segment, "percent-encoded UTF-8")
  }
}

/** The letter case of a path's fixed parts does not matter (a switch); that of its parameters does. */
export const foldCase = (template: string, fold: boolean): string =>
  template
    .split("/")
    .map((part) => part.replace(/^\{(.+)\}$/, ":$1"))
    .map((part) => (fold && !part.startsWith(":") ? part.toLowerCase() : part))
    .join("/")

export const makeRoute = ({ app, clock, ledger, switches, worlds, principals }: RouteParts): Route => {
  return (method, template, handler, right = method === "GET" || template.endsWith("/_filter") ? "read" : "write") => {
    const segments = template.split("/")
    app.on(method, foldCase(template, switches.caseInsensitivePaths), async (c) => {
      ledger.request(`${method} ${template}`)
      const signedIn = c.get("session").principal
      const principal = principals.get(signedIn.login) ?? signedIn
      const sent = await c.req.text()
      const contentType = c.req.header("content-type") ?? ""
      if (sent !== "" && !isJson(contentType)) {
        throw invalid("Content-Type", contentType, "application/json")
      }
      if (right === "write" && principal.group !== "Administrator") {
        throw notAllowed("Changes need an administrator's permission.")
      }
      const url = new URL(c.req.url)
      // From the address itself: what the router gives may have lost its capital letters.
      const text = (name: string) => decode(url.pathname.split("/")[segments.indexOf(`{${name}}`)] ?? "", name)
      const id = (name: string) => {
        const value = text(name)
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
        query: url.searchParams,
        body: parse(sent),
        origin: url.origin,
        id,
        text,
        uuid: (name) => input.uuid(text(name), name),
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
