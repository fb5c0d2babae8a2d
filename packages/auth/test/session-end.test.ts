/** How sessions end and how many there are: signing out everywhere, lingering, and slots. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as Session from "../src/Session.ts"
import type { SessionEvent } from "../src/SessionEvent.ts"
import * as SessionStore from "../src/SessionStore.ts"
import { Authority } from "./support/authority.ts"
import { type FixtureOptions, open, optionsOf, request, tokenOf, watched } from "./support/fixture.ts"
import { opened, timed, within } from "./support/timed.ts"

const kinds = (authority: Authority) => authority.log.map(({ kind }) => kind)

/** A store that tells nobody of a change. */
const silent = (inner: SessionStore.SessionStore): SessionStore.SessionStore => ({
  ...inner,
  subscribe: () => Effect.void
})

describe("a sign-out everywhere", () => {
  timed("ends the session for every holder, who do not sign in again by themselves; who opens then signs in anew", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const store = SessionStore.memory()
      const [a, b] = [yield* opened(authority, { store }), yield* opened(authority, { store })]
      const used = yield* b.credential
      yield* within(a.signOut({ everywhere: true }), "1 second")
      assert.strictEqual(authority.live(), 0)
      assert.strictEqual(b.state().status, "closed")
      assert.deepStrictEqual(b.tags().slice(-2), ["RenewalFailed", "Closed"])
      for (const effect of [b.credential, b.renew(used)]) {
        const error = yield* within(Effect.flip(effect), "1 second")
        assert.deepInclude(error, { _tag: "SessionLost", why: "signed-out" })
      }
      assert.isUndefined(b.credentialUnsafe())
      assert.deepStrictEqual(a.tags().slice(-2), ["SignedOut", "Closed"])
      yield* within(b.signOut({ everywhere: true }), "1 second")
      const c = yield* opened(authority, { store })
      assert.strictEqual(yield* request(c, authority), 200)
      assert.deepStrictEqual(kinds(authority), ["signIn", "signOut", "signIn"])
    })
  )

  timed("reaches who heard nothing of it at the next renewal, also when somebody has signed in anew since", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const store = SessionStore.memory()
      const a = yield* opened(authority, { store })
      const [deaf, deafToo] = [
        yield* opened(authority, { store: silent(store) }),
        yield* opened(authority, { store: silent(store) })
      ]
      yield* within(a.signOut({ everywhere: true }), "1 second")
      assert.strictEqual((yield* within(Effect.flip(request(deaf, authority)), "1 second"))._tag, "SessionLost")
      assert.strictEqual(deaf.state().status, "closed")
      const c = yield* opened(authority, { store })
      assert.strictEqual((yield* within(Effect.flip(request(deafToo, authority)), "1 second"))._tag, "SessionLost")
      assert.strictEqual(yield* request(c, authority), 200)
      // The new session is like any other: it renews, and its holders adopt.
      const d = yield* opened(authority, { store })
      yield* within(c.renew(yield* c.credential), "1 second")
      assert.strictEqual(tokenOf(yield* d.credential), tokenOf(yield* c.credential))
      assert.strictEqual(authority.count("signIn"), 2)
    })
  )

  for (const operation of ["refresh", "signIn"] as const) {
    timed(`is not undone by a ${operation} that is under way elsewhere: what it gets is signed out too (I10)`, () =>
      Effect.gen(function* () {
        const authority = new Authority()
        const store = SessionStore.memory()
        const a = yield* opened(authority, { store: silent(store) })
        const b = yield* opened(authority, { store: silent(store), refreshable: operation === "refresh" })
        const renewing = yield* Effect.forkChild(Effect.flip(b.renew(yield* b.credential)), { startImmediately: true })
        yield* TestClock.adjust("50 millis")
        yield* within(a.signOut({ everywhere: true }), "1 second")
        assert.deepInclude(renewing.pollUnsafe(), { _tag: "Success" })
        assert.strictEqual(authority.live(), 0)
        assert.strictEqual(b.state().status, "closed")
        assert.strictEqual((yield* store.read(b.key)).tokens, undefined)
      })
    )
  }

  timed(
    "that the store cannot be told of fails within its deadline; the session goes on, and it can be tried again",
    () =>
      Effect.gen(function* () {
        const authority = new Authority()
        const inner = SessionStore.memory()
        let hangs = false
        const { fail, store } = watched({ ...inner, read: (key) => (hangs ? Effect.never : inner.read(key)) })
        const session = yield* opened(authority, { store })
        fail((name) => (name === "write" ? "before" : undefined))
        const refused = yield* within(Effect.flip(session.signOut({ everywhere: true })), "1 second")
        assert.strictEqual(refused._tag, "StoreUnavailable")
        fail(undefined)
        hangs = true
        const late = yield* within(Effect.flip(session.signOut({ everywhere: true })), "2500 millis")
        assert.strictEqual(late._tag, "StoreUnavailable")
        hangs = false
        assert.strictEqual(yield* request(session, authority), 200)
        yield* within(session.signOut({ everywhere: true }), "1 second")
        assert.strictEqual(authority.live(), 0)
        const again = yield* Effect.flip(session.signOut({ everywhere: true }))
        assert.strictEqual(again._tag, "SessionClosed")
      })
  )

  timed("stands once the store knows, also when the server never answers or its caller dies then (I8)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const store = SessionStore.memory()
      const wire: FixtureOptions["wire"] = (operation) => (commit) => (operation === "signOut" ? Effect.never : commit)
      const [a, b] = [yield* opened(authority, { store, wire }), yield* opened(authority, { store })]
      yield* within(a.signOut({ everywhere: true }), "5 seconds")
      assert.deepStrictEqual(a.tags().slice(-2), ["SignOutFailed", "Closed"])
      assert.strictEqual((yield* Effect.flip(b.credential))._tag, "SessionLost")
      const c = yield* opened(authority, { store })
      assert.strictEqual(yield* request(c, authority), 200)
    })
  )

  timed("takes tokens with it that the store never got, its own and those of others", () =>
    Effect.gen(function* () {
      for (const own of [true, false]) {
        const authority = new Authority()
        const { fail, inner, store } = watched()
        const a = yield* opened(authority, { store: inner })
        const b = yield* opened(authority, { store: silent(store) })
        let writes = 0
        fail((name) => (name === "write" && ++writes >= 2 ? "before" : undefined))
        yield* within(b.renew(yield* b.credential), "150 millis")
        if (own) fail(undefined)
        yield* within((own ? b : a).signOut({ everywhere: true }), "500 millis")
        fail(undefined)
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual(authority.live(), 0)
        assert.deepStrictEqual([a.state().status, b.state().status], ["closed", "closed"])
        assert.strictEqual(authority.count("signIn"), 1)
      }
    })
  )

  timed("of a session whose record the store has lost ends it on the server all the same", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      let current = SessionStore.memory()
      const session = yield* opened(authority, {
        store: {
          ...silent(current),
          read: (key) => current.read(key),
          write: (key, next) => current.write(key, next)
        }
      })
      current = SessionStore.memory()
      yield* within(session.signOut({ everywhere: true }), "1 second")
      assert.strictEqual(authority.live(), 0)
    })
  )
})

describe("a session that closes", () => {
  timed("while it opens over an old record lets the refresh land that is out, also where a person signs in (I3)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const store = SessionStore.memory()
      const base = { store, signIn: "interactive", policy: { onClose: "keep" } } as const
      yield* within(Effect.scoped(Session.make(optionsOf(authority, base))), "1 second")
      yield* TestClock.adjust("11 minutes")
      const made = optionsOf(authority, {
        ...base,
        wire: () => (commit) => Effect.tap(commit, () => Effect.sleep("1 second"))
      })
      const scope = yield* Scope.make()
      const opening = yield* Effect.forkChild(Scope.provide(Session.make(made), scope), { startImmediately: true })
      yield* TestClock.adjust("500 millis")
      yield* Fiber.interrupt(opening)
      yield* within(Scope.close(scope, Exit.void), "3 seconds")
      const stored = yield* store.read(Session.keyOf(made))
      assert.deepStrictEqual([stored.generation, stored.marker], [2, undefined])
      assert.deepStrictEqual(kinds(authority), ["signIn", "refresh"])
    })
  )

  timed("waits for its heartbeat that is out: one that came later would make it a holder again", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const memory = SessionStore.memory()
      let slow = false
      const store: SessionStore.SessionStore = {
        ...memory,
        shared: true,
        // On its way, a message cannot be taken back.
        hold: (key, holder, ttl) =>
          Effect.flatMap(
            Effect.forkDetach(
              Effect.andThen(slow ? Effect.sleep("1 second") : Effect.void, memory.hold(key, holder, ttl))
            ),
            Fiber.join
          )
      }
      const session = yield* opened(authority, { store })
      slow = true
      yield* TestClock.adjust("10 seconds")
      yield* within(session.signOut(), "2 seconds")
      yield* TestClock.adjust("2 seconds")
      slow = false
      // Who comes then is the last one to leave.
      const next = yield* opened(authority, { store })
      yield* within(next.signOut(), "1 second")
      assert.strictEqual(authority.live(), 0)
    })
  )
})

describe("who waits without an effect", () => {
  timed("gets the same credential, and by an abort ends the wait and nothing else", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority)
      const used = yield* session.credential
      const abort = new AbortController()
      const settled = Promise.allSettled([
        session.renewAsync(used, abort.signal),
        session.renewAsync(used),
        session.credentialAsync(),
        session.credentialAsync(AbortSignal.abort("before"))
      ])
      abort.abort("meanwhile")
      yield* TestClock.adjust("1 second")
      const [aborted, renewed, , before] = yield* Effect.promise(() => settled)
      assert.deepStrictEqual(aborted, { status: "rejected", reason: "meanwhile" })
      assert.deepStrictEqual(before, { status: "rejected", reason: "before" })
      assert.strictEqual(renewed?.status === "fulfilled" && tokenOf(renewed.value), "access-2")
      assert.strictEqual(authority.count("refresh"), 1)
      yield* within(session.signOut(), "1 second")
      const closed = yield* Effect.promise(() => session.credentialAsync().catch((error: unknown) => error))
      assert.deepInclude(closed, { _tag: "SessionClosed" })
    })
  )
})

describe("a session that lingers", () => {
  const policy = { linger: "5 minutes" } as const

  timed("is taken over by who comes within the time; nobody signs in again, and closing waits for nothing", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const made = optionsOf(authority, { policy })
      for (let i = 0; i < 3; i++) {
        yield* within(Effect.scoped(Session.make(made)), i === 0 ? "100 millis" : 0)
        yield* TestClock.adjust("1 minute")
      }
      assert.deepStrictEqual(kinds(authority), ["signIn"])
      // The first two would be over now, and the third is not.
      yield* TestClock.adjust("3 minutes")
      assert.strictEqual(authority.live(), 1)
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(kinds(authority), ["signIn", "signOut"])
    })
  )

  timed("is left alone when its time is over if somebody uses it then", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const made = optionsOf(authority, { policy })
      yield* within(Effect.scoped(Session.make(made)), "1 second")
      const scope = yield* Scope.make()
      const session = yield* within(Scope.provide(Session.make(made), scope), 0)
      yield* TestClock.adjust("6 minutes")
      assert.strictEqual(yield* request(session, authority), 200)
      yield* within(Scope.close(scope, Exit.void), 0)
      yield* TestClock.adjust("301 seconds")
      assert.deepStrictEqual(kinds(authority), ["signIn", "signOut"])
    })
  )

  timed("with no process left is taken over as long as the server lets it live, and renewed after that", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const made = optionsOf(authority, { policy, store: { ...SessionStore.memory(), shared: true } })
      // A process that ends as soon as it has closed never wakes again.
      const clock = yield* Clock.Clock
      const ends = Effect.provideService(
        Clock.Clock,
        Object.assign(Object.create(clock), { sleep: () => Effect.never })
      )
      const wired = { ...made, grant: optionsOf(authority, { policy, wire: () => (commit) => commit }).grant }
      yield* within(Effect.scoped(Session.make(wired)).pipe(ends), 0)
      yield* TestClock.adjust("8 minutes")
      yield* within(Effect.scoped(Session.make(wired)).pipe(ends), 0)
      assert.deepStrictEqual(kinds(authority), ["signIn"])
      yield* TestClock.adjust("8 minutes")
      yield* within(Effect.scoped(Session.make(wired)).pipe(ends), 0)
      assert.deepStrictEqual(kinds(authority), ["signIn", "refresh"])
    })
  )

  timed("ends at once when everybody is signed out", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const made = optionsOf(authority, { policy })
      const session = yield* within(Session.make(made), "1 second")
      yield* within(session.signOut({ everywhere: true }), "1 second")
      assert.strictEqual(authority.live(), 0)
    })
  )

  it("holds no process back meanwhile (I8)", async () => {
    const authority = new Authority()
    const made = optionsOf(authority, { policy: { linger: "50 millis" }, wire: () => (commit) => commit })
    const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length
    await Effect.runPromise(Effect.scoped(Session.make(made)))
    // Timers that keep the process alive are listed, and no others.
    assert.strictEqual(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length, before)
    assert.strictEqual(authority.live(), 1)
    const until = performance.now() + 5000
    while (authority.live() > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.strictEqual(authority.live(), 0)
  })
})

describe("slots", () => {
  const description = { limit: { sessions: 2, onExcess: "evict-oldest" } } as const

  timed("give who opens the session with the fewest holders, and never make one more than was asked for (I5)", () =>
    Effect.gen(function* () {
      const authority = new Authority({ limit: 2 })
      const store = SessionStore.memory()
      const scope = yield* Scope.make()
      const one = open(authority, { store, description, policy: { sessions: 2 } })
      const first = yield* within(
        Scope.provide(Effect.all([one, one, one], { concurrency: "unbounded" }), scope),
        "1 second"
      )
      const [, b] = first
      assert.deepStrictEqual(
        first.map(({ key }) => key.slice(first[0].key.length)),
        ["", "#2", ""]
      )
      yield* within(b.signOut(), "1 second")
      // A seat that was left is free.
      for (let i = 0; i < 3; i++) {
        const { key } = yield* within(Effect.scoped(one), "1 second")
        assert.strictEqual(key, b.key)
      }
      const fourth = yield* within(Scope.provide(one, scope), "1 second")
      assert.strictEqual(fourth.key, b.key)
      for (const session of [first[0], fourth]) assert.strictEqual(yield* request(session, authority), 200)
      yield* within(Scope.close(scope, Exit.void), "1 second")
      assert.deepStrictEqual(kinds(authority), [
        "signIn",
        "signIn",
        ...["signOut", "signIn", "signOut", "signIn", "signOut", "signIn", "signOut", "signIn"],
        ...["signOut", "signOut"]
      ])
    })
  )

  timed("of a process that died are free again when it counts as gone", () =>
    Effect.gen(function* () {
      const authority = new Authority({ limit: 2 })
      const memory = SessionStore.memory()
      const store = { ...memory, shared: true }
      const one = { store, description, policy: { sessions: 2 } }
      const { key } = yield* opened(authority, one)
      yield* memory.acquire(`${key}#2/1`, "dead", 30_000)
      assert.strictEqual((yield* opened(authority, one)).key, key)
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual((yield* opened(authority, one)).key, `${key}#2`)
      // Who lives keeps its seat.
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* opened(authority, one)).key, `${key}#2`)
    })
  )

  timed("end together when everybody is signed out, and by one that asks for one session only, too", () =>
    Effect.gen(function* () {
      for (const sessions of [1, 2]) {
        const authority = new Authority({ limit: 2 })
        const store = SessionStore.memory()
        const description = { limit: { sessions: 3 } }
        const a = yield* opened(authority, { store, description, policy: { sessions: 2 } })
        const b = yield* opened(authority, { store, description, policy: { sessions: 2 } })
        assert.strictEqual(authority.live(), 2)
        const c = yield* opened(authority, { store, description, policy: { sessions } })
        yield* within(c.signOut({ everywhere: true }), "1 second")
        assert.strictEqual(authority.live(), 0)
        assert.deepStrictEqual([a.state().status, b.state().status], ["closed", "closed"])
        // What was never used is not written to.
        assert.strictEqual((yield* store.read(`${a.key}#3`)).version, 0)
      }
    })
  )

  timed("beyond what the API allows, and half ones, are a ConfigurationError, and nothing is sent", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      for (const [sessions, limit] of [
        [3, { sessions: 2 }],
        [4, { sessions: 3, serviceAccounts: 1 }],
        [2, { serviceAccounts: 1 }],
        [0, {}],
        [1.5, {}]
      ] as const) {
        const made = optionsOf(authority, { description: { limit }, policy: { sessions } })
        assert.strictEqual((yield* Effect.flip(Effect.scoped(Session.make(made))))._tag, "ConfigurationError")
      }
      assert.deepStrictEqual(kinds(authority), [])
      const events: Array<SessionEvent> = []
      const made = optionsOf(authority, { policy: { sessions: 2 }, onEvent: (event) => events.push(event) })
      yield* within(Effect.scoped(Session.make(made)), "1 second")
      assert.deepStrictEqual(
        events.map(({ _tag }) => _tag),
        ["SignedIn", "SignedOut", "Closed"]
      )
    })
  )
})
