import { type Body, bodyOf } from "@keyturn/auth/AuthFetch"
import { Draft } from "@keyturn/auth/Draft"
import createClient, { defaultBodySerializer } from "openapi-fetch"
import type { Api, Opened } from "./open.ts"
import { redirectMode } from "./redirect-mode.ts"

/** The methods that a client calls operations with. */
export const methods = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"] as const

type Init = Record<string, unknown> & {
  readonly body?: unknown
  readonly signal?: AbortSignal | null
  readonly Request?: unknown
  readonly params?: { readonly header?: unknown }
  readonly bodySerializer?: (body: unknown, headers?: unknown) => unknown
  readonly fetch?: (request: Request) => Promise<Response>
  readonly middleware?: ReadonlyArray<unknown>
}

/** Options of a call with the `fetch` that sends what `Request` makes. */
type Prepared = Omit<Init, "fetch"> & { readonly fetch?: unknown }

const nothing: Body = { _tag: "given", value: null }
const copied: Body = { _tag: "clone" }

type Call = (path: string, init?: Init) => Promise<unknown>

const refusesSession = (headers: unknown): boolean =>
  typeof headers === "object" &&
  headers !== null &&
  Object.entries(headers).some(([name, value]) => value === null && name.toLowerCase() === "authorization")

type Inner = Record<string, Call> & {
  request: (method: string, path: string, init?: Prepared) => Promise<unknown>
  use: (...given: ReadonlyArray<unknown>) => void
  eject: (...given: ReadonlyArray<unknown>) => void
}

const makeInner = (opened: Opened): Inner =>
  createClient({
    baseUrl: opened.baseUrl,
    fetch: opened.api.fetch,
    redirect: redirectMode(opened),
    ...(opened.accept !== undefined && { headers: { accept: opened.accept } })
  }) as unknown as Inner

/** The clients of one API are told apart by what is passed with each call: they share the one that builds it. */
const shared = new WeakMap<Api, Partial<Record<RequestRedirect, Inner>>>()

const sharedInner = (opened: Opened): Inner => {
  const known = shared.get(opened.api) ?? {}
  shared.set(opened.api, known)
  const mode = redirectMode(opened)
  known[mode] ??= makeInner(opened)
  return known[mode]
}

/**
 * openapi-fetch's client with its methods wrapped: each call is sent with the credentials of its operation. The per-call
 * `fetch` is the one place that sees the final request; the call itself is the one place that knows the operation.
 */
export class Joined<O extends Opened = Opened> {
  readonly opened: O
  /** Of its own once it has middlewares. */
  private inner: Inner | undefined
  private middlewares = 0

  constructor(opened: O) {
    this.opened = opened
  }

  private prepare(method: string, path: string, given: Init | undefined): Prepared | undefined {
    const { opened } = this
    const mode = redirectMode(opened)
    const server = given?.baseUrl === undefined ? opened.serverOf(method, path) : undefined
    const init = server === undefined ? given : { ...given, baseUrl: server }
    // `authorization: null` is the caller's word that this call goes out without the session.
    if (refusesSession(init?.headers)) return init
    const { operation, sessions } = opened.planOf(method, path)
    // A middleware may put another request in place of the one that was made here, or headers into it.
    const bare = this.middlewares === 0 && init?.middleware === undefined
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
    const fetch = (request: Request | Draft) =>
      opened.api.send({
        // Whoever asks for redirects to be followed, or makes another request of it, means this client's way of it.
        request:
          request instanceof Draft || request.redirect !== "follow" || mode === "follow"
            ? request
            : new Request(request, { redirect: mode }),
        body: bare || body._tag === "stream" ? body : copied,
        own,
        follow: mode === "manual" && init?.redirect !== "manual",
        sessions,
        memory: opened,
        signal:
          request instanceof Draft || (bare && init?.Request === undefined)
            ? (init?.signal ?? undefined)
            : request.signal,
        operation,
        fetch: init?.fetch
      })
    const sent = own && init?.redirect === undefined ? { ...init, fetch, Request: Draft } : { ...init, fetch }
    if (init?.body === undefined) return sent
    const serialize = init.bodySerializer ?? (defaultBodySerializer as NonNullable<Init["bodySerializer"]>)
    return {
      ...sent,
      bodySerializer: (value: unknown, headers?: unknown) => {
        const serialized = serialize(value, headers)
        body = bodyOf(serialized)
        return serialized
      }
    }
  }

  /** Calls with credentials; what cannot be prepared rejects, as everything else does. */
  call(method: string, path: string, init: Init | undefined): Promise<unknown> {
    try {
      this.inner ??= sharedInner(this.opened)
      return this.inner.request(method, path, this.prepare(method, path, init))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  use(...given: ReadonlyArray<unknown>): void {
    if (this.middlewares === 0) this.inner = makeInner(this.opened)
    this.inner?.use(...given)
    this.middlewares += given.length
  }

  eject(...given: ReadonlyArray<unknown>): void {
    if (this.middlewares > 0) this.inner?.eject(...given)
  }
}

/**
 * A member that is made when it is first asked for, and the client's own from then on: it can be taken out of the client, and
 * a client that waits has none.
 */
export const lazily = <J extends Joined>(
  of: { readonly prototype: J },
  name: PropertyKey,
  make: (joined: J) => unknown
) =>
  Object.defineProperty(of.prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: J) {
      const value = make(this)
      Object.defineProperty(this, name, { configurable: true, enumerable: true, writable: true, value })
      return value
    }
  })

for (const method of methods) {
  lazily(Joined, method, (joined) => (path: string, init?: Init) => joined.call(method, path, init))
}
lazily(
  Joined,
  "request",
  (joined) => (method: string, path: string, init?: Init) => joined.call(method.toUpperCase(), path, init)
)
const { eject, use } = Joined.prototype
lazily(Joined, "use", (joined) => use.bind(joined))
lazily(Joined, "eject", (joined) => eject.bind(joined))
