/** A holder of a shared store keeps saying that it is alive. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Live } from "./live.ts"
import type { Timed } from "./timers.ts"

export class Heartbeat implements Timed {
  due = 0
  place = -1
  private readonly live: Live

  constructor(live: Live) {
    this.live = live
    this.rest()
  }

  stop(): void {
    this.live.common.timers.cancel(this)
  }

  onDue(): void {
    const { live } = this
    const { holdFor } = live.common
    const hold = Effect.ignore(live.store.hold(live.key, live.holder, holdFor))
    const { seat } = live
    const beat =
      seat === undefined ? hold : Effect.andThen(hold, Effect.ignore(live.store.acquire(seat, live.holder, holdFor)))
    // A message that is out is waited for: one that arrives after the session has left would make it a holder again.
    const bounded = Effect.uninterruptible(Effect.raceFirst(beat, Deferred.await(live.abandoned)))
    live.fork(
      Effect.andThen(
        bounded,
        Effect.sync(() => this.rest())
      )
    )
  }

  private rest(): void {
    const { common, closed, policy } = this.live
    if (!closed) common.timers.set(this, Duration.toMillis(policy.heartbeat), common.runFork)
  }
}
