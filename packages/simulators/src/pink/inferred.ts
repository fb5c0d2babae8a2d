/**
 * What the vendor of platform.pink does not state: nearly everything, since its one page tells of consent, bearer tokens that
 * expire and are refreshed, personal access tokens and least scopes. This is the one place where it is declared; every reading
 * of it is tested.
 */
import type { Readings, SwitchesOf } from "../switches.ts"

/** The readings of each behaviour; the first is the default, as the standards advise. */
export const inferred = {
  /** Whether a request without a code challenge is refused (RFC 9700 §2.1.1). */
  pkce: ["required", "optional"],
  /** What a refresh does with the refresh token: a new one for the old, none so that the old stays, or never any. */
  refresh: ["rotate", "keep", "none"],
  /** Whether a spent refresh token that comes again ends all tokens of its consent (RFC 9700 §4.14). */
  reuseEndsAll: [true, false],
  /** Whether a code that comes again ends the tokens that came of it (RFC 6749 §4.1.2). */
  codeReplayEndsAll: [true, false],
  /** Whether the token answer says `expires_in`. */
  announceExpiry: [true, false],
  /** How the token answer spells the kind of the token, in whatever case (RFC 6749 §7.1). */
  tokenType: ["Bearer", "bearer"],
  /** How a client with a secret may send it. */
  clientAuthentication: ["any", "basic", "body"],
  /** Whether the redirect names the issuer (RFC 9207). */
  iss: [true, false],
  /** Whether the port of a loopback redirect is free (RFC 8252 §7.3) or compared like everything else. */
  loopbackPortFree: [true, false],
  /** Whether the token answer names the scope even when it is as asked (RFC 6749 §5.1). */
  alwaysNameScope: [false, true],
  /** Whether access tokens can be revoked, rather than refresh tokens alone (RFC 7009 §2). */
  revokeAccessTokens: [true, false],
  /** Whether 401 and 403 carry `WWW-Authenticate` (RFC 6750 §3). */
  wwwAuthenticate: [true, false]
} as const satisfies Readings

/** The behaviours that the vendor does not state, one reading of each. */
export type PinkInferred = SwitchesOf<typeof inferred>
