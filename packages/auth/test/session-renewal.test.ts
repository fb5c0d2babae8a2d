import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { GrantRejected, GrantUnavailable } from "../src/Grant.ts"
import * as Session from "../src/Session.ts"
import * as SessionStore from "../src/SessionStore.ts"
import { Authority, type Wire } from "./support/authority.ts"
import { optionsOf, request } from "./support/fixture.ts"
import { opened, timed, within } from "./support/timed.ts"

const lost = Effect.fail(new GrantUnavailable({ ambiguous: true, message: "no answer" }))
const refused = Effect.fail(new GrantUnavailable({ ambiguous: false, message: "not sent" }))

describe("a renewal", () => {
  timed("is one for a thousand requests that find the token dead (T01, T03)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority)
      yield* TestClock.adjust("15 minutes") // unused: nothing renewed it meanwhile
      assert.deepStrictEqual(session.tags(), ["SignedIn"])
      const statuses = yield* within(
        Effect.all(
          Array.from({ length: 1000 }, () => request(session, authority)),
          { concurrency: "unbounded" }
        ),
        "1 second"
      )
      assert.isTrue(statuses.every((status) => status === 200))
      assert.strictEqual(authority.count("refresh"), 1)
      assert.strictEqual(authority.count("signIn"), 1)
    })
  )

  timed("is one for staggered 401s: a refusal of an older generation adopts (T02, T08)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority)
      const used = yield* session.credential
      authority.forget()
      yield* within(session.renew(used), "1 second")
      const calls = session.grantCalls.length
      const again = yield* session.renew(used)
      assert.strictEqual(again.generation, used.generation + 1)
      assert.strictEqual(session.grantCalls.length, calls)
      assert.strictEqual(session.tags().filter((tag) => tag === "Challenged").length, 1)
    })
  )

  timed("of a refused token holds new requests back until it is over (T04)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority)
      const used = yield* session.credential
      yield* Effect.forkChild(session.renew(used), { startImmediately: true })
      assert.isUndefined(session.credentialUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(session.credentialUnsafe()?.generation, used.generation + 1)
    })
  )

  timed("that is only due goes on in the background while the old token is served (T04)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority)
      yield* TestClock.adjust("570 seconds")
      const served = session.credentialUnsafe()
      assert.strictEqual(served?.generation, 1)
      assert.strictEqual(session.state().status, "renewing")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(session.credentialUnsafe()?.generation, 2)
      assert.deepStrictEqual(session.tags(), ["SignedIn", "Refreshed"])
    })
  )

  timed("is not lost when the caller that started it goes away (T46)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority)
      const used = yield* session.credential
      const starter = yield* Effect.forkChild(session.renew(used), { startImmediately: true })
      const other = yield* Effect.forkChild(session.renew(used), { startImmediately: true })
      yield* TestClock.adjust("50 millis")
      yield* Fiber.interrupt(starter)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(other)).generation, 2)
      assert.strictEqual(authority.count("refresh"), 1)
    })
  )

  timed("keeps a refresh token that the answer leaves out, and its age (T55)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const made = optionsOf(authority)
      let sent = 0
      const options = {
        ...made,
        grant: {
          ...made.grant,
          refresh: (_: unknown, tokens: Parameters<NonNullable<typeof made.grant.refresh>>[1]) =>
            Effect.sync(() => {
              sent++
              assert.isDefined(tokens.refreshToken)
              const { refreshToken: _r, refreshIssuedAt: _i, ...rest } = tokens
              return { ...rest, issuedAt: tokens.issuedAt + sent }
            })
        }
      }
      const fiber = yield* Effect.forkChild(Session.make(options), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      const session = yield* Fiber.join(fiber)
      for (let i = 0; i < 3; i++) yield* within(session.renew(yield* session.credential), "1 minute")
      assert.strictEqual(sent, 3)
      assert.strictEqual(authority.count("signIn"), 1)
    })
  )

  timed("signs in when the server refuses the refresh token, and says so (T06)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority)
      authority.forget()
      assert.strictEqual(yield* within(request(session, authority), "1 second"), 200)
      assert.deepStrictEqual(session.tags(), [
        "SignedIn",
        "Challenged",
        "Displaced",
        "CallFailed",
        "SignedIn",
        "Replayed"
      ])
    })
  )

  timed("whose answer is lost signs in once instead of sending the token again (I1, T25)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority, {
        wire: (operation) => (commit) => (operation === "refresh" ? Effect.andThen(Effect.exit(commit), lost) : commit)
      })
      const renewed = yield* within(session.renew(yield* session.credential), "1 second")
      assert.strictEqual(renewed.generation, 2)
      assert.deepStrictEqual(
        authority.log.map(({ kind }) => kind),
        ["signIn", "refresh", "evicted", "signIn"]
      )
      assert.include(session.tags(), "AnswerLost")
    })
  )

  timed("whose answer is lost sends the same token again inside the declared grace (T25b)", () =>
    Effect.gen(function* () {
      const authority = new Authority({ grace: 30_000 })
      const session = yield* opened(authority, {
        description: { refresh: { method: "POST", path: "/token", reuse: { grace: "PT30S" } } },
        wire: (operation, n) => (commit) =>
          operation === "refresh" && n === 1 ? Effect.andThen(Effect.exit(commit), lost) : commit
      })
      yield* within(session.renew(yield* session.credential), "2 seconds")
      assert.deepStrictEqual(
        authority.log.map(({ kind }) => kind),
        ["signIn", "refresh", "replay"]
      )
    })
  )

  timed("whose process stands still until the grace is over does not send the token after all (I1)", () =>
    Effect.gen(function* () {
      const authority = new Authority({ grace: 30_000 })
      const inner = SessionStore.memory()
      let slow = false
      const store: SessionStore.SessionStore = {
        ...inner,
        write: (key, next) =>
          Effect.andThen(
            slow && next.marker?.attempt === 2 ? Effect.sleep("31 seconds") : Effect.void,
            inner.write(key, next)
          )
      }
      const session = yield* opened(authority, {
        store,
        description: { refresh: { method: "POST", path: "/token", reuse: { grace: "PT30S" } } },
        wire: (operation, n) => (commit) =>
          operation === "refresh" && n === 1 ? Effect.andThen(Effect.exit(commit), lost) : commit
      })
      slow = true
      yield* within(session.renew(yield* session.credential), "40 seconds")
      assert.deepStrictEqual(
        authority.log.map(({ kind }) => kind),
        ["signIn", "refresh", "evicted", "signIn"]
      )
    })
  )

  timed("of an interactive session whose grace is over gives the last try as much time as the first", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority, {
        signIn: "interactive",
        description: { refresh: { method: "POST", path: "/token", reuse: { grace: "PT1S" } } },
        wire: (operation, n) => (commit) =>
          operation !== "refresh"
            ? commit
            : n === 1
              ? Effect.andThen(Effect.sleep("1200 millis"), lost)
              : Effect.andThen(Effect.sleep("3 seconds"), commit)
      })
      const renewed = yield* within(session.renew(yield* session.credential), "1 minute")
      assert.strictEqual(renewed.generation, 2)
    })
  )

  timed("of an interactive session sends the token once more and then gives up (I1)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority, {
        signIn: "interactive",
        wire: (operation) => (commit) => (operation === "refresh" ? lost : commit)
      })
      const error = yield* within(Effect.flip(session.renew(yield* session.credential)), "2 minutes")
      assert.strictEqual(error._tag, "SessionLost")
      assert.strictEqual(error._tag === "SessionLost" && error.why, "refresh-token-spent")
      assert.strictEqual(session.grantCalls.filter((call) => call === "refresh").length, 2)
    })
  )

  timed("that surely never reached the server is made again with the same token (T34)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority, {
        wire: (operation, n) => (commit) => (operation === "refresh" && n <= 2 ? refused : commit)
      })
      yield* within(session.renew(yield* session.credential), "5 seconds")
      assert.deepStrictEqual(
        authority.log.map(({ kind }) => kind),
        ["signIn", "refresh"]
      )
    })
  )

  timed("that fails while the token works is an event and no error (T57)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      let down = false
      const session = yield* opened(authority, { wire: () => (commit) => (down ? refused : commit) })
      down = true
      yield* TestClock.adjust("570 seconds")
      assert.strictEqual(yield* request(session, authority), 200)
      yield* TestClock.adjust("25 seconds")
      assert.strictEqual(yield* request(session, authority), 200)
      assert.include(session.tags(), "RenewalFailed")
      assert.strictEqual(session.state().error?._tag, "AuthUnavailable")
      down = false
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* within(request(session, authority), "1 second"), 200)
      assert.strictEqual(session.state().status, "active")
    })
  )

  timed(
    "that failed is not tried again by every caller: they share the error until it has cooled down (T33, T48)",
    () =>
      Effect.gen(function* () {
        const authority = new Authority()
        let down = false
        const session = yield* opened(authority, { wire: () => (commit) => (down ? refused : commit) })
        const used = yield* session.credential
        down = true
        const waiting = yield* Effect.forkChild(Effect.flip(session.renew(used)), { startImmediately: true })
        while (waiting.pollUnsafe() === undefined) yield* TestClock.adjust("100 millis")
        const calls = session.grantCalls.length
        for (let i = 0; i < 100; i++)
          assert.strictEqual((yield* Effect.flip(session.renew(used)))._tag, "AuthUnavailable")
        assert.strictEqual(session.grantCalls.length, calls)
        down = false
        yield* TestClock.adjust("6 seconds")
        assert.strictEqual((yield* within(session.renew(used), "1 second")).generation, 2)
      })
  )

  timed("outlasts a server that is away for eight seconds (I4)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      let away = false
      const session = yield* opened(authority, { wire: () => (commit) => (away ? refused : commit) })
      const used = yield* session.credential
      away = true
      const waiting = yield* Effect.forkChild(session.renew(used), { startImmediately: true })
      yield* TestClock.adjust("8 seconds")
      away = false
      assert.strictEqual((yield* within(Fiber.join(waiting), "10 seconds")).generation, 2)
      assert.strictEqual(authority.count("signIn"), 1)
    })
  )

  timed("waits as long as the server asks before it calls again (T33)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const at: Array<number> = []
      const wire = (operation: string) => (commit: Parameters<Wire>[0]) =>
        operation !== "refresh"
          ? commit
          : Effect.clockWith((clock) => {
              at.push(clock.currentTimeMillisUnsafe())
              return at.length === 1
                ? Effect.fail(
                    new GrantUnavailable({ ambiguous: false, status: 429, retryAfter: 12_000, message: "busy" })
                  )
                : commit
            })
      const session = yield* opened(authority, { wire })
      yield* within(session.renew(yield* session.credential), "1 minute")
      assert.isAtLeast((at[1] ?? 0) - (at[0] ?? 0), 12_000)
    })
  )

  timed("honours Retry-After of a 503 also before it signs in instead (T33)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority, {
        wire: (operation) => (commit) =>
          operation === "refresh"
            ? Effect.fail(new GrantUnavailable({ ambiguous: true, status: 503, retryAfter: 20_000, message: "busy" }))
            : commit
      })
      const fiber = yield* Effect.forkChild(session.renew(yield* session.credential), { startImmediately: true })
      yield* TestClock.adjust("19 seconds")
      assert.strictEqual(authority.count("signIn"), 1)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).generation, 2)
    })
  )

  timed("fails at once when the server asks to wait longer than a deadline, and says how long", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority, {
        wire: (operation) => (commit) =>
          operation === "refresh"
            ? Effect.fail(
                new GrantUnavailable({ ambiguous: true, status: 503, retryAfter: 3_600_000, message: "busy" })
              )
            : commit
      })
      const used = yield* session.credential
      const error = yield* within(Effect.flip(session.renew(used)), "1 second")
      assert.strictEqual(error._tag === "AuthUnavailable" && error.retryAfter, 3_600_000)
      const calls = session.grantCalls.length
      yield* TestClock.adjust("59 minutes")
      yield* Effect.flip(session.renew(used))
      assert.strictEqual(session.grantCalls.length, calls)
    })
  )

  timed("does not end an interactive session for an answer that is not about its token (T57)", () =>
    Effect.gen(function* () {
      for (const [status, code] of [
        [403, undefined],
        [404, undefined],
        [302, undefined],
        [400, "invalid_request"],
        [401, "invalid_client"]
      ] as const) {
        const authority = new Authority()
        let odd = false
        const session = yield* opened(authority, {
          signIn: "interactive",
          wire: () => (commit) => (odd ? Effect.fail(new GrantRejected({ status, code, message: "no" })) : commit)
        })
        odd = true
        const error = yield* within(Effect.flip(session.renew(yield* session.credential)), "1 minute")
        assert.strictEqual(error._tag, "AuthUnavailable", String(status))
        odd = false
        yield* TestClock.adjust("2 minutes")
        yield* within(session.renew(yield* session.credential), "1 minute")
        assert.strictEqual(authority.count("refresh"), 1)
      }
    })
  )

  timed("ends an interactive session for invalid_grant, for good (T37)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority, { signIn: "interactive" })
      const used = yield* session.credential
      authority.forget()
      const error = yield* within(Effect.flip(session.renew(used)), "1 second")
      assert.strictEqual(error._tag === "SessionLost" && error.why, "refresh-rejected")
      const calls = session.grantCalls.length
      yield* TestClock.adjust("1 hour")
      yield* within(Effect.flip(session.renew(used)), "1 minute")
      assert.strictEqual(session.grantCalls.length, calls)
    })
  )

  timed("comes when the contract says that a token ends, where the server does not", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority, {
        announces: false,
        description: { lifetime: { access: { ttl: "PT10M" } } }
      })
      yield* TestClock.adjust("569 seconds")
      assert.isDefined(session.credentialUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(session.state().generation, 2)
      assert.notInclude(session.tags(), "Challenged")
    })
  )

  timed("has a deadline of its own, whatever the grant does (I8)", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      let stuck = false
      const session = yield* opened(authority, { wire: () => (commit) => (stuck ? Effect.never : commit) })
      const used = yield* session.credential
      stuck = true
      const error = yield* within(Effect.flip(session.renew(used)), "10 minutes")
      assert.strictEqual(error._tag, "AuthUnavailable")
    })
  )

  timed("goes on from a grant that throws", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      let broken = false
      const session = yield* opened(authority, {
        wire: () => (commit) => (broken ? Effect.die(new Error("the token is refresh-1")) : commit)
      })
      const used = yield* session.credential
      broken = true
      const error = yield* within(Effect.flip(session.renew(used)), "10 minutes")
      assert.strictEqual(error._tag, "AuthUnavailable")
      assert.notInclude(error.message, "refresh-1")
      broken = false
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* within(session.renew(used), "10 seconds")).generation, 2)
    })
  )
})
