/**
 * The request path: puts credentials into a request, sends it, and when the server answers 401 renews and sends it once
 * more. With a valid token this is one header write around `fetch`: nothing is awaited, read or cloned for it.
 */
import type * as Effect from "effect/Effect"
import type { Credential } from "./Credential.ts"
import { apply, isTaken, type Placed } from "./Placement.ts"
import type { Session } from "./Session.ts"
import { BodyNotReplayable, OriginRefused, type SessionError } from "./SessionError.ts"
import { asksForNewToken } from "./WwwAuthenticate.ts"

/**
 * The body of a request, to be sent again: as it was given; `clone` to copy it out of the request before sending, for a
 * body that was given as part of a `Request`; `stream` for one that can be sent only once.
 */
export type Body =
  | { readonly _tag: "given"; readonly value: BodyInit | null }
  | { readonly _tag: "clone" }
  | { readonly _tag: "stream" }

/** How a request is to be sent. */
export interface Call {
  readonly request: Request
  readonly body: Body
  /**
   * Whether the request was made from an operation of the contract and nothing else: it goes to the API's own server and
   * holds no header of the caller's, so neither has to be looked at.
   */
  readonly own: boolean
  /** Every session whose credential the request needs. */
  readonly sessions: ReadonlyArray<Session>
  /** Names the operation: a 401 that a fresh token did not cure is remembered for it. */
  readonly operation: string
  /** Further arguments of the underlying `fetch`, such as undici's `dispatcher`. */
  readonly extra?: RequestInit | undefined
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined
}

/** What the request path needs. */
export interface Options {
  readonly fetch: (request: Request, extra?: RequestInit) => Promise<Response>
  /** Origins that may receive credentials, such as `https://api.example.com`. */
  readonly origins: ReadonlyArray<string>
  /** Runs an effect for a waiting caller; rejects with the error itself, or with the signal's reason. */
  readonly run: <A>(effect: Effect.Effect<A, SessionError>, signal: AbortSignal) => Promise<A>
}

/** A body as given by a user, as far as it can be sent again. */
export const bodyOf = (value: unknown): Body =>
  value instanceof ReadableStream ||
  (typeof value === "object" && value !== null && Symbol.asyncIterator in value && !(value instanceof Blob))
    ? { _tag: "stream" }
    : { _tag: "given", value: (value ?? null) as BodyInit | null }

/** Longest chain of redirects, as in the Fetch standard. */
const REDIRECTS = 20
/** A request is sent again after a renewal; further times only when others renewed again meanwhile. */
const REPLAYS = 3
/** For so long an operation that refused a fresh token is not tried with further ones. */
const REFUSED_FOR = 60_000

const sensitive = ["authorization", "cookie", "proxy-authorization"]

/** Makes the request path. */
export const make = ({ fetch, origins, run }: Options): ((call: Call) => Promise<Response>) => {
  const prefixes = origins.map((origin) => `${origin}/`)
  const isOurs = (url: string): boolean => prefixes.some((prefix) => url.startsWith(prefix))
  const refused = new Map<string, { readonly generations: string; readonly until: number }>()
  const accepted = new WeakMap<Session, number>()

  const attach = (request: Request, credentials: ReadonlyArray<Credential>): Request => {
    const placed: Array<Placed> = []
    for (const credential of credentials) if (credential.placed !== undefined) placed.push(credential.placed)
    return apply(request, placed)
  }

  /** The same request once more, to `url`. */
  const again = (call: Call, spare: Request | undefined, url: string, method: string, withBody: boolean): Request => {
    const source = spare ?? call.request
    const headers = new Headers(source.headers)
    let body: BodyInit | null = null
    if (withBody && call.body._tag === "given") body = call.body.value
    // A new multipart boundary comes with the new body.
    if (!withBody || body instanceof FormData) headers.delete("content-type")
    if (spare !== undefined && withBody) return new Request(url, spare)
    return new Request(url, {
      method,
      headers,
      body,
      signal: source.signal,
      redirect: source.redirect,
      credentials: source.credentials,
      cache: source.cache,
      mode: source.mode === "navigate" ? "cors" : source.mode,
      referrer: source.referrer === "about:client" ? "" : source.referrer,
      keepalive: source.keepalive
    })
  }

  const current = async (call: Call): Promise<ReadonlyArray<Credential>> => {
    const credentials: Array<Credential> = []
    for (const session of call.sessions) {
      credentials.push(session.credentialUnsafe() ?? (await run(session.credential, call.request.signal)))
    }
    return credentials
  }

  const transmit = (call: Call, request: Request): Promise<Response> =>
    call.fetch === undefined ? fetch(request, call.extra) : call.fetch(request)

  /** Follows redirects itself where the platform lets it, so that no credential leaves the API's origins. */
  const follow = async (
    call: Call,
    sent: Request,
    answer: Response,
    spare: Request | undefined,
    credentials: ReadonlyArray<Credential>
  ): Promise<Response> => {
    let response = answer
    let from = sent
    for (let hop = 0; hop < REDIRECTS; hop++) {
      const location = response.headers.get("location")
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response
      const url = new URL(location, from.url)
      const toGet =
        (response.status === 303 && from.method !== "GET" && from.method !== "HEAD") ||
        (response.status <= 302 && from.method === "POST")
      if (!toGet && call.body._tag === "stream") return response
      void response.body?.cancel().catch(() => {})
      const next = again(call, toGet ? undefined : spare?.clone(), url.href, toGet ? "GET" : from.method, !toGet)
      if (isOurs(next.url)) from = attach(next, credentials)
      else {
        for (const name of sensitive) next.headers.delete(name)
        for (const { placed } of credentials) if (placed?.in === "header") next.headers.delete(placed.name)
        from = next
      }
      response = await transmit(call, from)
    }
    throw new TypeError(`More than ${REDIRECTS} redirects.`)
  }

  const generationsOf = (credentials: ReadonlyArray<Credential>): string =>
    credentials.map(({ generation }) => generation).join()

  /** After a 401: renews and sends again, as often as that makes sense. */
  const replay = async (
    call: Call,
    first: Response,
    spare: Request | undefined,
    used: ReadonlyArray<Credential>
  ): Promise<Response> => {
    let response = first
    let credentials = used
    for (let replays = 0; replays < REPLAYS; replays++) {
      if (response.status !== 401 || !asksForNewToken(response.headers.get("www-authenticate"))) return response
      if (!call.sessions.some((session) => session.renewable)) return response
      const known = refused.get(call.operation)
      const fresh = call.sessions.every((session, i) => accepted.get(session) === credentials[i]?.generation)
      if (
        known !== undefined &&
        Date.now() < known.until &&
        (fresh || known.generations === generationsOf(credentials))
      ) {
        return response
      }
      // One renewal per request; after it, only what others renewed meanwhile is worth another try.
      const superseded = call.sessions.some((session, i) => session.state().generation !== credentials[i]?.generation)
      if (replays > 0 && !superseded) break
      const renewed: Array<Credential> = []
      for (const [i, session] of call.sessions.entries()) {
        const credential = credentials[i] as Credential
        renewed.push(session.renewable ? await run(session.renew(credential), call.request.signal) : credential)
      }
      if (call.body._tag === "stream") {
        throw new BodyNotReplayable({
          message:
            "The server asked for a new token after it had taken a streamed body, which cannot be sent again. The session is renewed: make the request once more with a new stream, or give the body as text, bytes or a Blob."
        })
      }
      void response.body?.cancel().catch(() => {})
      credentials = renewed
      const { method, url } = call.request
      const request = attach(again(call, spare?.clone(), url, method, true), credentials)
      for (const [i, session] of call.sessions.entries()) session.replayed(credentials[i] as Credential)
      response = await transmit(call, request)
      if (request.redirect === "manual") response = await follow(call, request, response, spare, credentials)
    }
    if (response.status === 401) {
      if (refused.size > 1000) refused.clear()
      refused.set(call.operation, { generations: generationsOf(credentials), until: Date.now() + REFUSED_FOR })
    } else {
      refused.delete(call.operation)
      accept(call, credentials)
    }
    return response
  }

  const accept = (call: Call, credentials: ReadonlyArray<Credential>) => {
    for (let i = 0; i < call.sessions.length; i++) {
      const session = call.sessions[i] as Session
      const generation = credentials[i]?.generation ?? 0
      if (accepted.get(session) !== generation) accepted.set(session, generation)
    }
  }

  /** What to make of an answer: most are simply handed over. */
  const settle = (
    call: Call,
    sent: Request,
    response: Response,
    spare: Request | undefined,
    credentials: ReadonlyArray<Credential>
  ): Response | Promise<Response> => {
    const { status } = response
    if (status === 401) return replay(call, response, spare, credentials)
    accept(call, credentials)
    return status >= 300 && status < 400 && sent.redirect === "manual"
      ? follow(call, sent, response, spare, credentials)
      : response
  }

  const sendWithCare = async (call: Call): Promise<Response> => {
    const { request } = call
    if (!isOurs(request.url)) {
      const { origin } = new URL(request.url)
      throw new OriginRefused({
        origin,
        message: `${origin} is not one of this API's origins (${origins.join(", ")}), so the credential was not sent there. Name it in allowOrigins if it may have it.`
      })
    }
    const credentials = await current(call)
    // A credential that the caller put in by hand is the caller's: it is sent as it is and never renewed.
    if (credentials.some(({ placed }) => placed !== undefined && isTaken(request, placed))) {
      return transmit(call, request)
    }
    const spare = call.body._tag === "clone" && request.body !== null ? request.clone() : undefined
    const sent = attach(request, credentials)
    return settle(call, sent, await transmit(call, sent), spare, credentials)
  }

  return (call) => {
    // The usual case: our own request, one credential at hand. It pays one header write and nothing else.
    const session = call.own && call.sessions.length === 1 ? call.sessions[0] : undefined
    const credential = session?.credentialUnsafe()
    const value = credential?.authorizationUnsafe()
    if (credential === undefined || value === undefined) return sendWithCare(call)
    const { request } = call
    request.headers.set("authorization", value)
    return transmit(call, request).then((response) => settle(call, request, response, undefined, [credential]))
  }
}
