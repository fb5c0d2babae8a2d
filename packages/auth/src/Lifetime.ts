/**
 * How long tokens are good: pure functions of the tokens, what the contract says of lifetimes, and the time.
 */
import { type Lifetime, parseDuration, type SessionDescription } from "@keyturn/contract"
import * as Duration from "effect/Duration"
import type { Policy } from "./Policy.ts"
import type { TokenSet } from "./TokenSet.ts"

/** What decides about a session's renewals: the contract's words as numbers (milliseconds), and what the grant can do. */
export interface Terms {
  /** See `Lifetime` in `@keyturn/contract`. */
  readonly expiry: "strict" | "hint" | "none"
  readonly idle: number | undefined
  /** The access token's life where its answer announces none. */
  readonly accessTtl: number | undefined
  readonly refreshTtl: number | undefined
  /** For how long after its first use a refresh token may be sent again; 0 when it is single use. */
  readonly grace: number
  /** Whether the API takes refresh tokens. */
  readonly refreshable: boolean
  /** How one signs in: with what the session holds, with a person, or not at all (a token made elsewhere). */
  readonly signIn: "headless" | "interactive" | "never"
}

const milliseconds = (iso: string | undefined): number | undefined =>
  iso === undefined ? undefined : parseDuration(iso)

/** The terms of a session description. */
export const terms = (description: SessionDescription, signIn: Terms["signIn"], refreshable: boolean): Terms => {
  const lifetime: Lifetime = description.lifetime ?? {}
  const reuse = description.refresh?.reuse
  return {
    expiry: lifetime.access?.expiry ?? "strict",
    idle: milliseconds(lifetime.access?.idle),
    accessTtl: milliseconds(lifetime.access?.ttl),
    refreshTtl: milliseconds(lifetime.refresh?.ttl),
    grace: typeof reuse === "object" ? (milliseconds(reuse.grace) ?? 0) : 0,
    refreshable,
    signIn
  }
}

/**
 * When to renew: a margin before the expiry, `min(policy margin, fraction × lifetime)`, and up to the policy's jitter of
 * it earlier. `draw` is a number in [0, 1) drawn once per token and holder, so that holders spread out.
 */
export const renewAt = (tokens: TokenSet, terms: Terms, policy: Policy, draw: number): number | undefined => {
  if (tokens.expiresAt === undefined || terms.expiry === "none") return undefined
  const life = tokens.expiresAt - tokens.issuedAt
  if (life <= 0) return undefined
  const margin = Math.min(Duration.toMillis(policy.renewal.margin), policy.renewal.fraction * life)
  // Whole milliseconds, as all times are.
  return Math.floor(tokens.expiresAt - margin * (1 + draw * policy.renewal.jitter))
}

/** Tokens with the life that the contract gives them, where their answer announced none. */
export const dated = (tokens: TokenSet, { accessTtl }: Terms): TokenSet =>
  tokens.expiresAt !== undefined || accessTtl === undefined
    ? tokens
    : { ...tokens, expiresAt: tokens.issuedAt + accessTtl }

/** Until when a token may be sent: its expiry when that is strict, and the end of the idle time since its last use. */
export const serveUntil = (tokens: TokenSet, lastUsedAt: number, terms: Terms): number =>
  Math.min(
    terms.expiry === "strict" ? (tokens.expiresAt ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
    terms.idle === undefined ? Number.POSITIVE_INFINITY : Math.max(lastUsedAt, tokens.issuedAt) + terms.idle
  )

/** Whether the refresh token is there and, as far as can be known, alive. */
export const canRefresh = (tokens: TokenSet, now: number, terms: Terms): boolean =>
  terms.refreshable &&
  tokens.refreshToken !== undefined &&
  (terms.refreshTtl === undefined || now < (tokens.refreshIssuedAt ?? tokens.issuedAt) + terms.refreshTtl)
