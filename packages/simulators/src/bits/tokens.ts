/** Tokens: three kinds with different powers, good for a fixed time, with nothing to renew them by. */
import { createHmac, randomBytes } from "node:crypto"
import type { Clock } from "../clock.ts"
import type { Ledger } from "../ledger.ts"
import type { BitsClient } from "./options.ts"

/** What happened, as the log tells it. */
export type BitsEvent =
  | "signIn"
  | "signInFailed"
  | "sessionToken"
  | "revocation"
  | "requestRejected"
  | "requestForbidden"

/** Why a token is not good. */
export type BitsRejection = "missing" | "unknown" | "expired" | "revoked"

/** What a token may do. */
export type Scope = "application" | "application.read" | "application.session"

export const scopes: ReadonlyArray<Scope> = ["application", "application.read", "application.session"]

/** The claims of `application.session`: it runs the flow of one application. */
export interface SessionClaims {
  readonly applicationId: string
  readonly workflowId: string
  readonly redirectUrl: string
}

export interface Token {
  readonly value: string
  readonly client: BitsClient
  readonly scope: Scope
  readonly claims?: SessionClaims
  readonly expiresAt: number
  revoked: boolean
}

export interface Tokens {
  issue(client: BitsClient, scope: Scope, life: number, claims?: SessionClaims): Token
  find(value: string): Token | BitsRejection
  revoke(value: string): void
  /** How many are good now. */
  live(): number
}

const base64url = (text: string) => Buffer.from(text).toString("base64url")

/** The vendor's sample is a JWT with an HMAC; only the simulator itself has the key, so a client cannot but treat it as opaque. */
const sessionJwt = (key: Buffer, claims: SessionClaims, expiresAt: number): string => {
  const head = base64url(JSON.stringify({ alg: "HS256", typ: "JWT" }))
  const body = base64url(
    JSON.stringify({
      application_id: claims.applicationId,
      workflow_id: claims.workflowId,
      redirect_url: claims.redirectUrl,
      exp: Math.floor(expiresAt / 1000),
      jti: randomBytes(9).toString("base64url")
    })
  )
  return `${head}.${body}.${createHmac("sha256", key).update(`${head}.${body}`).digest("base64url")}`
}

export const makeTokens = (clock: Clock, ledger: Ledger<BitsEvent>, oneTokenPerClient: boolean): Tokens => {
  const key = randomBytes(32)
  const tokens = new Map<string, Token>()
  return {
    issue: (client, scope, life, claims) => {
      const expiresAt = clock.now() + life
      if (oneTokenPerClient && scope !== "application.session") {
        for (const token of tokens.values()) {
          if (token.client.clientId === client.clientId && token.claims === undefined) token.revoked = true
        }
      }
      // The prefix is what a search for leaks looks for.
      const value =
        claims === undefined
          ? `bits-access.${randomBytes(24).toString("base64url")}`
          : sessionJwt(key, claims, expiresAt)
      const token: Token = { value, client, scope, expiresAt, revoked: false, ...(claims && { claims }) }
      tokens.set(value, token)
      ledger.note(claims === undefined ? "signIn" : "sessionToken", { account: client.clientId, access: value })
      return token
    },
    find: (value) => {
      const token = tokens.get(value)
      if (token === undefined) return "unknown"
      if (token.revoked) return "revoked"
      return clock.now() >= token.expiresAt ? "expired" : token
    },
    revoke: (value) => {
      const token = tokens.get(value)
      if (token === undefined || token.revoked) return
      token.revoked = true
      ledger.note("revocation", { account: token.client.clientId, access: value })
    },
    live: () => [...tokens.values()].filter((token) => !token.revoked && clock.now() < token.expiresAt).length
  }
}
