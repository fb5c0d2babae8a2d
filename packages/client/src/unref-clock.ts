import type { Clock } from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

const clock = Effect.runSync(Effect.clockWith(Effect.succeed))
const LONGEST = 2 ** 31 - 1

const sleep = (milliseconds: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const nap = Math.min(milliseconds, LONGEST)
    const timer = setTimeout(() => resume(milliseconds > LONGEST ? sleep(milliseconds - nap) : Effect.void), nap)
    // A browser's timer is a number and holds nothing open.
    if (typeof timer === "object") (timer as { unref?: () => void }).unref?.()
    return Effect.sync(() => clearTimeout(timer))
  })

/** The system's clock, but for one thing: what a session waits for in the background keeps no process alive. */
export const unrefClock: Clock = Object.assign(Object.create(clock) as Clock, {
  sleep: (duration: Duration.Duration) => sleep(Duration.toMillis(duration))
})
