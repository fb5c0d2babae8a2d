/** What was consented to, and the codes and tokens that came of it. Every change is one synchronous step. */
import { randomBytes } from "node:crypto"
import type { Clock } from "../clock.ts"
import type { Ledger } from "../ledger.ts"
import type { PinkClient, PinkSwitches } from "./options.ts"

/** What happened, as the log tells it. */
export type PinkEvent =
  | "consent"
  | "denial"
  | "signIn"
  | "refresh"
  | "refreshReplay"
  | "tokenFailed"
  | "revocation"
  | "signOut"
  | "requestRejected"
  | "requestForbidden"

/** Why a token is not good. */
export type PinkRejection = "missing" | "unknown" | "expired" | "revoked"

/** One consent: everything that was issued for it stands and falls together. */
export interface Consent {
  readonly client: PinkClient
  readonly scopes: ReadonlyArray<string>
  revoked: boolean
}

export interface Code {
  readonly consent: Consent
  readonly redirectUri: string
  /** What was asked for, to tell whether less was granted. */
  readonly asked: ReadonlyArray<string>
  readonly challenge: string | undefined
  readonly expiresAt: number
  used: boolean
}

/** The token answer of RFC 6749 §5.1. */
export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: "Bearer" | "bearer"
  readonly expires_in?: number
  readonly refresh_token?: string
  readonly scope?: string
}

interface Access {
  readonly consent: Consent
  readonly scopes: ReadonlyArray<string>
  readonly expiresAt: number
  revoked: boolean
}

interface Refresh {
  readonly consent: Consent
  readonly expiresAt: number
  spentAt?: number
  answer?: TokenAnswer
}

/** Why a grant is refused: the words of the answer, and of the log. */
export type GrantFailure = "unknown" | "expired" | "spent" | "revoked" | "client" | "scope"

export interface Grants {
  issueCode(code: Omit<Code, "expiresAt" | "used">): string
  /** The code, if it is there and unexpired. A second use ends what came of the first (RFC 6749 §4.1.2). */
  takeCode(value: string, client: PinkClient): Code | GrantFailure
  /** The first tokens of a code. */
  redeem(code: Code): TokenAnswer
  refresh(value: string, client: PinkClient, scopes: ReadonlyArray<string> | undefined): TokenAnswer | GrantFailure
  /** What an access token may do. */
  find(value: string): { readonly scopes: ReadonlyArray<string>; readonly client: PinkClient } | PinkRejection
  /** What kind of token this is, if it is one of the client's. */
  kindOf(value: string, client?: PinkClient): "access" | "refresh" | undefined
  /** Ends an access token, or with a refresh token all of its consent (RFC 7009 §2.1). */
  revoke(value: string): void
  /** Ends the consent that an access token came of. */
  withdraw(value: string): void
  live(): number
}

const token = (kind: string) => `pink-${kind}.${randomBytes(24).toString("base64url")}`

export const makeGrants = (
  clock: Clock,
  ledger: Ledger<PinkEvent>,
  switches: PinkSwitches,
  life: { readonly code: number; readonly access: number; readonly refresh: number }
): Grants => {
  const codes = new Map<string, Code>()
  const accesses = new Map<string, Access>()
  const refreshes = new Map<string, Refresh>()
  const issue = (
    consent: Consent,
    scopes: ReadonlyArray<string>,
    asked: ReadonlyArray<string>,
    withRefresh: boolean
  ): TokenAnswer => {
    const access = token("access")
    accesses.set(access, { consent, scopes, expiresAt: clock.now() + life.access, revoked: false })
    const refresh = withRefresh ? token("refresh") : undefined
    if (refresh !== undefined) refreshes.set(refresh, { consent, expiresAt: clock.now() + life.refresh })
    const less = scopes.length !== asked.length || scopes.some((scope) => !asked.includes(scope))
    return {
      access_token: access,
      token_type: switches.tokenType,
      ...(switches.announceExpiry && { expires_in: Math.round(life.access / 1000) }),
      ...(refresh !== undefined && { refresh_token: refresh }),
      ...((less || switches.alwaysNameScope) && { scope: scopes.join(" ") })
    }
  }

  const end = (consent: Consent, why: string) => {
    if (consent.revoked) return
    consent.revoked = true
    ledger.note("revocation", { account: consent.client.clientId, reason: why })
  }

  return {
    issueCode: (code) => {
      const value = token("code")
      codes.set(value, { ...code, expiresAt: clock.now() + life.code, used: false })
      return value
    },
    takeCode: (value, client) => {
      const code = codes.get(value)
      if (code === undefined) return "unknown"
      if (code.consent.client.clientId !== client.clientId) return "client"
      if (code.used) {
        if (switches.codeReplayEndsAll) end(code.consent, "code replayed")
        return "spent"
      }
      return clock.now() >= code.expiresAt ? "expired" : code
    },
    redeem: (code) => {
      code.used = true
      const answer = issue(code.consent, code.consent.scopes, code.asked, switches.refresh !== "none")
      ledger.note("signIn", {
        account: code.consent.client.clientId,
        access: answer.access_token,
        ...(answer.refresh_token !== undefined && { refresh: answer.refresh_token })
      })
      return answer
    },
    refresh: (value, client, wanted) => {
      const held = refreshes.get(value)
      if (held === undefined) return "unknown"
      if (held.consent.client.clientId !== client.clientId) return "client"
      if (held.consent.revoked) return "revoked"
      if (held.spentAt !== undefined && held.answer !== undefined) {
        if (switches.refreshGrace > 0 && clock.now() - held.spentAt <= switches.refreshGrace) {
          ledger.note("refreshReplay", { account: client.clientId, refresh: value })
          return held.answer
        }
        if (switches.reuseEndsAll) end(held.consent, "refresh token reused")
        return "spent"
      }
      if (clock.now() >= held.expiresAt) return "expired"
      if (wanted?.some((scope) => !held.consent.scopes.includes(scope))) return "scope"
      const rotates = switches.refresh === "rotate"
      const answer = issue(held.consent, wanted ?? held.consent.scopes, wanted ?? held.consent.scopes, rotates)
      if (rotates) {
        held.spentAt = clock.now()
        held.answer = answer
      }
      ledger.note("refresh", {
        account: client.clientId,
        access: answer.access_token,
        ...(answer.refresh_token !== undefined && { refresh: answer.refresh_token })
      })
      return answer
    },
    find: (value) => {
      const access = accesses.get(value)
      if (access === undefined) return "unknown"
      if (access.revoked || access.consent.revoked) return "revoked"
      return clock.now() >= access.expiresAt ? "expired" : { scopes: access.scopes, client: access.consent.client }
    },
    kindOf: (value, client) => {
      const kind = accesses.has(value) ? "access" : refreshes.has(value) ? "refresh" : undefined
      const owner = (accesses.get(value) ?? refreshes.get(value))?.consent.client.clientId
      return client === undefined || owner === client.clientId ? kind : undefined
    },
    revoke: (value) => {
      const access = accesses.get(value)
      if (access !== undefined && !access.revoked) {
        access.revoked = true
        ledger.note("signOut", { account: access.consent.client.clientId, access: value })
      }
      const refresh = refreshes.get(value)
      if (refresh !== undefined && !refresh.consent.revoked) {
        refresh.consent.revoked = true
        ledger.note("signOut", { account: refresh.consent.client.clientId, refresh: value })
      }
    },
    withdraw: (value) => {
      const access = accesses.get(value)
      if (access !== undefined) end(access.consent, "consent withdrawn")
    },
    live: () =>
      [...accesses.values()].filter((one) => !one.revoked && !one.consent.revoked && clock.now() < one.expiresAt).length
  }
}
