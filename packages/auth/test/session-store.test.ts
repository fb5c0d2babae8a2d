import { assert, describe } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as Session from "../src/Session.ts"
import * as SessionRecord from "../src/SessionRecord.ts"
import * as SessionStore from "../src/SessionStore.ts"
import { Authority } from "./support/authority.ts"
import { optionsOf, request, tokenOf, watched } from "./support/fixture.ts"
import { opened, timed, within } from "./support/timed.ts"

describe("with a valid token", () => {
  timed("ten thousand requests touch no store and start no timer (I9)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const { calls, store } = watched()
      const session = yield* opened(authority, { store })
      const before = calls.length
      for (let i = 0; i < 10_000; i++) assert.isDefined(session.credentialUnsafe())
      assert.strictEqual(calls.length, before)
      assert.strictEqual(session.state().status, "active")
    })
  )
})

describe("a store that does less than it was made for", () => {
  timed("is told of before the session is there, and the session works", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const { calls, store } = watched()
      // It finds out when it is first used.
      const degraded = () => (calls.length > 0 ? "only this tab" : undefined)
      const session = yield* opened(authority, { store: { ...store, degraded } })
      const [first, second, ...more] = session.log
      assert.deepInclude(first, { _tag: "StoreFailed", operation: "open", message: "only this tab" })
      assert.deepStrictEqual([second?._tag, more.length], ["SignedIn", 0])
      assert.strictEqual(yield* request(session, authority), 200)
    })
  )
})

describe("a store that fails", () => {
  timed("when the lease is given back keeps nobody waiting who wanted the tokens (I4)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const { inner } = watched()
      let slow = false
      const store: SessionStore.SessionStore = {
        ...inner,
        release: (key, owner) =>
          Effect.andThen(slow ? Effect.sleep("10 seconds") : Effect.void, inner.release(key, owner))
      }
      const session = yield* opened(authority, { store })
      slow = true
      authority.forget()
      assert.strictEqual(yield* within(request(session, authority), "1 second"), 200)
    })
  )

  timed("while a session opens is an error of its own, and nothing is left behind", () =>
    Effect.gen(function* () {
      for (const [operation, when] of [
        ["hold", "before"],
        ["read", "before"],
        ["acquire", "before"],
        ["acquire", "after"],
        ["subscribe", "before"]
      ] as const) {
        const authority = new Authority()
        const { fail, inner, store } = watched()
        fail((name) => (name === operation ? when : undefined))
        const made = optionsOf(authority, { store })
        const error = yield* within(Effect.flip(Effect.scoped(Session.make(made))), "10 seconds")
        assert.strictEqual(error._tag, "StoreUnavailable", operation)
        assert.strictEqual(authority.live(), 0)
        fail(undefined)
        const exit = yield* within(Effect.exit(Effect.scoped(Session.make({ ...made, store: inner }))), "1 minute")
        assert.isTrue(Exit.isSuccess(exit), operation)
      }
    })
  )

  for (const when of ["before", "after"] as const) {
    timed(`${when} tokens are stored loses none: they are used, reported, and written later (I3, T27)`, () =>
      Effect.gen(function* () {
        const authority = new Authority()
        const { fail, inner, store } = watched()
        const session = yield* opened(authority, { store })
        // The first write is the marker; the second holds what came.
        let writes = 0
        fail((name) => (name === "write" && ++writes >= 2 ? when : undefined))
        const renewed = yield* within(session.renew(yield* session.credential), "1 second")
        assert.strictEqual(tokenOf(renewed), "access-2")
        assert.include(session.tags(), "StoreFailed")
        assert.strictEqual(yield* request(session, authority), 200)
        fail(undefined)
        yield* TestClock.adjust("2 seconds")
        const stored = yield* inner.read(session.key)
        assert.strictEqual(stored.generation, 2)
        assert.isUndefined(stored.marker)
        yield* within(session.renew(renewed), "5 seconds")
        assert.deepStrictEqual(
          authority.log.map(({ kind }) => kind),
          ["signIn", "refresh", "refresh"]
        )
      })
    )
  }

  timed("until the end still has the session signed out whose tokens it never got", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const { fail, store } = watched()
      const scope = yield* Scope.make()
      const session = yield* within(Scope.provide(Session.make(optionsOf(authority, { store })), scope), "1 second")
      let writes = 0
      fail((name) =>
        name !== "write" || ++writes >= 2 ? (name === "write" || name === "leave" ? "before" : undefined) : undefined
      )
      yield* within(session.renew(yield* session.credential), "1 second")
      yield* within(Scope.close(scope, Exit.void), "5 seconds")
      assert.strictEqual(authority.live(), 0)
    })
  )

  timed("gives way to who has gone on meanwhile: theirs is the session (I10)", () =>
    Effect.gen(function* () {
      const authority = new Authority({ limit: 2 })
      const { fail, inner, store } = watched()
      const session = yield* opened(authority, { store })
      let writes = 0
      fail((name) => (name === "write" && ++writes >= 2 ? "before" : undefined))
      yield* within(session.renew(yield* session.credential), "1 second")
      // Another process finds the marker, and signs in.
      const other = yield* within(Session.make(optionsOf(authority, { store: inner })), "1 minute")
      yield* within(other.renew(yield* other.credential), "1 minute")
      fail(undefined)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(tokenOf(yield* session.credential), tokenOf(yield* other.credential))
      assert.strictEqual(yield* request(session, authority), 200)
    })
  )

  timed("after the token has expired is the error, and over when the store is back (I4)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const { fail, store } = watched()
      const session = yield* opened(authority, { store })
      yield* TestClock.adjust("11 minutes")
      fail(() => "before")
      assert.strictEqual((yield* within(Effect.flip(session.credential), "1 second"))._tag, "StoreUnavailable")
      fail(undefined)
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* within(request(session, authority), "1 second"), 200)
    })
  )

  timed("by losing its record costs one renewal, not one per generation", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      let wiped: SessionStore.SessionStore = SessionStore.memory()
      const store: SessionStore.SessionStore = {
        shared: false,
        read: (key) => wiped.read(key),
        write: (key, next) => wiped.write(key, next),
        acquire: (key, owner, ttl) => wiped.acquire(key, owner, ttl),
        release: (key, owner) => wiped.release(key, owner),
        subscribe: (key, wake) => wiped.subscribe(key, wake),
        hold: (key, holder, ttl) => wiped.hold(key, holder, ttl),
        leave: (key, holder, end) => wiped.leave(key, holder, end)
      }
      const session = yield* opened(authority, { store, policy: { displacement: { budget: 100 } } })
      for (let i = 0; i < 6; i++) yield* within(session.renew(yield* session.credential), "2 minutes")
      const before = session.grantCalls.length
      wiped = SessionStore.memory()
      yield* within(session.renew(yield* session.credential), "2 minutes")
      assert.strictEqual(session.grantCalls.length, before + 1)
      assert.strictEqual(yield* request(session, authority), 200)
    })
  )
})

describe("a lease", () => {
  timed("held by another process is waited for, and then is SessionBusy: nothing is spent (T13)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const { inner, store } = watched()
      const session = yield* opened(authority, { store })
      yield* inner.acquire(session.key, "another", 24 * 3_600_000)
      const used = yield* session.credential
      const error = yield* within(Effect.flip(session.renew(used)), "61 seconds")
      assert.strictEqual(error._tag, "SessionBusy")
      assert.deepStrictEqual(session.grantCalls, ["signIn"])
      yield* inner.release(session.key, "another")
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual((yield* within(session.renew(used), "1 second")).generation, 2)
    })
  )

  timed("of a holder that died runs out, and its successor does not send the token again (I1, T15)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const { inner, store } = watched()
      const session = yield* opened(authority, { store })
      const record = yield* inner.read(session.key)
      const at = yield* Clock.currentTimeMillis
      yield* inner.acquire(session.key, "dead", 35_000)
      const marker = {
        operation: "refresh",
        generation: 1,
        owner: "dead",
        attempt: 1,
        at,
        deadline: at + 30_000
      } as const
      yield* inner.write(session.key, SessionRecord.next(record, { marker }))
      assert.strictEqual((yield* within(session.renew(yield* session.credential), "36 seconds")).generation, 2)
      assert.deepStrictEqual(session.grantCalls, ["signIn", "signIn"])
    })
  )

  timed("that ran out before the record was read is taken again: a successor may be at it (I2)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const inner = SessionStore.memory()
      let reads = 0
      const { calls, store } = watched({
        ...inner,
        // The second read of a renewal is the one under the lease.
        read: (key) => Effect.andThen(++reads === 4 ? Effect.sleep("40 seconds") : Effect.void, inner.read(key))
      })
      const session = yield* opened(authority, { store })
      const before = calls.length
      yield* within(session.renew(yield* session.credential), "41 seconds")
      assert.deepStrictEqual(calls.slice(before), [
        ...["read", "acquire", "acquire", "read", "release"],
        ...["read", "acquire", "acquire", "read", "write", "write", "release"]
      ])
    })
  )

  timed("lost in the middle of a call gives way to the successor (I10, T17)", () =>
    Effect.gen(function* () {
      const authority = new Authority({ limit: 3 })
      const { inner, store } = watched()
      let key = ""
      const session = yield* opened(authority, {
        store,
        wire: (operation) => (commit) =>
          operation === "refresh"
            ? Effect.gen(function* () {
                const pair = yield* commit
                const record = yield* Effect.orDie(inner.read(key))
                yield* Effect.orDie(inner.write(key, SessionRecord.next(record, { marker: undefined, generation: 9 })))
                return pair
              })
            : commit
      })
      key = session.key
      const renewed = yield* within(session.renew(yield* session.credential), "10 seconds")
      assert.strictEqual(renewed.generation, 9)
      assert.strictEqual(tokenOf(renewed), "access-1")
      assert.include(session.tags(), "Adopted")
    })
  )
})

describe("time", () => {
  timed("passes an idle session by: it renews nothing until it is used (T35)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority)
      yield* TestClock.adjust("10 hours")
      assert.deepStrictEqual(session.grantCalls, ["signIn"])
      yield* within(request(session, authority), "1 second")
      assert.deepStrictEqual(session.grantCalls, ["signIn", "refresh"])
      // One that is used is renewed before it ends, on time.
      for (let minute = 0; minute < 60; minute++) {
        yield* TestClock.adjust("1 minute")
        assert.isDefined(session.credentialUnsafe(), `minute ${minute}`)
      }
      assert.notInclude(session.tags(), "Challenged")
    })
  )

  timed("that jumps, forth or back, costs a renewal at most and blocks nobody (T39, T40)", () =>
    Effect.gen(function* () {
      const authority = new Authority({ limit: 1 })
      const real = yield* Clock.clockWith(Effect.succeed)
      let ahead = 0
      const jumping: Clock.Clock = Object.assign(Object.create(real) as Clock.Clock, {
        currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe() + ahead
      })
      const serverNow = Effect.sync(() => real.currentTimeMillisUnsafe())
      yield* Effect.gen(function* () {
        const session = yield* opened(authority, { now: serverNow })
        const use = Effect.gen(function* () {
          const first = session.credentialUnsafe() ?? (yield* session.credential)
          const status = authority.use(real.currentTimeMillisUnsafe(), tokenOf(first))
          return status === 200
            ? 200
            : authority.use(real.currentTimeMillisUnsafe(), tokenOf(yield* session.renew(first)))
        })
        for (const jump of [
          3_600_000,
          -3_600_000,
          -86_400_000,
          86_400_000,
          10 * 365 * 86_400_000,
          -10 * 365 * 86_400_000
        ]) {
          ahead += jump
          assert.strictEqual(yield* within(use, "5 seconds"), 200, String(jump))
          yield* TestClock.adjust("15 minutes")
          assert.strictEqual(yield* within(use, "5 seconds"), 200, String(jump))
        }
        assert.isAtMost(session.grantCalls.length, 16)
        yield* within(session.signOut(), "5 seconds")
      }).pipe(Effect.provideService(Clock.Clock, jumping))
    })
  )
})

describe("ten thousand sessions opened and closed", () => {
  timed(
    "leave no entry, no subscriber and no listener in the store",
    () =>
      Effect.gen(function* () {
        const live = { subscribers: 0, holders: 0 }
        const inner = SessionStore.memory()
        const store: SessionStore.SessionStore = {
          ...inner,
          hold: (key, holder, ttl) => Effect.tap(inner.hold(key, holder, ttl), () => Effect.sync(() => live.holders++)),
          leave: (key, holder, end) =>
            Effect.tap(inner.leave(key, holder, end), () => Effect.sync(() => live.holders--)),
          subscribe: (key, wake) =>
            Effect.andThen(
              inner.subscribe(key, wake),
              Effect.acquireRelease(
                Effect.sync(() => void live.subscribers++),
                () => Effect.sync(() => void live.subscribers--)
              )
            )
        }
        const authority = new Authority()
        const wire = () => (commit: Effect.Effect<never>) => commit
        const rounds = 10_000
        for (let i = 0; i < rounds; i++) {
          const made = optionsOf(authority, { store, wire: wire as never })
          const password = i % 10 === 0 ? "wrong" : undefined
          const options = password === undefined ? made : optionsOf(authority, { store, wire: wire as never, password })
          // Every account is another one, as in a server with many users.
          const grant = { ...options.grant, identity: `user-${i}` }
          yield* Effect.exit(Effect.scoped(Session.make({ ...options, grant })))
          authority.log.length = 0
        }
        assert.deepStrictEqual(live, { subscribers: 0, holders: 0 })
        assert.strictEqual(authority.live(), 0)
        // What is gone starts again at nothing; what is kept would still count its versions.
        for (let i = 0; i < rounds; i += 10) {
          const key = Session.keyOf({
            ...optionsOf(authority),
            grant: { ...optionsOf(authority).grant, identity: `user-${i}` }
          })
          assert.strictEqual((yield* inner.read(key)).version, 0, "a refused sign-in leaves its record")
        }
      }),
    120_000
  )
})
