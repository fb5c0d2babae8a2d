/** Sessions that share a store, as those of several processes or tabs do, on virtual time. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { GrantUnavailable } from "../src/Grant.ts"
import * as Session from "../src/Session.ts"
import * as SessionStore from "../src/SessionStore.ts"
import { Authority, type GrantOptions } from "./support/authority.ts"
import { type FixtureOptions, open, optionsOf, request, tokenOf } from "./support/fixture.ts"
import { opened, timed, within } from "./support/timed.ts"

/** So many holders of one session. */
const holders = (many: number, authority: Authority, store: SessionStore.SessionStore, more: FixtureOptions = {}) =>
  Effect.forEach(Array.from({ length: many }), () => opened(authority, { store, ...more }))

/** What the server has done, in order. */
const done = ({ log }: Authority) => log.map(({ kind }) => kind)

/** A store that nobody hears of changes from: word got lost, or there is none. */
const mute = (): SessionStore.SessionStore => ({ ...SessionStore.memory(), subscribe: () => Effect.void })

describe("holders of one session", () => {
  for (const [how, make] of [
    ["that hear of each other", SessionStore.memory],
    ["that do not", mute]
  ] as const) {
    timed(`whose tokens are due at the same instant renew once, ${how} (T09, I2)`, () =>
      Effect.gen(function* () {
        const authority = new Authority({ life: 100_000 })
        const all = yield* holders(5, authority, make())
        for (const session of all) assert.isDefined(session.credentialUnsafe())
        assert.strictEqual(new Set(all.map((session) => session.state().renewAt)).size, 1)
        yield* TestClock.adjust("90 seconds")
        assert.deepStrictEqual(done(authority), ["signIn", "refresh"])
        for (const session of all) assert.strictEqual(session.state().generation, 2)
      })
    )
  }

  timed("spend the token that is stored, not the one that they remember (T11, I1)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const [idle, busy] = yield* holders(2, authority, mute(), { policy: { displacement: { budget: 9, backOff: 0 } } })
      if (idle === undefined || busy === undefined) return assert.fail()
      for (let time = 0; time < 3; time++) yield* within(busy.renew(yield* busy.credential), "1 second")
      assert.strictEqual(idle.state().generation, 1)
      const remembered = yield* idle.credential
      const adopted = yield* within(idle.renew(remembered), "1 second")
      assert.strictEqual(adopted.generation, 4)
      yield* within(idle.renew(adopted), "1 second")
      assert.deepStrictEqual(done(authority), ["signIn", "refresh", "refresh", "refresh", "refresh"])
      assert.strictEqual(yield* within(request(busy, authority), "5 seconds"), 200)
      assert.strictEqual(authority.count("reuse"), 0)
    })
  )

  timed("keep out of each other's way for as long as a call lasts, not only while they store (T12, I2)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      let out = 0
      let most = 0
      const wire: GrantOptions["wire"] = () => (commit) =>
        Effect.gen(function* () {
          most = Math.max(most, ++out)
          yield* Effect.sleep("3 seconds")
          const pair = yield* commit
          yield* Effect.sleep("3 seconds")
          out--
          return pair
        })
      const store = SessionStore.memory()
      const all = yield* within(
        Effect.forEach(Array.from({ length: 5 }), () => open(authority, { store, wire })),
        "10 seconds"
      )
      const credentials = yield* Effect.forEach(all, (session) => session.credential)
      most = 0
      const renewals = all.map((session, i) => Effect.delay(session.renew(credentials[i] as never), `${i} seconds`))
      yield* within(Effect.all(renewals, { concurrency: "unbounded" }), "30 seconds")
      assert.strictEqual(most, 1)
      assert.deepStrictEqual(done(authority), ["signIn", "refresh"])
    })
  )

  timed("lose nothing by a refresh of another that failed: what is stored stays, and works (T24, T57)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const store = SessionStore.memory()
      let down = false
      const wire: GrantOptions["wire"] = () => (commit) =>
        down
          ? Effect.fail(new GrantUnavailable({ ambiguous: false, status: 429, retryAfter: 3_600_000, message: "No." }))
          : Effect.delay(commit, 100)
      const [first, second] = yield* holders(2, authority, store, { wire })
      if (first === undefined || second === undefined) return assert.fail()
      const before = yield* store.read(first.key)
      down = true
      const error = yield* within(Effect.flip(first.renew(yield* first.credential)), "2 minutes")
      assert.strictEqual(error._tag, "AuthUnavailable")
      const after = yield* store.read(first.key)
      assert.isUndefined(after.marker)
      assert.strictEqual(after.generation, before.generation)
      assert.deepStrictEqual(after.tokens?.expiresAt, before.tokens?.expiresAt)
      assert.strictEqual(
        Redacted.value(after.tokens?.refreshToken ?? Redacted.make("none")),
        Redacted.value(before.tokens?.refreshToken ?? Redacted.make("no"))
      )
      assert.strictEqual(yield* request(second, authority), 200)
      const third = yield* opened(authority, { store, wire })
      assert.strictEqual(yield* request(third, authority), 200)
      assert.deepStrictEqual(done(authority), ["signIn"])
    })
  )
})

describe("two sessions in one process that share a store", () => {
  timed("sign in once, adopt each other's tokens, and the last one signs out (I5, T59)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const made = optionsOf(authority)
      const [one, two] = [yield* Scope.make(), yield* Scope.make()]
      const [a, b] = yield* within(
        Effect.all([Scope.provide(Session.make(made), one), Scope.provide(Session.make(made), two)], {
          concurrency: "unbounded"
        }),
        "1 second"
      )
      assert.strictEqual(authority.count("signIn"), 1)
      yield* within(a.renew(yield* a.credential), "1 second")
      assert.strictEqual(tokenOf(yield* b.credential), tokenOf(yield* a.credential))
      yield* within(Scope.close(one, Exit.void), "1 second")
      assert.strictEqual(authority.count("signOut"), 0)
      assert.strictEqual(yield* request(b, authority), 200)
      yield* within(Scope.close(two, Exit.void), "1 second")
      assert.strictEqual(authority.count("signOut"), 1)
      assert.strictEqual(authority.count("refresh"), 1)
    })
  )

  timed("do not share it with a wrong password, which harms nobody", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const first = optionsOf(authority)
      const session = yield* within(Session.make(first), "1 second")
      const wrong = optionsOf(authority, { password: "wrong horse", store: first.store })
      const error = yield* within(Effect.flip(Effect.scoped(Session.make(wrong))), "1 second")
      assert.strictEqual(error._tag, "SignInRejected")
      assert.strictEqual(yield* request(session, authority), 200)
      yield* within(session.renew(yield* session.credential), "1 second")
      assert.strictEqual(authority.count("signIn"), 1)
      assert.strictEqual(authority.count("signOut"), 0)
    })
  )
})
