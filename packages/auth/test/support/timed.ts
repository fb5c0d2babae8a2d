/** Tests of sessions on virtual time. */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { Authority } from "./authority.ts"
import { open } from "./fixture.ts"

/** A test whose sessions are closed at its end with time going on: a sign-out takes some. */
export const timed = <E>(name: string, body: () => Effect.Effect<unknown, E, Scope.Scope>, timeout?: number): void =>
  it.effect(
    name,
    () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const exit = yield* Effect.exit(Scope.provide(body(), scope))
        yield* within(Scope.close(scope, Exit.void), "1 minute")
        return yield* exit
      }),
    timeout
  )

/** Lets time pass while an effect runs, and gives what it came to. */
export const within = <A, E, R>(effect: Effect.Effect<A, E, R>, time: Parameters<typeof TestClock.adjust>[0]) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    yield* TestClock.adjust(time)
    const exit = fiber.pollUnsafe()
    if (exit === undefined) {
      yield* Fiber.interrupt(fiber)
      return yield* Effect.die(new Error("It took longer than the time that was given to it."))
    }
    return yield* exit
  })

/** Opens a session; its sign-in takes 100 ms. */
export const opened = (authority: Authority, options: Parameters<typeof open>[1] = {}) =>
  within(open(authority, options), "100 millis")
