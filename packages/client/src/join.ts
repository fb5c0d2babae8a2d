import { type Body, bodyOf } from "@keyturn/auth/AuthFetch"
import createClient, { type Client, defaultBodySerializer } from "openapi-fetch"
import type { Opened } from "./open.ts"

/** The methods that a client calls operations with. */
export const methods = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"] as const

type Init = Record<string, unknown> & {
  readonly body?: unknown
  readonly bodySerializer?: (body: unknown, headers?: unknown) => unknown
  readonly fetch?: (request: Request) => Promise<Response>
  readonly middleware?: ReadonlyArray<unknown>
}

type Call = (path: string, init?: Init) => Promise<unknown>

/** A browser follows redirects by itself and keeps `Authorization` at home; elsewhere that is done here, for every placement. */
const followsRedirects =
  typeof document !== "undefined" ||
  typeof (globalThis as { WorkerGlobalScope?: unknown }).WorkerGlobalScope !== "undefined"

const redirectMode = (opened: Opened): RequestRedirect => {
  if (!followsRedirects) return "manual"
  const safe = Object.values(opened.sessions).every(({ scheme }) => scheme.type !== "apiKey" || scheme.in === "cookie")
  return safe ? "follow" : "error"
}

/**
 * openapi-fetch's client with its methods wrapped: each call is sent with the credentials of its operation. The per-call
 * `fetch` is the one place that sees the final request; the call itself is the one place that knows the operation.
 */
export const join = <Paths extends {}>(opened: Opened): Client<Paths> => {
  const client = createClient<Paths>({
    baseUrl: opened.baseUrl,
    fetch: opened.fetch,
    redirect: redirectMode(opened),
    // Some servers answer errors in HTML to whoever does not say what they read.
    headers: { accept: "application/json, */*;q=0.5" }
  })
  const inner = client as unknown as Record<string, Call> & {
    request: (method: string, path: string, init?: Init) => Promise<unknown>
  }
  let middlewares = 0

  const prepare = (method: string, path: string, init: Init | undefined): Init | undefined => {
    const sessions = opened.sessionsFor(method, path)
    if (sessions.length === 0) return init
    let body: Body = { _tag: "given", value: null }
    const operation = `${method} ${path}`
    const fetch = (request: Request, extra?: RequestInit) =>
      opened.send({
        request,
        // A middleware may have put another request in place of the one that was made from `body`.
        body: middlewares > 0 || init?.middleware !== undefined ? { _tag: "clone" } : body,
        sessions,
        operation,
        extra,
        fetch: init?.fetch
      })
    if (init?.body === undefined) return { ...init, fetch }
    const serialize = init.bodySerializer ?? (defaultBodySerializer as NonNullable<Init["bodySerializer"]>)
    return {
      ...init,
      fetch,
      bodySerializer: (value, headers) => {
        const serialized = serialize(value, headers)
        body = bodyOf(serialized)
        return serialized
      }
    }
  }

  const joined: Record<string, unknown> = {
    request: async (method: string, path: string, init?: Init) =>
      inner.request(method, path, prepare(method.toUpperCase(), path, init)),
    use: (...given: ReadonlyArray<unknown>) => {
      client.use(...(given as Parameters<typeof client.use>))
      middlewares += given.length
    },
    eject: (...given: ReadonlyArray<unknown>) => client.eject(...(given as Parameters<typeof client.eject>))
  }
  for (const method of methods) {
    const call = inner[method] as Call
    joined[method] = async (path: string, init?: Init) => call(path, prepare(method, path, init))
  }
  return joined as unknown as Client<Paths>
}
