/**
 * What a session reports of itself: plain data, safe to log. Tokens appear only as fingerprints: the first twelve
 * hexadecimal digits of their SHA-256, the same in every process.
 */
import type { SessionError } from "./SessionError.ts"

interface Base {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** The store's key of the session: names the API, scheme and account; no secret. */
  readonly session: string
  /** The generation that the event is about. */
  readonly generation: number
}

/** One event of a session's life. */
export type SessionEvent =
  | (Base & {
      readonly _tag: "SignedIn" | "Refreshed"
      /** How long the call took, in milliseconds. */
      readonly took: number
      readonly fingerprint: string
      readonly expiresAt: number | undefined
    })
  /** Somebody else's newer tokens were taken over from the store. */
  | (Base & { readonly _tag: "Adopted"; readonly fingerprint: string; readonly expiresAt: number | undefined })
  /** The server answered 401 to a request that carried this generation: told once a generation. */
  | (Base & { readonly _tag: "Challenged" })
  /** A request was sent once more, with this generation. */
  | (Base & { readonly _tag: "Replayed" })
  /** The server ended the session though nothing in the store changed. */
  | (Base & { readonly _tag: "Displaced"; readonly times: number })
  /** A refresh whose answer never came: the refresh token may be spent. */
  | (Base & { readonly _tag: "AnswerLost"; readonly operation: "signIn" | "refresh"; readonly attempt: number })
  /** One call to the authorization server failed; `retryIn` milliseconds later it is tried again, if at all. */
  | (Base & {
      readonly _tag: "CallFailed"
      readonly operation: "signIn" | "refresh"
      readonly error: string
      readonly retryIn: number | undefined
    })
  /** A renewal failed as a whole. While the token works this is no error to anybody. */
  | (Base & { readonly _tag: "RenewalFailed"; readonly error: SessionError })
  /** The store failed; `operation` names what was tried. Tokens just obtained are kept and written later. */
  | (Base & { readonly _tag: "StoreFailed"; readonly operation: string; readonly message: string })
  | (Base & { readonly _tag: "SignedOut" })
  /** The last event of a session: it is closed and can do nothing any more. */
  | (Base & { readonly _tag: "Closed" })
  | (Base & { readonly _tag: "SignOutFailed"; readonly message: string })
