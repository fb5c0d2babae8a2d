/** A way for a person's browser to come back to this program by itself. `loopback` is one. */
import type { GrantFailure } from "@keyturn/auth/Grant"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** A redirect that can be used for sign-ins. */
export interface Redirect {
  /** Gets ready for one sign-in; the end of the scope undoes it. */
  readonly listen: Effect.Effect<Listening, GrantFailure, Scope.Scope>
}

/** A redirect that is ready for one sign-in. */
export interface Listening {
  /** Where browsers come back to. */
  readonly redirectUri: string
  /** Sends a person to `url` and waits for the browser that comes back with this `state`. */
  readonly visit: (url: string, state: string) => Effect.Effect<Visit, GrantFailure>
}

/** A browser that came back and waits for a page. */
export interface Visit {
  readonly callback: URL
  /** Shows how it went: `undefined` for well, else the error for people. */
  readonly answer: (problem: string | undefined) => Effect.Effect<void>
}
