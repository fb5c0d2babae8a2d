import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { type Timed, Timers } from "../src/internal/timers.ts"

/** Numbers that look random and are the same in each run. */
const draw = (() => {
  let state = 7
  return (below: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return state % below
  }
})()

describe("the timers of many sessions", () => {
  it.effect(
    "fall due in order, each once and on time, but for those that were called off; one sleeps for all (I8)",
    () =>
      Effect.gen(function* () {
        const clock = yield* Clock.Clock
        let sleeping = 0
        let most = 0
        const counted: Clock.Clock = Object.assign(Object.create(clock), {
          sleep: (duration: Parameters<Clock.Clock["sleep"]>[0]) =>
            Effect.suspend(() => {
              most = Math.max(most, ++sleeping)
              return Effect.ensuring(
                clock.sleep(duration),
                Effect.sync(() => void sleeping--)
              )
            })
        })
        yield* Effect.gen(function* () {
          const timers = new Timers(counted)
          const runFork = Effect.runForkWith(yield* Effect.context())
          const fired: Array<readonly [number, number]> = []
          const all = Array.from({ length: 1000 }, (_, i): Timed & { readonly after: number } => ({
            due: 0,
            place: -1,
            after: 1 + draw(99_999),
            onDue: () => fired.push([i, counted.currentTimeMillisUnsafe()])
          }))
          const start = counted.currentTimeMillisUnsafe()
          for (const one of all) timers.set(one, 1 + draw(99_999), runFork)
          for (const one of all) timers.set(one, one.after, runFork)
          const off = all.filter((_, i) => i % 3 === 0)
          for (const one of off) timers.cancel(one)
          yield* TestClock.adjust("50 seconds")
          assert.strictEqual(sleeping, 1)
          yield* TestClock.adjust("50 seconds")
          assert.deepStrictEqual(
            fired.map(([i]) => i).sort((a, b) => a - b),
            all.flatMap((_, i) => (i % 3 === 0 ? [] : [i]))
          )
          for (const [i, at] of fired) assert.strictEqual(at - start, all[i]?.after)
          assert.deepStrictEqual([most, sleeping], [1, 0])
          // What is due at once may be so while it is being set.
          const [one, two, three] = all.slice(0, 3) as unknown as [Timed, Timed, Timed]
          timers.set(one, 50, runFork)
          timers.set(two, 0, runFork)
          timers.set(three, 10, runFork)
          assert.strictEqual(sleeping, 1)
          timers.cancel(one)
          timers.cancel(three)
          fired.length = 0
          timers.set(all[0] as Timed, 10, runFork)
          timers.cancel(all[0] as Timed)
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual([fired.length, sleeping], [0, 0])
        }).pipe(Effect.provideService(Clock.Clock, counted))
      })
  )
})
