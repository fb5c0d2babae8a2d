/**
 * Who is signed in. Every change happens in one synchronous step: nothing can come between the check of a limit and the
 * write that relies on it.
 */
import { randomBytes } from "node:crypto"
import type { Clock } from "../clock.ts"
import type { Ledger } from "../ledger.ts"
import type { Principal } from "./options.ts"

/** What happened, as the log tells it. */
export type BenchEvent =
  | "signIn"
  | "signInFailed"
  | "refresh"
  | "refreshFailed"
  | "signOut"
  | "eviction"
  | "requestRejected"

/**
 * Why a token is not good. `rotated`: replaced by a refresh. `spent`: a refresh token sent again. `revoked`: the account
 * was deactivated, or its password changed.
 */
export type Rejection = "missing" | "unknown" | "expired" | "evicted" | "rotated" | "spent" | "signedOut" | "revoked"

/** A session. Its tokens are its identity. */
export interface Session {
  readonly principal: Principal
  readonly accessToken: string
  readonly refreshToken: string
  /** When it was opened, or its tokens replaced. */
  readonly issuedAt: number
  lastUsedAt: number
}

export interface SessionRules {
  /** Milliseconds an unused session lives. */
  readonly idle: number
  /** Milliseconds a refresh token lives from its issue. */
  readonly refreshLife: number
  /** Sessions at a time. */
  readonly caps: { readonly person: number; readonly service: number }
  readonly evictionEndsRefresh: boolean
  readonly refreshKeepsAge: boolean
}

export interface Sessions {
  /** Opens a session, at the cost of the oldest ones when the account has too many. */
  signIn(principal: Principal): Session
  /** Replaces both tokens of the session that this refresh token belongs to. */
  refresh(token: string): Session | Rejection
  /** The session of an access token; using it keeps it alive. */
  use(token: string): Session | Rejection
  /** The live session of an access token, without using it. */
  peek(token: string): Session | undefined
  /** Ends the session of an access token. */
  signOut(token: string): Session | Rejection
  /** Ends all that a login has, refresh tokens of idle sessions included. */
  revoke(login: string): void
  /** How many sessions are alive, of this login or of everybody. */
  live(login?: string): number
}

// The vendor's tokens are opaque. Ours begin with a mark that a search for leaks can look for, and a refresh token ends in
// characters that a form must escape.
const accessToken = () => `bench-access.${randomBytes(24).toString("base64url")}`
const refreshToken = () => `bench-refresh.${randomBytes(24).toString("base64url")}+/=`

export const makeSessions = (rules: SessionRules, clock: Clock, ledger: Ledger<BenchEvent>): Sessions => {
  // The sessions of a login, in the order in which they would be evicted.
  const slots = new Map<string, Array<Session>>()
  const byAccess = new Map<string, Session>()
  const byRefresh = new Map<string, Session>()
  // Why a token that once was good is not any more.
  const deadAccess = new Map<string, Rejection>()
  const deadRefresh = new Map<string, Rejection>()

  const slotsOf = (login: string) => {
    const held = slots.get(login) ?? []
    slots.set(login, held)
    return held
  }
  const idledOut = (session: Session) => clock.now() - session.lastUsedAt >= rules.idle

  const end = (session: Session, why: Rejection, whyRefresh: Rejection | "keep" = why) => {
    byAccess.delete(session.accessToken)
    deadAccess.set(session.accessToken, why)
    if (whyRefresh !== "keep") {
      byRefresh.delete(session.refreshToken)
      deadRefresh.set(session.refreshToken, whyRefresh)
    }
    const held = slotsOf(session.principal.login)
    const at = held.indexOf(session)
    if (at >= 0) held.splice(at, 1)
    return at
  }

  const evictDownTo = (principal: Principal, room: number) => {
    const held = slotsOf(principal.login)
    while (held.length > room) {
      const oldest = held[0] as Session
      end(oldest, "evicted", rules.evictionEndsRefresh ? "evicted" : "keep")
      ledger.note("eviction", { account: principal.login, access: oldest.accessToken, refresh: oldest.refreshToken })
    }
  }

  /** An idle session holds no slot any more, though its refresh token may still be good. */
  const dropIdle = (login: string) => {
    for (const session of slotsOf(login).filter(idledOut)) slotsOf(login).splice(slotsOf(login).indexOf(session), 1)
  }

  const open = (principal: Principal, at: number): Session => {
    const now = clock.now()
    const session: Session = {
      principal,
      accessToken: accessToken(),
      refreshToken: refreshToken(),
      issuedAt: now,
      lastUsedAt: now
    }
    byAccess.set(session.accessToken, session)
    byRefresh.set(session.refreshToken, session)
    slotsOf(principal.login).splice(at, 0, session)
    return session
  }

  const makeRoom = (principal: Principal) => {
    dropIdle(principal.login)
    evictDownTo(principal, rules.caps[principal.kind] - 1)
    return slotsOf(principal.login).length
  }

  const find = (token: string): Session | Rejection => {
    const session = byAccess.get(token)
    if (session === undefined) return deadAccess.get(token) ?? "unknown"
    return idledOut(session) ? "expired" : session
  }

  return {
    signIn: (principal) => {
      const session = open(principal, makeRoom(principal))
      ledger.note("signIn", { account: principal.login, access: session.accessToken, refresh: session.refreshToken })
      return session
    },
    refresh: (token) => {
      const old = byRefresh.get(token)
      if (old === undefined) return deadRefresh.get(token) ?? "unknown"
      if (clock.now() - old.issuedAt >= rules.refreshLife) return "expired"
      const slot = end(old, "rotated", "spent")
      // Its own slot is free now; a session that had lost it, idle or evicted, needs one as a sign-in does.
      const newest = makeRoom(old.principal)
      const at = rules.refreshKeepsAge && slot >= 0 ? Math.min(slot, newest) : newest
      const session = open(old.principal, at)
      ledger.note("refresh", {
        account: old.principal.login,
        access: session.accessToken,
        refresh: session.refreshToken
      })
      return session
    },
    use: (token) => {
      const session = find(token)
      if (typeof session !== "string") session.lastUsedAt = clock.now()
      return session
    },
    peek: (token) => {
      const session = find(token)
      return typeof session === "string" ? undefined : session
    },
    signOut: (token) => {
      const session = find(token)
      if (typeof session === "string") return session
      end(session, "signedOut")
      ledger.note("signOut", { account: session.principal.login, access: token, refresh: session.refreshToken })
      return session
    },
    revoke: (login) => {
      for (const session of new Set([...byAccess.values(), ...byRefresh.values()])) {
        if (session.principal.login === login) end(session, "revoked")
      }
    },
    live: (login) =>
      [...byAccess.values()].filter((s) => !idledOut(s) && (login === undefined || s.principal.login === login)).length
  }
}
