/**
 * Everything that can go wrong with a session, as tagged errors. Each message says what happened and what to do;
 * none ever holds a secret. An API's own answers are not here: see `ApiError` in `@keyturn/client/effect`.
 */
import * as Data from "effect/Data"

/** Something the session was asked to do cannot work as configured; nothing was sent. */
export class ConfigurationError extends Data.TaggedError("ConfigurationError")<{
  readonly message: string
}> {}

/** The server refused the credentials, or the way they were presented. Trying again will not help. */
export class SignInRejected extends Data.TaggedError("SignInRejected")<{
  readonly message: string
  /** HTTP status of the refusal. */
  readonly status: number
  /** RFC 6749 §5.2 error code, when the server gave one. */
  readonly code?: string | undefined
}> {}

/** The server could not be reached, did not answer in time, or answered that it cannot serve now. It may work later. */
export class AuthUnavailable extends Data.TaggedError("AuthUnavailable")<{
  readonly message: string
  readonly operation: "signIn" | "refresh" | "signOut"
  readonly status?: number | undefined
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfter?: number | undefined
  readonly cause?: unknown
}> {}

/** The server answered a sign-in or refresh with something that holds no usable token. */
export class TokenAnswerInvalid extends Data.TaggedError("TokenAnswerInvalid")<{
  readonly message: string
  readonly operation: "signIn" | "refresh"
  readonly status: number
}> {}

/** The session is over, and only a person can start another. */
export class SessionLost extends Data.TaggedError("SessionLost")<{
  readonly message: string
  readonly why: "refresh-token-spent" | "refresh-rejected" | "interaction-required" | "not-renewable" | "signed-out"
}> {}

/** Somebody outside keeps signing in with this account and ends our sessions. */
export class SessionDisplaced extends Data.TaggedError("SessionDisplaced")<{
  readonly message: string
  /** How many sessions were ended within the policy's window. */
  readonly times: number
}> {}

/** Another process holds the lease and did not finish in time. Nothing was spent: try again. */
export class SessionBusy extends Data.TaggedError("SessionBusy")<{
  readonly message: string
}> {}

/** The session was signed out, or its scope has ended. */
export class SessionClosed extends Data.TaggedError("SessionClosed")<{
  readonly message: string
}> {}

/** The store could not be read or written. */
export class StoreUnavailable extends Data.TaggedError("StoreUnavailable")<{
  readonly message: string
  readonly cause?: unknown
}> {}

/** A request would have carried a credential to an origin that is not one of the API's. Nothing was sent. */
export class OriginRefused extends Data.TaggedError("OriginRefused")<{
  readonly message: string
  readonly origin: string
}> {}

/** The operation needs a credential that was not configured. Nothing was sent. */
export class CredentialMissing extends Data.TaggedError("CredentialMissing")<{
  readonly message: string
  /** The alternatives, each a list of scheme names. */
  readonly needed: ReadonlyArray<ReadonlyArray<string>>
}> {}

/** The session's scopes do not cover the operation: known beforehand, and nothing was sent, or said by the server. */
export class InsufficientScope extends Data.TaggedError("InsufficientScope")<{
  readonly message: string
  readonly needed: ReadonlyArray<string>
  /** What the session has, when that is known. */
  readonly granted: ReadonlyArray<string> | undefined
}> {}

/** The server asked for a new credential after it had taken a body that cannot be sent again. The session was renewed. */
export class BodyNotReplayable extends Data.TaggedError("BodyNotReplayable")<{
  readonly message: string
}> {}

/** Any error of the session itself. */
export type SessionError =
  | ConfigurationError
  | SignInRejected
  | AuthUnavailable
  | TokenAnswerInvalid
  | SessionLost
  | SessionDisplaced
  | SessionBusy
  | SessionClosed
  | StoreUnavailable
  | OriginRefused
  | CredentialMissing
  | InsufficientScope
  | BodyNotReplayable

const tags: ReadonlySet<string> = new Set<SessionError["_tag"]>([
  "ConfigurationError",
  "SignInRejected",
  "AuthUnavailable",
  "TokenAnswerInvalid",
  "SessionLost",
  "SessionDisplaced",
  "SessionBusy",
  "SessionClosed",
  "StoreUnavailable",
  "OriginRefused",
  "CredentialMissing",
  "InsufficientScope",
  "BodyNotReplayable"
])

/** Whether a value is one of the errors of this module. */
export const isSessionError = (value: unknown): value is SessionError =>
  value instanceof Error && tags.has((value as { readonly _tag?: string })._tag ?? "")
