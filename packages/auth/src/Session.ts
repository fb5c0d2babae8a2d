/**
 * The session: one scoped resource. Making it signs in, or adopts what the store holds; while it lives it renews on a
 * schedule and on demand, one flight at a time; closing its scope signs out if it was the last holder.
 *
 * A renewal runs in the session's own scope. Callers only wait for it, so no caller's abort can lose a rotated token.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { close } from "./internal/ending.ts"
import { Live } from "./internal/live.ts"
import { enter, prepare } from "./internal/opening.ts"
import type { SessionError } from "./SessionError.ts"
import type { SessionEvent } from "./SessionEvent.ts"
import type { Options, SessionHandle } from "./SessionHandle.ts"
import * as Telemetry from "./Telemetry.ts"

export {
  keyOf,
  type Options,
  open,
  type SessionHandle,
  type SessionState,
  type SignOut,
  type SignOutOptions
} from "./SessionHandle.ts"

/** A live session. */
export interface Session extends SessionHandle {
  /** Events from now on; ends with the session. */
  readonly events: Stream.Stream<SessionEvent>
}

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
