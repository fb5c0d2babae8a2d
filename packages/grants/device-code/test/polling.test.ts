/** When the device asks, on virtual time: what the server would take minutes to show. */
import { assert, describe, it } from "@effect/vitest"
import { type GrantContext, type GrantFailure, GrantRejected, GrantUnavailable } from "@keyturn/auth/Grant"
import * as Policy from "@keyturn/auth/Policy"
import * as Session from "@keyturn/auth/Session"
import * as SessionStore from "@keyturn/auth/SessionStore"
import type { TokenSet } from "@keyturn/auth/TokenSet"
import type { TransportAnswer } from "@keyturn/auth/Transport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { deviceCode } from "../src/index.ts"

type Answer = Record<string, unknown> | GrantFailure

const pending = new GrantRejected({ status: 400, code: "authorization_pending", message: "wait" })
const slowDown = new GrantRejected({ status: 400, code: "slow_down", message: "wait longer" })
const unavailable = (retryAfter?: number) => new GrantUnavailable({ ambiguous: true, message: "no answer", retryAfter })
const tokens = { access_token: "at-1", token_type: "Bearer", expires_in: 60 }

/** A server whose token endpoint answers by script. */
const scripted = (device: Record<string, unknown>, answers: ReadonlyArray<Answer>, last: Answer = pending) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clockWith(Effect.succeed)
    const start = clock.currentTimeMillisUnsafe()
    /** When the token endpoint was asked, in seconds. */
    const asked: Array<number> = []
    let codes = 0
    const answer = (body: unknown): TransportAnswer => {
      const now = clock.currentTimeMillisUnsafe()
      return { status: 200, headers: new Headers(), body, sentAt: now, receivedAt: now }
    }
    const context: GrantContext = {
      scheme: {
        type: "oauth2",
        flows: {
          deviceAuthorization: { deviceAuthorizationUrl: "/device", tokenUrl: "/token", scopes: [] }
        }
      },
      description: {},
      baseUrl: "https://api.example",
      declaredUrl: undefined,
      scopes: [],
      deadline: Policy.make().deadline,
      transport: ({ url }) =>
        Effect.suspend((): Effect.Effect<TransportAnswer, GrantFailure> => {
          if (url.endsWith("/device")) {
            codes++
            return Effect.succeed(
              answer({
                device_code: "dc-canary",
                user_code: "WDJB-MJHT",
                verification_uri: "https://api.example/go",
                expires_in: 1800,
                ...device
              })
            )
          }
          asked.push((clock.currentTimeMillisUnsafe() - start) / 1000)
          const next = answers[asked.length - 1] ?? last
          return "_tag" in next ? Effect.fail(next as GrantFailure) : Effect.succeed(answer(next))
        })
    }
    return { asked, codes: () => codes, context, grant: deviceCode({ clientId: "tv", onUserCode: () => {} })(context) }
  })

/** Runs the grant to its end. */
const run = (device: Record<string, unknown>, answers: ReadonlyArray<Answer>, last?: Answer) =>
  Effect.gen(function* () {
    const { asked, context, grant } = yield* scripted(device, answers, last)
    const fiber = yield* Effect.forkChild(Effect.result(grant.obtain(context)))
    // What is not over by then is not bounded (I8).
    yield* TestClock.adjust("2 hours")
    const result = yield* Fiber.join(fiber)
    return { asked, result }
  })

const succeeded = (result: { readonly _tag: string; readonly success?: TokenSet }) =>
  result._tag === "Success" ? Redacted.value((result.success as TokenSet).accessToken) : undefined

describe("device code on virtual time", () => {
  it.effect("D1: asks every 5 seconds when the server names no interval, the first time after one", () =>
    Effect.gen(function* () {
      const { asked, result } = yield* run({}, [pending, pending, tokens])
      assert.deepStrictEqual(asked, [5, 10, 15])
      assert.strictEqual(succeeded(result as never), "at-1")
    })
  )

  it.effect("D1: keeps to the interval that the server names", () =>
    Effect.gen(function* () {
      const { asked } = yield* run({ interval: 12 }, [pending, tokens])
      assert.deepStrictEqual(asked, [12, 24])
    })
  )

  it.effect("D2: each slow_down adds 5 seconds to this and every later wait", () =>
    Effect.gen(function* () {
      const { asked } = yield* run({ interval: 5 }, [slowDown, pending, slowDown, pending, tokens])
      assert.deepStrictEqual(asked, [5, 15, 25, 40, 55])
    })
  )

  it.effect("D5: without an answer it waits twice as long each time, and as before once there is one", () =>
    Effect.gen(function* () {
      const { asked, result } = yield* run({ interval: 5 }, [
        unavailable(),
        unavailable(),
        unavailable(),
        pending,
        tokens
      ])
      assert.deepStrictEqual(asked, [5, 15, 35, 75, 80])
      assert.strictEqual(succeeded(result as never), "at-1")
    })
  )

  it.effect("D5: a server that asks for a longer wait gets it", () =>
    Effect.gen(function* () {
      const { asked } = yield* run({ interval: 5 }, [unavailable(120_000), tokens])
      assert.deepStrictEqual(asked, [5, 125])
    })
  )

  it.effect("D4: stops when the code ends, without asking after that", () =>
    Effect.gen(function* () {
      const { asked, result } = yield* run({ interval: 5, expires_in: 23 }, [])
      assert.deepStrictEqual(asked, [5, 10, 15, 20])
      const failure = (result as { failure?: GrantRejected }).failure
      assert.deepStrictEqual([failure?._tag, failure?.code], ["GrantRejected", "expired_token"])
    })
  )

  it.effect("D4: expired_token and any other refusal end it at once", () =>
    Effect.gen(function* () {
      for (const code of ["expired_token", "access_denied", "invalid_grant"]) {
        const { asked, result } = yield* run({}, [new GrantRejected({ status: 400, code, message: "no" })])
        assert.deepStrictEqual(asked.length, 1)
        assert.strictEqual((result as { failure?: GrantRejected }).failure?.code, code)
      }
    })
  )

  it.effect("D6: what could not be shown as a link is refused before it is shown", () =>
    Effect.gen(function* () {
      for (const bad of [
        { verification_uri: "javascript:alert(1)" },
        { verification_uri_complete: "file:///etc/passwd" },
        { user_code: "" },
        { device_code: 7 },
        { interval: -1 }
      ]) {
        const { asked, result } = yield* run(bad, [tokens])
        assert.deepStrictEqual(asked, [])
        assert.strictEqual((result as { failure?: GrantFailure }).failure?._tag, "GrantAnswerInvalid")
      }
    })
  )

  it.effect("I2: while one process waits for its person, however long, no other asks for a code of its own", () =>
    Effect.gen(function* () {
      const script = yield* scripted({}, Array(60).fill(pending), tokens)
      const store = SessionStore.memory()
      const open = Effect.result(
        Session.make({
          contract: { name: "tv", servers: [], schemes: {}, security: { default: [], operations: {} } },
          schemeName: "oauth",
          grant: script.grant,
          context: script.context,
          store,
          policy: Policy.make()
        })
      )
      const first = yield* Effect.forkChild(open)
      yield* TestClock.adjust("1 second")
      const second = yield* Effect.forkChild(open)
      yield* TestClock.adjust("2 minutes")
      const busy = yield* Fiber.join(second)
      assert.strictEqual((busy as { failure?: { _tag: string } }).failure?._tag, "SessionBusy")
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* Fiber.join(first))._tag, "Success")
      assert.strictEqual(script.codes(), 1)
    })
  )
})
