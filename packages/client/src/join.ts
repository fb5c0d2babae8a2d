import { type Body, bodyOf } from "@keyturn/auth/AuthFetch"
import createClient, { type Client, defaultBodySerializer } from "openapi-fetch"
import type { Opened } from "./open.ts"
import { redirectMode } from "./redirect-mode.ts"

/** The methods that a client calls operations with. */
export const methods = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"] as const

type Init = Record<string, unknown> & {
  readonly body?: unknown
  readonly params?: { readonly header?: unknown }
  readonly bodySerializer?: (body: unknown, headers?: unknown) => unknown
  readonly fetch?: (request: Request) => Promise<Response>
  readonly middleware?: ReadonlyArray<unknown>
}

const nothing: Body = { _tag: "given", value: null }
const copied: Body = { _tag: "clone" }

type Call = (path: string, init?: Init) => Promise<unknown>

const refusesSession = (headers: unknown): boolean =>
  typeof headers === "object" &&
  headers !== null &&
  Object.entries(headers).some(([name, value]) => value === null && name.toLowerCase() === "authorization")

/**
 * openapi-fetch's client with its methods wrapped: each call is sent with the credentials of its operation. The per-call
 * `fetch` is the one place that sees the final request; the call itself is the one place that knows the operation.
 */
export const join = <Paths extends {}>(opened: Opened): Client<Paths> => {
  const mode = redirectMode(opened)
  const client = createClient<Paths>({
    baseUrl: opened.baseUrl,
    fetch: opened.fetch,
    redirect: mode,
    ...(opened.accept !== undefined && { headers: { accept: opened.accept } })
  })
  const inner = client as unknown as Record<string, Call> & {
    request: (method: string, path: string, init?: Init) => Promise<unknown>
  }
  let middlewares = 0

  const prepare = (method: string, path: string, given: Init | undefined): Init | undefined => {
    const server = given?.baseUrl === undefined ? opened.serverOf(method, path) : undefined
    const init = server === undefined ? given : { ...given, baseUrl: server }
    // `authorization: null` is the caller's word that this call goes out without the session.
    if (refusesSession(init?.headers)) return init
    const sessions = opened.sessionsFor(method, path)
    // A middleware may put another request in place of the one that was made here, or headers into it.
    const bare = middlewares === 0 && init?.middleware === undefined
    const own =
      bare &&
      path.startsWith("/") &&
      (init === undefined ||
        (init.headers === undefined &&
          init.params?.header === undefined &&
          init.baseUrl === undefined &&
          init.pathSerializer === undefined &&
          init.Request === undefined))
    let body: Body = nothing
    const fetch = (request: Request, extra?: RequestInit) =>
      opened.send({
        // Whoever asks for redirects to be followed, or makes another request of it, means this client's way of it.
        request:
          request.redirect === "follow" && mode !== "follow" ? new Request(request, { redirect: mode }) : request,
        body: bare || body._tag === "stream" ? body : copied,
        own,
        follow: mode === "manual" && init?.redirect !== "manual",
        sessions,
        operation: `${method} ${path}`,
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

  /** Calls with credentials; what cannot be prepared rejects, as everything else does. */
  const joinedCall = (call: Call, method: string, path: string, init: Init | undefined): Promise<unknown> => {
    try {
      return call(path, prepare(method, path, init))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  const joined: Record<string, unknown> = {
    request: (method: string, path: string, init?: Init) =>
      joinedCall((path, init) => inner.request(method, path, init), method.toUpperCase(), path, init),
    use: (...given: ReadonlyArray<unknown>) => {
      client.use(...(given as Parameters<typeof client.use>))
      middlewares += given.length
    },
    eject: (...given: ReadonlyArray<unknown>) => client.eject(...(given as Parameters<typeof client.eject>))
  }
  for (const method of methods) {
    const call = inner[method] as Call
    joined[method] = (path: string, init?: Init) => joinedCall(call, method, path, init)
  }
  return joined as unknown as Client<Paths>
}
