/**
 * A live session for programs without effects. It is part of `Session`, which has the rest; by itself it loads no streams and no
 * metrics.
 */
import type { Contract, SecurityScheme } from "@keyturn/contract"
import * as Effect from "effect/Effect"
import type { Credential } from "./Credential.ts"
import type { Grant, GrantContext } from "./Grant.ts"
import { close } from "./internal/ending.ts"
import { Live } from "./internal/live.ts"
import { enter, prepare } from "./internal/opening.ts"
import { silent } from "./internal/silent.ts"
import type { Policy } from "./Policy.ts"
import type { SessionClosed, SessionError, StoreUnavailable } from "./SessionError.ts"
import type { SessionEvent } from "./SessionEvent.ts"
import type { SessionStore } from "./SessionStore.ts"

/** A session at a glance, safe to show. */
export interface SessionState {
  /** `failing` still serves while its token works; `closed` is for good. */
  readonly status: "active" | "renewing" | "failing" | "closed"
  /** Grows with every sign-in and refresh, in whichever process; 0 before the first. */
  readonly generation: number
  /** Names the access token in hand without telling it, as in the events: the same in every process. */
  readonly fingerprint: string | undefined
  /** When the tokens came, in milliseconds since the epoch. */
  readonly issuedAt: number | undefined
  /** When they end, in milliseconds since the epoch, if the server said so. */
  readonly expiresAt: number | undefined
  /** When they are due to be renewed, in milliseconds since the epoch; `undefined` for what is only renewed on demand. */
  readonly renewAt: number | undefined
  /** The granted scopes, when they are known. */
  readonly scope: ReadonlyArray<string> | undefined
  /** Why the last renewal failed; gone with the next one that succeeds. */
  readonly error: SessionError | undefined
}

/** A live session, as who uses no effects holds it. */
export interface SessionHandle {
  /** The store's key: names the API, scheme and account. */
  readonly key: string
  readonly scheme: SecurityScheme
  /**
   * Whether the session can get another credential at all, be it one that a person gave to somebody who shares the store; a
   * token made elsewhere cannot be renewed here.
   */
  readonly renewable: boolean
  /**
   * The credential to send now, or `undefined` when one has to be waited for. It touches no store, lock or timer; a due
   * token starts its renewal in the background.
   */
  readonly credentialUnsafe: () => Credential | undefined
  /** The credential to send, renewed first if need be. */
  readonly credential: Effect.Effect<Credential, SessionError>
  /** The same as a promise: to wait costs one callback, and no fiber. Aborting ends the wait and nothing else. */
  readonly credentialAsync: (signal?: AbortSignal) => Promise<Credential>
  /** A newer credential than `refused`, to which the server answered 401. */
  readonly renew: (refused: Credential) => Effect.Effect<Credential, SessionError>
  readonly renewAsync: (refused: Credential, signal?: AbortSignal) => Promise<Credential>
  /**
   * Whether somebody else who shares the store has renewed since this credential, or is at it now: then `renew` takes that
   * over. Reads the store; `false` when that fails.
   */
  readonly isOutdated: (refused: Credential) => Effect.Effect<boolean>
  /** The newest generation that was obtained here and not adopted from the store; 0 for none. */
  readonly obtained: () => number
  /** Says that a fresh token was refused like the one before it: what was refused was the operation, and nobody's fault. */
  readonly excuse: () => void
  /** Says that a request was sent again. */
  readonly replayed: (credential: Credential) => void
  readonly state: () => SessionState
  /**
   * Calls `listener` with every event from now on and gives back a function that stops it. A throwing listener is ignored;
   * one that comes after the end hears `Closed`.
   */
  readonly onEvent: (listener: (event: SessionEvent) => void) => () => void
  readonly signOut: SignOut
}

/** How a session is left before the end of its scope. */
export interface SignOut {
  /** Leaves the session now: the last holder signs out, as the policy says. Never fails: see the events. */
  (): Effect.Effect<void>
  /**
   * `everywhere` ends the session for every holder, now and whatever the policy says: all sessions of the account that share
   * the store. Others end with `SessionLost` (`why: "signed-out"`), at once where the store tells them and else at their next
   * renewal, and do not sign in again by themselves; who opens afterwards signs in anew.
   *
   * It fails with `StoreUnavailable` when the store cannot be told: the session goes on then, and it can be tried again. Once
   * the store knows, it stands, also when the process dies at that point or the server cannot be reached: the server then keeps
   * the session until its tokens end, but nobody here has them any more (`SignOutFailed` in the events).
   */
  (options: SignOutOptions): Effect.Effect<void, StoreUnavailable | SessionClosed>
}

export interface SignOutOptions {
  readonly everywhere?: boolean | undefined
}

/** What a session is made of. */
export interface Options {
  readonly contract: Contract
  /** The scheme's name in the contract. */
  readonly schemeName: string
  readonly grant: Grant
  readonly context: GrantContext
  readonly store: SessionStore
  readonly policy: Policy
  readonly onEvent?: ((event: SessionEvent) => void) | undefined
}

export { keyOf } from "./internal/opening.ts"

/**
 * Makes a session for programs without effects, as `Session.make` does: without a scope, so that `signOut` has to be called, and
 * without metrics, logs and spans, which nobody would read. What fails, or is interrupted, to open is closed again.
 */
export const open = (options: Options): Effect.Effect<SessionHandle, SessionError> =>
  Effect.flatMap(prepare(Live, options, silent), (live) =>
    Effect.as(
      Effect.onError(enter(live), () => close(live)),
      live
    )
  )
