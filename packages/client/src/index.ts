/**
 * Typed API clients that stay signed in: `connect` joins a generated contract with a session.
 * Effect users import `@keyturn/client/effect`.
 */
export type { GrantPlugin } from "@keyturn/auth/Credentials"
export type { PolicyInput } from "@keyturn/auth/Policy"
export {
  AuthUnavailable,
  BodyNotReplayable,
  ConfigurationError,
  CredentialMissing,
  InsufficientScope,
  isSessionError,
  OriginRefused,
  SessionBusy,
  SessionClosed,
  SessionDisplaced,
  type SessionError,
  SessionLost,
  SignInRejected,
  StoreUnavailable,
  TokenAnswerInvalid
} from "@keyturn/auth/SessionError"
export type { SessionEvent } from "@keyturn/auth/SessionEvent"
export type { SessionState } from "@keyturn/auth/SessionHandle"
export { memory as memoryStore, type SessionStore } from "@keyturn/auth/SessionStore"
export { type ConnectedClient, connect } from "./connect.ts"
export type { Chosen, Only, OperationKey } from "./operations.ts"
export type { CommonOptions, ConnectOptions, Secretive } from "./options.ts"
export type { ItemOf, PagedKey } from "./pages.ts"
export { PageError, paginate } from "./paginate.ts"
export type { ClientSession } from "./session.ts"
