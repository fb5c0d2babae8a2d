import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** The longest time that a timer of the platform can wait, in milliseconds. */
const LONGEST = 2 ** 31 - 1

/** Sleeps for whoever nobody waits for: on the system's clock it keeps no process alive. Other clocks are used as they are. */
export const sleep = (milliseconds: number): Effect.Effect<void> =>
  Effect.clockWith((clock) => {
    if (clock !== Context.get(Context.empty(), Clock.Clock)) return Effect.sleep(milliseconds)
    return Effect.callback<void>((resume) => {
      const nap = Math.min(milliseconds, LONGEST)
      const timer = setTimeout(() => resume(nap < milliseconds ? sleep(milliseconds - nap) : Effect.void), nap)
      // A browser's timer is a number and holds nothing open.
      if (typeof timer === "object") (timer as { unref?: () => void }).unref?.()
      return Effect.sync(() => clearTimeout(timer))
    })
  })
