import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { TestClock } from "effect/testing"
import { GrantUnavailable } from "../src/Grant.ts"
import { StoreUnavailable } from "../src/SessionError.ts"
import type { SessionEvent } from "../src/SessionEvent.ts"
import * as SessionStore from "../src/SessionStore.ts"
import * as Telemetry from "../src/Telemetry.ts"
import * as Transport from "../src/Transport.ts"
import { Authority } from "./support/authority.ts"
import { request } from "./support/fixture.ts"
import { opened, timed, within } from "./support/timed.ts"

const LABELS = { "keyturn.api": "model", "keyturn.scheme": "session" }

/** A reader of what is told: a registry, the spans and the lines of a program. */
const reader = () => {
  const registry: Metric.MetricRegistry = new Map()
  const spans: Array<Tracer.NativeSpan> = []
  const lines: Array<{ level: string; message: unknown; annotations: Record<string, unknown> }> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  const logger = Logger.make(({ fiber, logLevel, message }) => {
    lines.push({ level: logLevel, message, annotations: { ...fiber.getRef(References.CurrentLogAnnotations) } })
  })
  const states = (name: string) =>
    Metric.snapshotUnsafe(Context.make(Metric.MetricRegistry, registry)).flatMap(({ id, state, attributes }) =>
      id === `keyturn.session.${name}`
        ? [{ state: state as { count?: number; value?: number; sum?: number }, attributes }]
        : []
    )
  return {
    registry,
    spans,
    lines,
    states,
    count: (name: string) => states(name).reduce((sum, { state }) => sum + (state.count ?? 0), 0),
    listen: <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      effect.pipe(
        Effect.provideService(Metric.MetricRegistry, registry),
        Effect.provideService(Tracer.Tracer, tracer),
        Effect.provideService(References.CurrentLoggers, new Set([logger])),
        Effect.provideService(References.MinimumLogLevel, "Debug")
      )
  }
}

/** A session of which nobody knows when its tokens end. */
const unknown: Telemetry.Source = { expiresAt: () => undefined }

describe("the metrics of a session", () => {
  timed("count sign-ins, refreshes, adoptions, displacements and sign-outs", () =>
    Effect.gen(function* () {
      const { count, listen, states } = reader()
      const authority = new Authority()
      const scope = yield* Scope.make()
      const store = SessionStore.memory()
      const session = yield* listen(Scope.provide(opened(authority, { store }), scope))
      assert.deepStrictEqual([count("sign_ins"), count("refreshes"), count("adoptions")], [1, 0, 0])
      yield* within(Effect.scoped(listen(opened(authority, { store }))), "1 second")
      assert.deepStrictEqual([count("sign_ins"), count("refreshes"), count("adoptions")], [1, 0, 1])
      yield* TestClock.adjust("11 minutes")
      yield* within(request(session, authority), "1 second")
      assert.strictEqual(count("refreshes"), 1)
      yield* TestClock.adjust("1 minute")
      authority.stranger(0)
      yield* within(request(session, authority), "1 minute")
      assert.strictEqual(count("displacements"), 1)
      yield* within(Scope.close(scope, Exit.void), "1 minute")
      assert.deepStrictEqual([count("sign_outs"), count("adoptions")], [1, 1])
      for (const name of ["sign_ins", "refreshes", "adoptions", "displacements", "sign_outs"]) {
        assert.deepStrictEqual(states(name)[0]?.attributes, LABELS, name)
      }
    })
  )

  timed("count failures by the tag of their error, and time every call", () =>
    Effect.gen(function* () {
      const { count, listen, states } = reader()
      const authority = new Authority()
      const refuse = { password: "wrong" }
      yield* Effect.exit(listen(Effect.scoped(opened(authority, refuse))))
      assert.strictEqual(count("sign_ins"), 0)
      assert.deepStrictEqual(
        states("failures").map(({ attributes, state }) => [attributes, state.count]),
        [[{ ...LABELS, "error.type": "SignInRejected" }, 1]]
      )
      yield* listen(opened(authority))
      assert.deepStrictEqual(
        states("call.duration").map(({ attributes, state }) => [attributes, state.sum]),
        [
          [{ ...LABELS, unit: "seconds", "keyturn.operation": "signIn", "error.type": "GrantRejected" }, 0.1],
          [{ ...LABELS, unit: "seconds", "keyturn.operation": "signIn" }, 0.1]
        ]
      )
    })
  )

  timed("time what callers wait for a renewal, also those that leave", () =>
    Effect.gen(function* () {
      const { count, listen, states } = reader()
      const authority = new Authority()
      const session = yield* listen(opened(authority))
      assert.strictEqual(count("wait.duration"), 1) // the one who opened it
      yield* TestClock.adjust("11 minutes")
      const waiting = yield* Effect.forEach([1, 2, 3], () =>
        Effect.forkChild(request(session, authority), { startImmediately: true })
      )
      yield* TestClock.adjust("40 millis")
      yield* Fiber.interrupt(waiting[0] as Fiber.Fiber<unknown, unknown>)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(count("wait.duration"), 4)
      assert.closeTo(states("wait.duration")[0]?.state.sum ?? 0, 0.1 + 0.04 + 0.1 + 0.1, 1e-9)
    })
  )

  timed("show the time to expiry as it is when somebody looks, and nothing once the sessions have closed", () =>
    Effect.gen(function* () {
      const { listen, states } = reader()
      const left = () => states("time_to_expiry").map(({ state }) => state.value)
      const early = yield* Scope.make()
      const late = yield* Scope.make()
      yield* listen(Scope.provide(opened(new Authority({ life: 600_000 })), early))
      yield* listen(Scope.provide(opened(new Authority({ life: 300_000 })), late))
      assert.deepStrictEqual(left(), [300])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(left(), [240])
      yield* within(Scope.close(late, Exit.void), "1 minute")
      assert.isAbove(left()[0] ?? 0, 300)
      yield* within(Scope.close(early, Exit.void), "1 minute")
      assert.deepStrictEqual(left(), [])
    })
  )

  timed("are not touched by a request with a valid token (I9)", () =>
    Effect.gen(function* () {
      const touched: Array<string> = []
      class Watched extends Map<string, Metric.Metric.Metadata<never, unknown>> {
        override get(key: string) {
          touched.push(key)
          return super.get(key)
        }
      }
      const registry = new Watched() as unknown as Metric.MetricRegistry
      const session = yield* Effect.provideService(opened(new Authority()), Metric.MetricRegistry, registry)
      assert.isNotEmpty(touched.splice(0))
      for (let i = 0; i < 1000; i++) assert.isDefined(session.credentialUnsafe())
      assert.isEmpty(touched)
    })
  )
})

describe("the log of a session", () => {
  const event = (_tag: SessionEvent["_tag"], rest: object = {}) =>
    ({ _tag, at: 0, session: "key", generation: 2, ...rest }) as SessionEvent

  it.effect("is one line an event, at debug level", () =>
    Effect.gen(function* () {
      const { lines, listen } = reader()
      const telemetry = yield* listen(Telemetry.make({ api: "a", scheme: "s" }))
      const failed = new StoreUnavailable({ message: "The disk is full." })
      telemetry.onEvent(event("SignedIn", { took: 5, fingerprint: "f", expiresAt: undefined }), unknown)
      telemetry.onEvent(event("RenewalFailed", { error: failed }), unknown)
      for (const tag of ["Displaced", "StoreFailed", "SignOutFailed", "SignedOut", "Closed"] as const) {
        telemetry.onEvent(event(tag), unknown)
      }
      assert.deepStrictEqual(
        lines.map(({ level, message }) => [level, message]),
        [
          ["Debug", ["keyturn: SignedIn"]],
          ["Debug", ["keyturn: RenewalFailed"]],
          ["Debug", ["keyturn: Displaced"]],
          ["Debug", ["keyturn: StoreFailed"]],
          ["Debug", ["keyturn: SignOutFailed"]],
          ["Debug", ["keyturn: SignedOut"]],
          ["Debug", ["keyturn: Closed"]]
        ]
      )
      const where = { "keyturn.session": "key", "keyturn.generation": 2 }
      assert.deepStrictEqual(lines[0]?.annotations, { ...where, took: 5, fingerprint: "f", expiresAt: undefined })
      assert.deepStrictEqual(lines[1]?.annotations, {
        ...where,
        "error.type": "StoreUnavailable",
        error: "The disk is full."
      })
    })
  )

  it.effect("has the program's own level", () =>
    Effect.gen(function* () {
      const { lines, listen } = reader()
      const telemetry = yield* Telemetry.make({ api: "a", scheme: "s" }).pipe(
        Effect.provideService(References.MinimumLogLevel, "Info"),
        (made) => listen(made).pipe(Effect.provideService(References.MinimumLogLevel, "Info"))
      )
      telemetry.onEvent(event("SignedOut"), unknown)
      telemetry.onEvent(event("Displaced", { times: 1 }), unknown)
      assert.deepStrictEqual(
        lines.map(({ message }) => message),
        []
      )
    })
  )
})

describe("the spans of a session", () => {
  timed("are below the one that opens it, and roots in the background", () =>
    Effect.gen(function* () {
      const { listen, spans } = reader()
      const authority = new Authority()
      const session = yield* listen(Effect.withSpan(opened(authority), "start"))
      yield* TestClock.adjust("11 minutes")
      yield* within(request(session, authority), "1 second")
      const [start, signIn, refresh] = spans
      assert.deepStrictEqual([start?.name, signIn?.name, refresh?.name], ["start", "keyturn.signIn", "keyturn.refresh"])
      assert.strictEqual(signIn?.traceId, start?.traceId)
      assert.isTrue(refresh?.parent._tag === "None")
      assert.deepStrictEqual(Object.fromEntries(refresh?.attributes ?? []), LABELS)
    })
  )

  const requested = { method: "POST", headers: {}, deadline: 1000 } as unknown as Transport.TransportRequest
  const called = (url: string, answer: () => Promise<Response>, secrets: ReadonlyArray<string> = []) =>
    Effect.gen(function* () {
      const { listen, spans } = reader()
      const send = Transport.make(answer as typeof globalThis.fetch)
      yield* Effect.exit(listen(send({ ...requested, url, secrets: secrets.map((secret) => Redacted.make(secret)) })))
      return spans.map(
        ({ attributes, kind, name, status }): Record<string, unknown> => ({
          name,
          kind,
          failed: status._tag === "Ended" && Exit.isFailure(status.exit),
          ...Object.fromEntries(attributes)
        })
      )
    })

  it.live("of a request are an HTTP client's, without its query and its secrets (I7)", () =>
    Effect.gen(function* () {
      const answer = () => Promise.resolve(new Response("{}", { headers: { "content-type": "application/json" } }))
      const span = {
        name: "POST",
        kind: "client",
        "http.request.method": "POST",
        "server.address": "id.example.com",
        "server.port": 443
      }
      assert.deepStrictEqual(yield* called("https://id.example.com/t/k3y/token?code=canary", answer, ["k3y"]), [
        {
          ...span,
          failed: false,
          "url.full": "https://id.example.com/t/<redacted>/token",
          "http.response.status_code": 200
        }
      ])
      const said = { ...span, failed: true, "url.full": "https://id.example.com/token" }
      const url = "https://id.example.com/token"
      assert.deepStrictEqual(yield* called(url, () => Promise.resolve(new Response("{}", { status: 401 }))), [
        { ...said, "http.response.status_code": 401, "error.type": "401" }
      ])
      assert.deepStrictEqual(yield* called(url, () => Promise.resolve(new Response("<html>"))), [
        { ...said, "http.response.status_code": 200, "error.type": "GrantAnswerInvalid" }
      ])
      assert.deepStrictEqual(yield* called(url, () => Promise.reject(new Error("reset"))), [
        { ...said, "error.type": "GrantUnavailable" }
      ])
    })
  )

  it.live("tell of nothing that was not sent (I6)", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* called("http://id.example.com/token", () => Promise.reject(new Error())), [])
    })
  )
})

describe("a call that breaks", () => {
  it.effect("is timed as one of an unknown kind", () =>
    Effect.gen(function* () {
      const { listen, states } = reader()
      const telemetry = yield* listen(Telemetry.make({ api: "a", scheme: "s" }))
      yield* Effect.exit(telemetry.call("refresh", true, Effect.die(new Error("broken"))))
      yield* Effect.exit(
        telemetry.call("refresh", true, Effect.fail(new GrantUnavailable({ ambiguous: true, message: "" })))
      )
      assert.deepStrictEqual(
        states("call.duration").map(({ attributes }) => attributes?.["error.type"]),
        ["_OTHER", "GrantUnavailable"]
      )
    })
  )
})
