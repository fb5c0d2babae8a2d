/**
 * A grant (RFC 6749 §1.3): a way to obtain tokens. `fromDescription` is the one that a contract describes and is enough
 * for most APIs; a plugin, or a user, writes others by implementing `Grant`.
 */
import type { GrantName, SecurityScheme, SessionDescription } from "@keyturn/contract"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { RequestSigner } from "./RequestSigner.ts"
import type { TokenType } from "./TokenAnswer.ts"
import type { TokenSet } from "./TokenSet.ts"
import type { Transport } from "./Transport.ts"

/** The server said no: it did nothing, and will say no again. */
export class GrantRejected extends Data.TaggedError("GrantRejected")<{
  /** HTTP status; 0 when no call was made or the refusal came another way: the message then says what to do. */
  readonly status: number
  /** RFC 6749 §5.2 error code, when the answer held one. */
  readonly code?: string | undefined
  /** For people; holds no secret. */
  readonly message: string
  /** What to do about it. Default: what the status and the code usually mean. */
  readonly cure?: string | undefined
}> {}

/** No usable answer: the network, a deadline, a 429 or a 5xx. */
export class GrantUnavailable extends Data.TaggedError("GrantUnavailable")<{
  /**
   * Whether the server may have done what was asked. False only when the request surely was not processed: the
   * connection was never made, or the server turned the request away (429).
   */
  readonly ambiguous: boolean
  readonly status?: number | undefined
  /** Milliseconds. */
  readonly retryAfter?: number | undefined
  readonly message: string
  readonly cause?: unknown
}> {}

/** The server answered with success, but not with tokens that can be used. It may have done what was asked. */
export class GrantAnswerInvalid extends Data.TaggedError("GrantAnswerInvalid")<{
  readonly status: number
  readonly message: string
}> {}

/** How a call of a grant fails. */
export type GrantFailure = GrantRejected | GrantUnavailable | GrantAnswerInvalid

/** The longest that one call of a grant may take; see `Policy`. */
export interface Deadlines {
  readonly signIn: Duration.Duration
  readonly refresh: Duration.Duration
  readonly signOut: Duration.Duration
}

/** What a grant needs to know of where it is used. */
export interface GrantContext {
  readonly scheme: SecurityScheme
  /** The scheme's description, with what the standard says of the grant filled in. */
  readonly description: SessionDescription
  /** The API's server, in use. */
  readonly baseUrl: string
  /** The contract's own first server: URLs below it move to `baseUrl`. */
  readonly declaredUrl: string | undefined
  /** The scopes to ask for; empty asks for the server's default. */
  readonly scopes: ReadonlyArray<string>
  readonly transport: Transport
  readonly deadline: Deadlines
  /** The type that tokens must have. Default `Bearer`; `DPoP` when the transport proves a key, see `Dpop.bind`. */
  readonly tokenType?: TokenType
}

/** A way to obtain tokens for one account. */
export interface Grant {
  readonly name: GrantName
  /** How one signs in: with what the grant holds, with a person, or only once, with a token that was made elsewhere. */
  readonly signIn: "headless" | "interactive" | "never"
  /** Names the account, such as a login or client id. It is part of the store's key, so it must not be a secret. */
  readonly identity: string
  /** What the account is proved by: a stored session is adopted only by a holder with the same secret. */
  readonly secret: Redacted.Redacted<string> | undefined
  /** Whether the person has just signed in anew: what the store holds is then replaced instead of adopted. */
  readonly fresh?: () => boolean
  /** Signs each request to the API. Absent for tokens that are sent as they are. */
  readonly signer?: RequestSigner | undefined
  readonly obtain: (context: GrantContext) => Effect.Effect<TokenSet, GrantFailure>
  /** Absent when the grant has no refresh tokens. */
  readonly refresh?: (context: GrantContext, tokens: TokenSet) => Effect.Effect<TokenSet, GrantFailure>
  /** Ends the session on the server. Absent when the API has no way to. */
  readonly signOut?: (context: GrantContext, tokens: TokenSet) => Effect.Effect<void, GrantFailure>
}
