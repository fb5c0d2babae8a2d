/**
 * The session: one scoped resource. Making it signs in, or adopts what the store holds; while it lives it renews on a
 * schedule and on demand, one flight at a time; closing its scope signs out if it was the last holder.
 *
 * A renewal runs in the session's own scope. Callers only wait for it, so no caller's abort can lose a rotated token.
 */
import type { Contract, SecurityScheme } from "@keyturn/contract"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Credential } from "./Credential.ts"
import type { Grant, GrantContext } from "./Grant.ts"
import * as Common from "./internal/common.ts"
import { randomId } from "./internal/digest.ts"
import { close } from "./internal/ending.ts"
import { renewed } from "./internal/flight.ts"
import { Heartbeat } from "./internal/heartbeat.ts"
import { Live } from "./internal/live.ts"
import { neighbours } from "./internal/neighbours.ts"
import { silent } from "./internal/silent.ts"
import * as Slot from "./internal/slot.ts"
import type { Policy } from "./Policy.ts"
import type { SessionClosed, SessionError, StoreUnavailable } from "./SessionError.ts"
import type { SessionEvent } from "./SessionEvent.ts"
import * as SessionStore from "./SessionStore.ts"
import * as Telemetry from "./Telemetry.ts"

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

/** A live session. */
export interface Session extends SessionHandle {
  /** Events from now on; ends with the session. */
  readonly events: Stream.Stream<SessionEvent>
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
  readonly store: SessionStore.SessionStore
  readonly policy: Policy
  readonly onEvent?: ((event: SessionEvent) => void) | undefined
}

/** The store's key of a session: the API and server, the scheme, the account and the scopes it was made for. */
export const keyOf = (options: Pick<Options, "contract" | "schemeName" | "grant" | "context">): string => {
  const { context, contract, grant, schemeName } = options
  // Tenants of one host may differ by path alone.
  const { origin, pathname } = new URL(context.baseUrl)
  const parts = [contract.name, origin + pathname.replace(/\/+$/, ""), schemeName, grant.name, grant.identity]
  if (context.scopes.length > 0) parts.push([...context.scopes].sort().join(" "))
  return parts.map(encodeURIComponent).join("|")
}

/** Holders of a store that nobody else uses need no name that nobody else has. */
let holders = 0

/** A session that has not begun. */
const prepare = <S extends Live>(
  Kind: new (...given: ConstructorParameters<typeof Live>) => S,
  options: Options,
  telemetry: Common.MakeTelemetry
): Effect.Effect<S, SessionError> =>
  Effect.suspend(() => {
    const { grant, onEvent } = options
    // What can never change is not worth keeping anywhere.
    const fixed = Common.isFixed(grant)
    const store = fixed ? SessionStore.memory() : options.store
    const slots = fixed ? Effect.void : Slot.check(options.policy.sessions, options.context.description)
    const holder = store.shared ? randomId() : String(++holders)
    return Effect.andThen(
      slots,
      Effect.map(
        Common.of(options, store, telemetry),
        (common) => new Kind(common, grant, keyOf(options), holder, onEvent)
      )
    )
  })

/** Hears of changes of the record until the session closes. */
const listen = (live: Live): Effect.Effect<void, StoreUnavailable> => {
  const { key, store } = live
  const within = neighbours(store)
  if (within !== undefined) return Effect.sync(() => within.add(key, live))
  const scope = Scope.makeUnsafe()
  live.subscription = Scope.close(scope, Exit.void)
  return Scope.provide(
    store.subscribe(key, () => live.woken()),
    scope
  )
}

/** Takes a place, says that it is there, and signs in or adopts. */
const enter = Effect.fnUntraced(function* (live: Live) {
  const { account, common, grant, holder, store } = live
  const { sessions } = live.policy
  if (sessions > 1 && !Common.isFixed(grant)) {
    const seat = yield* Slot.take(store, account, sessions, holder, common.holdFor)
    live.seat = seat.lease
    live.key = seat.key
  }
  yield* listen(live)
  yield* store.hold(live.key, holder, common.holdFor)
  const degraded = store.degraded?.()
  if (degraded !== undefined) {
    live.emit({ ...live.base(), _tag: "StoreFailed", operation: "open", message: degraded })
  }
  if (store.shared) live.heartbeat = new Heartbeat(live)
  yield* renewed(live, 0, false)
  live.opened = true
})

class Streamed extends Live implements Session {
  get events(): Stream.Stream<SessionEvent> {
    return Stream.callback<SessionEvent>((queue) =>
      Effect.acquireRelease(
        Effect.sync(() =>
          this.onEvent((event) => {
            Queue.offerUnsafe(queue, event)
            if (event._tag === "Closed") Queue.endUnsafe(queue)
          })
        ),
        (stop) => Effect.sync(stop)
      )
    )
  }
}

// Apart, so that what a finalizer remembers is the session and nothing else.
const closing = (live: Live) => Effect.addFinalizer(() => close(live))

/**
 * Makes a session and signs in, or adopts the one in the store.
 *
 * Fails with `ConfigurationError`, `SignInRejected`, `AuthUnavailable`, `TokenAnswerInvalid`, `SessionBusy` or
 * `StoreUnavailable`.
 */
export const make = (options: Options): Effect.Effect<Session, SessionError, Scope.Scope> =>
  Effect.gen(function* () {
    const live = yield* prepare(Streamed, options, Telemetry.makeUnsafe)
    yield* closing(live)
    yield* enter(live)
    return live
  })

/**
 * The same for programs without effects: without a scope, so that `signOut` has to be called, and without metrics, logs and
 * spans, which nobody would read. What fails, or is interrupted, to open is closed again.
 */
export const open = (options: Options): Effect.Effect<SessionHandle, SessionError> =>
  Effect.flatMap(prepare(Live, options, silent), (live) =>
    Effect.as(
      Effect.onError(enter(live), () => close(live)),
      live
    )
  )
