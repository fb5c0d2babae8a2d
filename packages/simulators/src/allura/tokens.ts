/** The tokens of users: bearer tokens, those of OAuth 1.0a, and those of OAuth 2, of which a client has one a user. */
import { randomBytes } from "node:crypto"
import type { Clock } from "../clock.ts"
import type { Ledger } from "../ledger.ts"
import { type AlluraOptions, credentials, type OAuth1Consumer, type OAuth2Client } from "./options.ts"

/** What happened, as the log tells it. */
export type AlluraEvent =
  | "consent"
  | "denial"
  | "signIn"
  | "refresh"
  | "tokenFailed"
  | "eviction"
  | "revocation"
  | "requestRejected"
  | "requestForbidden"

/** Why a request has no user although it needs one. */
export type AlluraRejection = "missing" | "unknown" | "expired" | "evicted" | "rotated" | "revoked"

/** An access token of OAuth 2. */
export interface OAuth2Token {
  readonly clientId: string
  readonly username: string
  readonly access: string
  readonly refresh: string
  readonly expiresAt: number
}

/** A code of OAuth 2; there is one a client and user. */
export interface Code {
  readonly value: string
  readonly clientId: string
  readonly username: string
  readonly redirectUri: string
  readonly challenge: string | undefined
  readonly method: string
  readonly expiresAt: number
}

/** A request token of OAuth 1.0a. */
export interface RequestToken {
  readonly token: string
  readonly secret: string
  readonly consumer: OAuth1Consumer
  /** Where to go on, or `oob`. */
  readonly callback: string
  username?: string
  verifier?: string
}

/** An access token of OAuth 1.0a. It has no end, and is not good as a bearer token. */
export interface OAuth1Token {
  readonly token: string
  readonly secret: string
  readonly consumer: OAuth1Consumer
  readonly username: string
}

export interface Tokens {
  readonly clients: ReadonlyMap<string, OAuth2Client>
  readonly consumers: ReadonlyMap<string, OAuth1Consumer>
  readonly requestTokens: Map<string, RequestToken>
  readonly oauth1: Map<string, OAuth1Token>
  /** Username by bearer token. */
  readonly bearers: Map<string, string>
  issueCode(code: Omit<Code, "value" | "expiresAt">): string
  /** The code of a client, if it is there and unexpired. */
  code(value: string, clientId: string): Code | undefined
  /** Takes a code away: it is used. */
  dropCode(value: string): void
  /** A new pair; the one that the client had for this user ends, by rotation or because somebody else got one. */
  issue(clientId: string, username: string, why: "rotated" | "evicted"): OAuth2Token
  /** Why an access token is not good. */
  whyNot(value: string | undefined): AlluraRejection
  byAccess(value: string): OAuth2Token | undefined
  byRefresh(value: string, clientId: string): OAuth2Token | undefined
  /** Ends whatever this token is. */
  revoke(value: string): void
  liveOAuth2(): number
}

/** Random text of the alphabet and length of the real tokens. */
const alphanumeric = (length: number): string => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
  // Of 256 values the last 8 would favour the first letters.
  const bytes = [...randomBytes(length * 2)].filter((byte) => byte < 248)
  return bytes.length < length
    ? alphanumeric(length)
    : bytes
        .slice(0, length)
        .map((byte) => alphabet[byte % 62])
        .join("")
}

/** A token as OAuth libraries make them: 30 letters and digits. */
export const newToken = (): string => alphanumeric(30)

export const makeTokens = (
  clock: Clock,
  ledger: Ledger<AlluraEvent>,
  options: {
    readonly clients: NonNullable<AlluraOptions["clients"]>
    readonly consumers: ReadonlyArray<OAuth1Consumer>
  },
  life: { readonly code: number; readonly access: number }
): Tokens => {
  const consumers = new Map(options.consumers.map((consumer) => [consumer.key, consumer]))
  const codes = new Map<string, Code>()
  const rows = new Map<string, OAuth2Token>()
  const dead = new Map<string, AlluraRejection>()
  const rowOf = (clientId: string, username: string) => `${clientId} ${username}`
  const demo = consumers.get(credentials.oauth1.consumerKey)
  const oauth1 = new Map<string, OAuth1Token>()
  if (demo !== undefined) {
    const { token, tokenSecret } = credentials.oauth1
    oauth1.set(token, { token, secret: tokenSecret, consumer: demo, username: "dana" })
  }
  const bearers = new Map<string, string>([
    [credentials.bearer, "dana"],
    [credentials.guestBearer, "guest"]
  ])
  return {
    clients: new Map(options.clients.map((client) => [client.clientId, client])),
    consumers,
    requestTokens: new Map(),
    oauth1,
    bearers,
    issueCode: (code) => {
      for (const other of codes.values()) {
        if (other.clientId === code.clientId && other.username === code.username) codes.delete(other.value)
      }
      const value = newToken()
      codes.set(value, { ...code, value, expiresAt: clock.now() + life.code })
      return value
    },
    code: (value, clientId) => {
      const code = codes.get(value)
      return code !== undefined && code.clientId === clientId && clock.now() <= code.expiresAt ? code : undefined
    },
    dropCode: (value) => {
      codes.delete(value)
    },
    whyNot: (value) => {
      if (value === undefined) return "missing"
      return dead.get(value) ?? ([...rows.values()].some((row) => row.access === value) ? "expired" : "unknown")
    },
    issue: (clientId, username, why) => {
      const old = rows.get(rowOf(clientId, username))
      if (old !== undefined) {
        dead.set(old.access, why)
        if (why === "evicted") ledger.note("eviction", { account: username, access: old.access, refresh: old.refresh })
      }
      const row = { clientId, username, access: newToken(), refresh: newToken(), expiresAt: clock.now() + life.access }
      rows.set(rowOf(clientId, username), row)
      return row
    },
    byAccess: (value) => {
      const row = [...rows.values()].find((one) => one.access === value)
      return row !== undefined && clock.now() <= row.expiresAt ? row : undefined
    },
    byRefresh: (value, clientId) =>
      [...rows.values()].find((one) => one.refresh === value && one.clientId === clientId),
    revoke: (value) => {
      const row = [...rows.values()].find((one) => one.access === value || one.refresh === value)
      const known =
        bearers.delete(value) ||
        oauth1.delete(value) ||
        (row !== undefined && rows.delete(rowOf(row.clientId, row.username)))
      if (!known) return
      dead.set(row?.access ?? value, "revoked")
      ledger.note("revocation", { access: value })
    },
    liveOAuth2: () => [...rows.values()].filter((row) => clock.now() < row.expiresAt).length
  }
}
