/** A session that closes while something is under way. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { GrantUnavailable } from "../src/Grant.ts"
import * as Session from "../src/Session.ts"
import { Authority } from "./support/authority.ts"
import { open, optionsOf } from "./support/fixture.ts"
import { opened, timed, within } from "./support/timed.ts"

const refused = Effect.fail(new GrantUnavailable({ ambiguous: false, message: "not sent" }))

describe("a session closed", () => {
  timed("while a renewal is out lets it land, signs out what came, and stays closed (T54)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const scope = yield* Scope.make()
      const session = yield* within(Scope.provide(open(authority), scope), "1 second")
      const used = yield* session.credential
      const waiter = yield* Effect.forkChild(Effect.flip(session.renew(used)), { startImmediately: true })
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
      assert.strictEqual((yield* Fiber.join(waiter))._tag, "SessionClosed")
      assert.deepStrictEqual(
        authority.log.map(({ kind, token }) => `${kind} ${token}`),
        ["signIn access-1", "refresh refresh-1", "signOut access-2"]
      )
      assert.isUndefined(session.credentialUnsafe())
      assert.strictEqual((yield* Effect.flip(session.renew(used)))._tag, "SessionClosed")
      assert.strictEqual(authority.live(), 0)
      assert.deepStrictEqual(session.tags().slice(-2), ["SignedOut", "Closed"])
    })
  )

  timed("while the server is silent ends within its deadline, and says so (I8)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      let silent = false
      const scope = yield* Scope.make()
      const session = yield* within(
        Scope.provide(open(authority, { wire: () => (commit) => (silent ? Effect.never : commit) }), scope),
        "1 second"
      )
      silent = true
      yield* Effect.forkChild(Effect.ignore(session.renew(yield* session.credential)), { startImmediately: true })
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      assert.isDefined(closing.pollUnsafe())
      assert.strictEqual(session.tags().at(-1), "Closed")
    })
  )

  timed("whose sign-out fails reports it and is closed all the same", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const scope = yield* Scope.make()
      const session = yield* within(
        Scope.provide(
          open(authority, { wire: (operation) => (commit) => (operation === "signOut" ? refused : commit) }),
          scope
        ),
        "1 second"
      )
      yield* within(Scope.close(scope, Exit.void), "5 seconds")
      assert.deepStrictEqual(session.tags(), ["SignedIn", "SignOutFailed", "Closed"])
    })
  )

  timed("by signOut ends what waits and sends nothing more", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority)
      yield* within(session.signOut(), "1 second")
      yield* session.signOut()
      assert.strictEqual(authority.count("signOut"), 1)
      assert.strictEqual(session.state().status, "closed")
      const tags: Array<string> = []
      session.onEvent(({ _tag }) => void tags.push(_tag))
      assert.deepStrictEqual(tags, ["Closed"])
    })
  )

  timed("before it was open signs out what it had signed in to", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const scope = yield* Scope.make()
      const opening = yield* Effect.forkChild(Scope.provide(Session.make(optionsOf(authority)), scope), {
        startImmediately: true
      })
      yield* TestClock.adjust("50 millis")
      yield* Fiber.interrupt(opening)
      yield* within(Scope.close(scope, Exit.void), "2 seconds")
      assert.strictEqual(authority.count("signIn"), 1)
      assert.strictEqual(authority.live(), 0)
    })
  )

  timed("keeps the session in the store when the policy says so", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const made = optionsOf(authority, { policy: { onClose: "keep" } })
      for (let i = 0; i < 3; i++) {
        yield* within(Effect.scoped(Session.make(made)), "1 second")
      }
      assert.deepStrictEqual(
        authority.log.map(({ kind }) => kind),
        ["signIn"]
      )
    })
  )
})
