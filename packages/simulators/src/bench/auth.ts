/** Sign-in, refresh and sign-out; and the guard in front of everything else. */
import type { Context, Hono, MiddlewareHandler } from "hono"
import { type Clock, rfc3339 } from "../clock.ts"
import { bearerOf, isForm } from "../headers.ts"
import type { Ledger } from "../ledger.ts"
import { errorBody } from "./errors.ts"
import type { BenchSwitches } from "./inferred.ts"
import type { Principal } from "./options.ts"
import type { BenchEvent, Rejection, Session, Sessions } from "./sessions.ts"

export interface BenchEnv {
  readonly Variables: { readonly session: Session }
}

export interface AuthParts {
  readonly clock: Clock
  readonly ledger: Ledger<BenchEvent>
  readonly sessions: Sessions
  readonly principals: ReadonlyMap<string, Principal>
  readonly switches: BenchSwitches
  /** Milliseconds an unused session lives, and a refresh token: one of them is what `expiry` announces. */
  readonly idle: number
  readonly refreshLife: number
  /** Whether a login may sign in from this address. */
  readonly mayComeFrom: (login: string, address: string) => boolean
}

type Failure = "access_denied" | "invalid_request" | "invalid_grant" | "unsupported_grant_type" | "invalid_token"

const authFailure = (
  c: Context,
  parts: AuthParts,
  status: 400 | 401 | 403 | 415,
  error: Failure,
  description: string
) =>
  c.json(
    parts.switches.authErrorBody === "oauth"
      ? { error, error_description: description }
      : errorBody(status, [{ errorType: "ValidationError", description }], new URL(c.req.url).pathname),
    status
  )

const tokenAnswer = (c: Context, { clock, switches, idle, refreshLife }: AuthParts, session: Session) => {
  c.header("cache-control", "no-store")
  const life = switches.expiryOf === "session" ? idle : refreshLife
  return c.json(
    {
      access_token: session.accessToken,
      token_type: "Bearer",
      refresh_token: session.refreshToken,
      expiry: rfc3339(clock.now() + life, switches.expiryDigits)
    },
    switches.tokenStatus
  )
}

const why: Record<Rejection, string> = {
  missing: "The Authorization header holds no bearer token.",
  unknown: "This token was never issued here.",
  expired: "The session has expired.",
  evicted: "The session was ended by another sign-in with the same account.",
  rotated: "The session was refreshed; use the newer token.",
  spent: "This refresh token was used already; use the newest one.",
  signedOut: "The session was signed out.",
  revoked: "The account was deactivated, or its password changed."
}

const reject = (c: Context, { ledger, switches }: AuthParts, reason: Rejection, token: string | undefined) => {
  ledger.note("requestRejected", {
    reason,
    operation: `${c.req.method} ${new URL(c.req.url).pathname}`,
    ...(token && { access: token })
  })
  if (switches.wwwAuthenticate) {
    // RFC 6750 §3.1: no error code when the request had no credentials at all.
    c.header("www-authenticate", reason === "missing" ? "Bearer" : 'Bearer error="invalid_token"')
  }
  return c.json(
    errorBody(401, [{ errorType: "NotAllowed", description: why[reason] }], new URL(c.req.url).pathname),
    401
  )
}

/** Lets a request with a live session through, and keeps that session alive. */
export const guard =
  (parts: AuthParts): MiddlewareHandler<BenchEnv> =>
  async (c, next) => {
    const token = bearerOf(c.req.header("authorization"))
    const session = token === undefined ? "missing" : parts.sessions.use(token)
    if (typeof session === "string") return reject(c, parts, session, token)
    c.set("session", session)
    return next()
  }

/** Adds the three auth operations. */
export const addAuth = (app: Hono<BenchEnv>, parts: AuthParts): void => {
  const { ledger, sessions, principals, switches } = parts

  const form = async (c: Context): Promise<URLSearchParams | Response> =>
    isForm(c.req.header("content-type"))
      ? new URLSearchParams(await c.req.text())
      : authFailure(
          c,
          parts,
          switches.encodingFailureStatus,
          "invalid_request",
          "The body must be application/x-www-form-urlencoded."
        )

  app.post("/auth/signin", async (c) => {
    ledger.request("POST /auth/signin")
    const fields = await form(c)
    if (fields instanceof Response) {
      ledger.note("signInFailed", { reason: "encoding" })
      return fields
    }
    const login = fields.get("username")
    const password = fields.get("password")
    if (!login || password === null) {
      ledger.note("signInFailed", { reason: "fields" })
      return authFailure(c, parts, 400, "invalid_request", "The form must hold username and password.")
    }
    const principal = principals.get(login)
    if (principal === undefined || principal.password !== password) {
      ledger.note("signInFailed", { reason: "credentials", ...(principal && { account: login }) })
      return authFailure(c, parts, switches.signInFailureStatus, "invalid_grant", "The username or password is wrong.")
    }
    const address = c.req.header("x-forwarded-for")?.split(",")[0]?.trim() ?? "127.0.0.1"
    if (switches.enforceAllowedNetworks && !parts.mayComeFrom(login, address)) {
      ledger.note("signInFailed", { reason: "network", account: login })
      return authFailure(c, parts, 403, "access_denied", "This address is not one of the account's networks.")
    }
    return tokenAnswer(c, parts, sessions.signIn(principal))
  })

  app.post("/auth/token", async (c) => {
    ledger.request("POST /auth/token")
    const fields = await form(c)
    if (fields instanceof Response) {
      ledger.note("refreshFailed", { reason: "encoding" })
      return fields
    }
    if (fields.get("grant_type") !== "refresh_token") {
      ledger.note("refreshFailed", { reason: "fields" })
      return authFailure(c, parts, 400, "unsupported_grant_type", "grant_type must be refresh_token.")
    }
    const token = fields.get("refresh_token")
    if (!token) {
      ledger.note("refreshFailed", { reason: "fields" })
      return authFailure(c, parts, 400, "invalid_request", "The form must hold refresh_token.")
    }
    const session = sessions.refresh(token)
    if (typeof session === "string") {
      ledger.note("refreshFailed", { reason: session, refresh: token })
      return authFailure(c, parts, switches.refreshFailureStatus, "invalid_grant", why[session])
    }
    return tokenAnswer(c, parts, session)
  })

  app.on(switches.signOutMethod, "/auth/signout", (c) => {
    ledger.request(`${switches.signOutMethod} /auth/signout`)
    const token = bearerOf(c.req.header("authorization"))
    const session = token === undefined ? "missing" : sessions.signOut(token)
    if (typeof session === "string") return reject(c, parts, session, token)
    return c.body(null, switches.signOutStatus)
  })
}
