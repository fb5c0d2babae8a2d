/**
 * What a sign-in or a refresh obtains: the tokens, and the times that matter.
 * Times are milliseconds since the epoch on this machine's wall clock; a server's own clock has been corrected for.
 */
import * as Redacted from "effect/Redacted"

/** The tokens of a session. */
export interface TokenSet {
  readonly accessToken: Redacted.Redacted<string>
  readonly refreshToken?: Redacted.Redacted<string>
  /** The secret that belongs to the access token, for requests that are signed with it (RFC 5849 §1.1). */
  readonly tokenSecret?: Redacted.Redacted<string>
  /** As the server wrote it; `Bearer` in practice, `OAuth` for OAuth 1.0a, which has no types. Compared without regard to case (RFC 6749 §5.1). */
  readonly tokenType: string
  /** The granted scopes (RFC 6749 §3.3), when they are known. */
  readonly scope?: ReadonlyArray<string>
  /** When the answer arrived. */
  readonly issuedAt: number
  /** When the access token ends, as announced; absent when the server announced nothing that can be used. */
  readonly expiresAt?: number
  /** When the refresh token was issued: its own life counts from here, also when a later answer omits it. */
  readonly refreshIssuedAt?: number
}

/**
 * The tokens after a refresh: a refresh token that the answer omits is kept, one that it brings replaces the old one
 * (RFC 6749 §6), and an omitted scope is the scope that was there.
 */
export const merge = (previous: TokenSet, next: TokenSet): TokenSet => ({
  ...(next.scope === undefined && previous.scope !== undefined ? { scope: previous.scope } : {}),
  ...(next.refreshToken === undefined && previous.refreshToken !== undefined
    ? {
        refreshToken: previous.refreshToken,
        ...(previous.refreshIssuedAt === undefined ? {} : { refreshIssuedAt: previous.refreshIssuedAt })
      }
    : {}),
  ...next
})

/** The tokens without the refresh token: what is left of a session once the server has refused that token. */
export const withoutRefreshToken = (tokens: TokenSet): TokenSet => {
  const { refreshToken: _, refreshIssuedAt: __, ...rest } = tokens
  return rest
}

/** Whether two sets hold the same refresh token. */
export const sameRefreshToken = (a: TokenSet, b: TokenSet): boolean =>
  a.refreshToken !== undefined &&
  b.refreshToken !== undefined &&
  Redacted.value(a.refreshToken) === Redacted.value(b.refreshToken)
