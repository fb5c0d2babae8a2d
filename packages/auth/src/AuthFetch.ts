/**
 * The request path: puts credentials into a request, sends it, and when the server answers 401 renews and sends it once
 * more. With a valid token this is one header write around `fetch`: nothing is awaited, read or cloned for it.
 */
import * as Effect from "effect/Effect"
import type { Credential } from "./Credential.ts"
import { Draft } from "./Draft.ts"
import { replay } from "./internal/replay.ts"
import { again, drain, isRepeatable, RedirectError } from "./internal/resend.ts"
import { attach, Sender } from "./internal/sender.ts"
import * as Retry from "./Retry.ts"
import { InsufficientScope, isSessionError, OriginRefused, type SessionError } from "./SessionError.ts"
import type { SessionHandle } from "./SessionHandle.ts"
import { parse as parseChallenges } from "./WwwAuthenticate.ts"

/**
 * The body of a request, to be sent again: as it was given; `clone` to copy it out of the request before sending, for a
 * body that was given as part of a `Request`; `stream` for one that can be sent only once.
 */
export type Body =
  | { readonly _tag: "given"; readonly value: BodyInit | null }
  | { readonly _tag: "clone" }
  | { readonly _tag: "stream" }

/** How a request is to be sent. */
export interface Call<R extends Request | Draft = Request> {
  readonly request: R
  readonly body: Body
  /**
   * Whether the request was made from an operation of the contract and nothing else: it goes to the API's own server and
   * holds no header of the caller's, so neither has to be looked at.
   */
  readonly own: boolean
  /**
   * Whether redirects are followed here, without carrying credentials away; the request is then made with
   * `redirect: "manual"`.
   */
  readonly follow: boolean
  /** Every session whose credential the request needs. */
  readonly sessions: ReadonlyArray<SessionHandle>
  /** What is remembered of the client's earlier calls. */
  readonly memory: Memory
  /** The caller's own signal, which ends the wait for a credential. */
  readonly signal?: AbortSignal | undefined
  /** Names the operation: a 401 that a fresh token did not cure is remembered for it. */
  readonly operation: string
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined
}

/** What a client's calls leave for the next ones; most clients never have to remember anything. */
export class Memory {
  /** Operations that refused a token which nobody has renewed since. */
  refused: Map<string, { readonly generations: string; readonly until: number }> | undefined
  retry: Retry.Retry | undefined
}

/** What the request path needs. */
export interface Options {
  readonly fetch: (request: Request) => Promise<Response>
  /** Origins that may receive credentials, such as `https://api.example.com`. */
  readonly origins: ReadonlyArray<string>
  /** How often an idempotent request is tried again, see `Retry`. */
  readonly retries: number
  /** Runs an effect for a waiting caller; rejects with the error itself, or with the signal's reason. */
  readonly run: <A>(effect: Effect.Effect<A, SessionError>, signal: AbortSignal) => Promise<A>
  /** Waits for a promise on behalf of a caller. Default: as it is. */
  readonly wait?: (<A>(promise: Promise<A>) => Promise<A>) | undefined
}

/** A body as given by a user, as far as it can be sent again. */
export const bodyOf = (value: unknown): Body =>
  // Nearly all are text, and need no further look.
  typeof value !== "string" &&
  (value instanceof ReadableStream ||
    (typeof value === "object" && value !== null && Symbol.asyncIterator in value && !(value instanceof Blob)))
    ? { _tag: "stream" }
    : { _tag: "given", value: (value ?? null) as BodyInit | null }

/** A call with its request made, for all but the shortest way. */
const made = (call: Call<Request | Draft>): Call =>
  call.request instanceof Draft ? { ...call, request: call.request.request } : (call as Call)

/** The server says that the token may not do this: no renewal changes that (RFC 6750 §3.1). */
const refuseScope = (call: Call, response: Response): void => {
  const header = response.headers.get("www-authenticate")
  if (header === null || !header.includes("insufficient_scope")) return
  const challenge = parseChallenges(header).find(({ parameters }) => parameters.error === "insufficient_scope")
  if (challenge === undefined) return
  const needed = challenge.parameters.scope?.split(" ").filter((scope) => scope !== "") ?? []
  throw new InsufficientScope({
    needed,
    granted: call.sessions[0]?.state().scope,
    message: `${call.operation} needs ${needed.length === 0 ? "more scopes than the session has" : `the scope ${needed.join(" ")}`}. Sign in again asking for it, or use an account that may.`
  })
}

/** Makes the request path: one for all clients of an API. A `Draft` is for calls that are `own`. */
export const make = (options: Options): ((call: Call<Request | Draft>) => Promise<Response>) => {
  const { fetch, origins, retries, run } = options
  const sender = new Sender(options)

  /** What to make of an answer: most are simply handed over. */
  const settle = async (
    call: Call,
    sent: Request,
    answer: Response,
    spare: Request | undefined,
    credentials: ReadonlyArray<Credential>
  ): Promise<Response> => {
    let response = await sender.followed(call, sent, answer, spare, credentials)
    if (sender.isForeign(response)) return response
    if (response.status === 401) response = await replay(sender, call, response, spare, credentials)
    else sender.acceptAll(call, credentials)
    if (response.status === 401 || response.status === 403) refuseScope(call, response)
    return response
  }

  const send = async (
    call: Call,
    request: Request,
    spare: Request | undefined,
    credentials: ReadonlyArray<Credential>
  ): Promise<Response> => {
    const sent = await attach(request, credentials)
    return settle(call, sent, await sender.dispatch(call, sent, spare, credentials), spare, credentials)
  }

  const delayOf = (call: Call, tries: number, response: Response | undefined): number | undefined => {
    if (!isRepeatable(call)) return undefined
    call.memory.retry ??= Retry.make(retries)
    return call.memory.retry.delay(call.request.method, tries, response)
  }

  /** Tries again what may be tried again, as long as the budget lasts. */
  const persist = async (call: Call, spare: Request | undefined, first: Promise<Response>): Promise<Response> => {
    let attempt = first
    for (let tries = 1; ; tries++) {
      let response: Response | undefined
      let failure: unknown
      try {
        response = await attempt
      } catch (error) {
        if (call.request.signal.aborted || isSessionError(error) || error instanceof RedirectError) throw error
        failure = error
      }
      const delay = delayOf(call, tries, response)
      if (delay === undefined) {
        if (response === undefined) throw failure
        return response
      }
      if (response !== undefined) drain(response)
      await run(Effect.sleep(delay), call.request.signal)
      attempt = send(call, again(call, spare), spare, await sender.credentials(call))
    }
  }

  const sendWithCare = async (call: Call): Promise<Response> => {
    const { request } = call
    if (call.sessions.length > 0 && !sender.isOurs(request.url)) {
      const { origin } = new URL(request.url)
      throw new OriginRefused({
        origin,
        message: `${origin} is not one of this API's origins (${origins.join(", ")}), so the credential was not sent there. Name it in allowOrigins if it may have it.`
      })
    }
    const credentials = await sender.credentials(call)
    const spare = call.body._tag === "clone" && request.body !== null ? request.clone() : undefined
    // A credential that the caller put in by hand is the caller's: it is sent as it is and never renewed.
    const others = credentials.filter((credential) => !credential.isTaken(request))
    if (others.length < credentials.length) {
      const sent = await attach(request, others)
      return sender.followed(call, sent, await sender.dispatch(call, sent, spare, others), spare, others)
    }
    return persist(call, spare, send(call, request, spare, credentials))
  }

  /** Our own request with one credential: it pays one header write and nothing else. */
  const sendPlainly = (
    call: Call<Request | Draft>,
    session: SessionHandle,
    credential: Credential
  ): Promise<Response> => {
    const value = credential.authorizationUnsafe()
    if (value === undefined) return sendWithCare(made(call))
    const { request } = call
    request.headers.set("authorization", value)
    const sent = request instanceof Draft ? request.send(call.fetch ?? fetch) : (call.fetch ?? fetch)(request)
    return sent.then(
      (response) => {
        if (response.status < 300) {
          sender.accept(session, credential)
          call.memory.retry?.succeeded()
          return response
        }
        const whole = made(call)
        return persist(whole, undefined, settle(whole, whole.request, response, undefined, [credential]))
      },
      (error) => persist(made(call), undefined, Promise.reject(error))
    )
  }

  return (call) => {
    const session = call.own && call.sessions.length === 1 ? call.sessions[0] : undefined
    if (session === undefined) return sendWithCare(made(call))
    const credential = session.credentialUnsafe()
    if (credential !== undefined) return sendPlainly(call, session, credential)
    // As many as come while it is renewed: they wait, and are as usual then.
    return sender
      .wait(session.credentialAsync(call.signal))
      .then((credential) => sendPlainly(call, session, credential))
  }
}
