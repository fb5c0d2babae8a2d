/**
 * The request path: puts credentials into a request, sends it, and when the server answers 401 renews and sends it once
 * more. With a valid token this is one header write around `fetch`: nothing is awaited, read or cloned for it.
 */
import * as Effect from "effect/Effect"
import type { Credential } from "./Credential.ts"
import { Draft } from "./Draft.ts"
import { again, drain, follow, isRedirect, isRepeatable, RedirectError } from "./internal/resend.ts"
import { sendSigned } from "./internal/sign.ts"
import { apply, type Placed, withoutSecrets } from "./Placement.ts"
import * as Retry from "./Retry.ts"
import type { SessionHandle } from "./Session.ts"
import {
  BodyNotReplayable,
  InsufficientScope,
  isSessionError,
  OriginRefused,
  type SessionError
} from "./SessionError.ts"
import { asksForNewToken, parse as parseChallenges } from "./WwwAuthenticate.ts"

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

/** A request is sent again after a renewal; further times only when others renewed again meanwhile. */
const REPLAYS = 4
/** For so long an operation that refused a fresh token is not tried with further ones. */
const REFUSED_FOR = 60_000

/** A call with its request made, for all but the shortest way. */
const made = (call: Call<Request | Draft>): Call =>
  call.request instanceof Draft ? { ...call, request: call.request.request } : (call as Call)

const sensitive = ["authorization", "cookie", "dpop", "proxy-authorization"]

/** Makes the request path: one for all clients of an API. A `Draft` is for calls that are `own`. */
export const make = ({
  fetch,
  origins,
  retries,
  run,
  wait = (promise) => promise
}: Options): ((call: Call<Request | Draft>) => Promise<Response>) => {
  const prefixes = origins.map((origin) => `${origin}/`)
  const isOurs = (url: string): boolean => prefixes.some((prefix) => url.startsWith(prefix))
  const accepted = new WeakMap<SessionHandle, number>()
  /** Answers of other origins: what they say of credentials is not about ours. */
  const foreign = new WeakSet<Response>()

  const placesOf = (credentials: ReadonlyArray<Credential>): ReadonlyArray<Placed> =>
    credentials.flatMap(({ placed }) => placed ?? [])

  const attach = (request: Request, credentials: ReadonlyArray<Credential>): Promise<Request> =>
    apply(request, placesOf(credentials))

  const current = async (call: Call): Promise<ReadonlyArray<Credential>> => {
    const credentials: Array<Credential> = []
    for (const session of call.sessions) {
      credentials.push(session.credentialUnsafe() ?? (await wait(session.credentialAsync(call.signal))))
    }
    return credentials
  }

  const transmit = (call: Call, request: Request): Promise<Response> => (call.fetch ?? fetch)(request)

  /** Sends signed where a credential is one of signed requests. */
  const dispatch = async (
    call: Call,
    request: Request,
    spare: Request | undefined,
    credentials: ReadonlyArray<Credential>
  ): Promise<Response> => {
    const signing = isOurs(request.url) ? credentials.find(({ sign }) => sign !== undefined) : undefined
    const response = await (signing === undefined
      ? transmit(call, request)
      : sendSigned(call, request, spare, signing, (request) => transmit(call, request)))
    return withoutSecrets(response, placesOf(credentials))
  }

  /** A request on its way to `url`: with the credentials within the API's origins, without any trace of them elsewhere. */
  const prepare = async (request: Request, credentials: ReadonlyArray<Credential>): Promise<Request> => {
    if (isOurs(request.url)) return attach(request, credentials)
    for (const name of sensitive) request.headers.delete(name)
    for (const { writes } of credentials) for (const name of writes) request.headers.delete(name)
    return request
  }

  const followed = async (
    call: Call,
    sent: Request,
    answer: Response,
    spare: Request | undefined,
    credentials: ReadonlyArray<Credential>
  ): Promise<Response> => {
    let ours = true
    const response = await follow(
      call,
      sent,
      answer,
      spare,
      (request) => {
        ours = isOurs(request.url)
        return prepare(request, credentials)
      },
      (request) => dispatch(call, request, spare, credentials)
    )
    if (!ours) foreign.add(response)
    return response
  }

  const generationsOf = (credentials: ReadonlyArray<Credential>): string =>
    credentials.map(({ generation }) => generation).join()

  /** The operation refused a token that nobody has renewed since: another renewal would not change its mind. */
  const remember = (call: Call, credentials: ReadonlyArray<Credential>) => {
    call.memory.refused ??= new Map()
    const { refused } = call.memory
    if (refused.size > 1000) refused.clear()
    refused.set(call.operation, { generations: generationsOf(credentials), until: Date.now() + REFUSED_FOR })
    for (const session of call.sessions) session.excuse()
  }

  const isOutdated = async (call: Call, credentials: ReadonlyArray<Credential>): Promise<boolean> => {
    for (const [i, session] of call.sessions.entries()) {
      if (await run(session.isOutdated(credentials[i] as Credential), call.request.signal)) return true
    }
    return false
  }

  /** A machine that stalls may send a token when its time is over: that is no word on the operation, but for once only. */
  const isOver = (call: Call, credentials: ReadonlyArray<Credential>, renewals: number): boolean =>
    renewals === 1 &&
    call.sessions.some((session, i) => {
      const { expiresAt, generation } = session.state()
      return generation === credentials[i]?.generation && expiresAt !== undefined && Date.now() >= expiresAt
    })

  /** After a 401: renews and sends again, as often as that makes sense. */
  const replay = async (
    call: Call,
    first: Response,
    spare: Request | undefined,
    used: ReadonlyArray<Credential>
  ): Promise<Response> => {
    let response = first
    let credentials = used
    let renewals = 0
    for (let replays = 0; replays < REPLAYS; replays++) {
      if (response.status !== 401 || foreign.has(response)) return response
      if (!asksForNewToken(response.headers.get("www-authenticate"))) return response
      if (!call.sessions.some((session) => session.renewable)) return response
      const known = call.memory.refused?.get(call.operation)
      const fresh = call.sessions.every((session, i) => accepted.get(session) === credentials[i]?.generation)
      const suspect =
        known !== undefined && Date.now() < known.until && (fresh || known.generations === generationsOf(credentials))
      // One renewal per request, and none for an operation that refuses fresh tokens; after that, only what others have
      // renewed, or are renewing, is worth another try: they rotate tokens that are on their way.
      if (
        (suspect || (renewals > 0 && !isOver(call, credentials, renewals))) &&
        !(await isOutdated(call, credentials))
      ) {
        if (!suspect) remember(call, credentials)
        return response
      }
      // Before the renewal, which may need the connection that this answer holds.
      drain(response)
      const superseded = call.sessions.some((session, i) => session.state().generation !== credentials[i]?.generation)
      const renewed: Array<Credential> = []
      for (const [i, session] of call.sessions.entries()) {
        const credential = credentials[i] as Credential
        renewed.push(session.renewable ? await wait(session.renewAsync(credential, call.signal)) : credential)
      }
      if (call.body._tag === "stream") {
        throw new BodyNotReplayable({
          message:
            "The server asked for a new token after it had taken a streamed body, which cannot be sent again. The session is renewed: make the request once more with a new stream, or give the body as text, bytes or a Blob."
        })
      }
      // What somebody else had obtained before may be as dead as what it replaced: it is not this request's renewal.
      if (!superseded && call.sessions.every((session, i) => session.obtained() === renewed[i]?.generation)) renewals++
      credentials = renewed
      const request = await attach(again(call, spare), credentials)
      for (const [i, session] of call.sessions.entries()) session.replayed(credentials[i] as Credential)
      response = await dispatch(call, request, spare, credentials)
      if (isRedirect(call, response)) response = await followed(call, request, response, spare, credentials)
    }
    if (response.status !== 401) {
      call.memory.refused?.delete(call.operation)
      accept(call, credentials)
    }
    return response
  }

  const accept = (call: Call, credentials: ReadonlyArray<Credential>) => {
    for (let i = 0; i < call.sessions.length; i++) {
      const session = call.sessions[i] as SessionHandle
      const generation = credentials[i]?.generation ?? 0
      if (accepted.get(session) !== generation) accepted.set(session, generation)
    }
  }

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

  /** What to make of an answer: most are simply handed over. */
  const settle = async (
    call: Call,
    sent: Request,
    answer: Response,
    spare: Request | undefined,
    credentials: ReadonlyArray<Credential>
  ): Promise<Response> => {
    let response = answer
    if (isRedirect(call, response)) response = await followed(call, sent, response, spare, credentials)
    if (foreign.has(response)) return response
    if (response.status === 401) response = await replay(call, response, spare, credentials)
    else accept(call, credentials)
    if (response.status === 401 || response.status === 403) refuseScope(call, response)
    return response
  }

  const retryOf = (call: Call): Retry.Retry => {
    call.memory.retry ??= Retry.make(retries)
    return call.memory.retry
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
      const delay = isRepeatable(call) ? retryOf(call).delay(call.request.method, tries, response) : undefined
      if (delay === undefined) {
        if (response === undefined) throw failure
        return response
      }
      if (response !== undefined) drain(response)
      await run(Effect.sleep(delay), call.request.signal)
      const credentials = await current(call)
      const sent = await attach(again(call, spare), credentials)
      attempt = dispatch(call, sent, spare, credentials).then((response) =>
        settle(call, sent, response, spare, credentials)
      )
    }
  }

  const sendWithCare = async (call: Call): Promise<Response> => {
    const { request } = call
    if (call.sessions.length > 0 && !isOurs(request.url)) {
      const { origin } = new URL(request.url)
      throw new OriginRefused({
        origin,
        message: `${origin} is not one of this API's origins (${origins.join(", ")}), so the credential was not sent there. Name it in allowOrigins if it may have it.`
      })
    }
    const credentials = await current(call)
    const spare = call.body._tag === "clone" && request.body !== null ? request.clone() : undefined
    // A credential that the caller put in by hand is the caller's: it is sent as it is and never renewed.
    const others = credentials.filter((credential) => !credential.isTaken(request))
    if (others.length < credentials.length) {
      const sent = await attach(request, others)
      const response = await dispatch(call, sent, spare, others)
      return isRedirect(call, response) ? followed(call, sent, response, spare, others) : response
    }
    const sent = await attach(request, credentials)
    return persist(
      call,
      spare,
      dispatch(call, sent, spare, credentials).then((response) => settle(call, sent, response, spare, credentials))
    )
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
          if (accepted.get(session) !== credential.generation) accepted.set(session, credential.generation)
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
    return wait(session.credentialAsync(call.signal)).then((credential) => sendPlainly(call, session, credential))
  }
}
