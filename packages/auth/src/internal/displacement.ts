/** Strangers: somebody who does not share the store signs in with the same account, and the server ends our session. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { SessionDisplaced, type SessionError } from "../SessionError.ts"
import type { SessionRecord } from "../SessionRecord.ts"
import type { Live } from "./live.ts"

/** One session that was ended; `at` is on the monotonic clock. */
export interface Displacement {
  readonly at: number
  readonly generation: number
}

/**
 * The server refused a token that should work, and nobody who shares the store renewed it or was about to. Where only a
 * person could sign in again it was one who ended it, and nobody fights over it.
 */
export const onUnchanged =
  (live: Live, wasRefused: boolean) =>
  (stored: SessionRecord): Effect.Effect<void, SessionError> =>
    Effect.suspend((): Effect.Effect<void, SessionError> => {
      const { grant } = live
      const { backOff, budget, window } = live.policy.displacement
      const { expiresAt } = stored.tokens ?? {}
      if (
        !wasRefused ||
        (grant.refresh === undefined && grant.signIn === "interactive") ||
        stored.tokens === undefined ||
        stored.marker !== undefined ||
        (expiresAt !== undefined && live.now() >= expiresAt)
      ) {
        return Effect.void
      }
      // Each generation that was ended counts once, however often that is noticed.
      const at = live.elapsed()
      const before = live.displacements ?? []
      const recent = before.filter((one) => one.at > at - Duration.toMillis(window))
      const known = before.some(({ generation }) => generation === stored.generation)
      live.displacements = known ? recent : [...recent, { at, generation: stored.generation }]
      const times = live.displacements.length
      if (!known) live.emit({ ...live.base(), _tag: "Displaced", times })
      if (times <= budget) return times <= 1 ? Effect.void : Effect.sleep(Duration.times(backOff, 2 ** (times - 2)))
      return Effect.fail(
        new SessionDisplaced({
          times,
          message: `The server ended this session ${times} times within ${Duration.toMinutes(window)} minutes though it had not expired: something else signs in with the same account. Give each program its own account, or let them share one store.`
        })
      )
    })
