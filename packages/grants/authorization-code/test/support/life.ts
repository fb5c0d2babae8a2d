/**
 * A program of its own: sessions of every grant, side by side at one server, that renew with every request. Everything that
 * it can be brought to say goes to its output, a line each with the channel before it; in the end it crashes, and says that
 * too. A channel in `plant` says a token as well.
 */
import { once } from "node:events"
import { inspect } from "node:util"
import { Client } from "@keyturn/client/effect"
import type { Contract, SecurityScheme } from "@keyturn/contract"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import { deviceCode } from "../../../device-code/src/index.ts"
import { authorizationCode } from "../../src/index.ts"
import { loopback } from "../../src/loopback.ts"
import { browser, enterCode, signIn } from "./person.ts"

/** What the program is told, as JSON in its only argument. */
export interface Life {
  readonly url: string
  /** Requests, and so renewals, of each session. */
  readonly times: number
  readonly person: { readonly login: string; readonly password: string }
  readonly machine: { readonly clientId: string; readonly clientSecret: string }
  readonly plant: ReadonlyArray<Channel>
}

/** Where a program says something. */
export const channels = ["log", "span", "metric", "event", "value", "error", "crash"] as const
export type Channel = (typeof channels)[number]

/** Everything that can be printed of a value. */
const printed = (value: unknown): string => {
  const texts = [inspect(value, { depth: null, showHidden: true, getters: true }), String(value)]
  try {
    texts.push(JSON.stringify(value) ?? "")
  } catch {
    // What cannot be serialised cannot leak that way.
  }
  if (value instanceof Error) texts.push(value.message, value.stack ?? "", printed(value.cause ?? ""))
  return texts.join("\n")
}

interface Api {
  readonly GET: (path: string, init?: object) => Effect.Effect<unknown, unknown>
  readonly sessions: Readonly<
    Record<string, { readonly state: () => unknown; readonly credentialUnsafe: () => unknown }>
  >
}

const live = async ({ machine, person, plant, times, url }: Life): Promise<void> => {
  let token = ""
  const say = (channel: Channel, text: string) =>
    void process.stdout.write(
      `${channel}\t${(plant.includes(channel) ? `${text} ${token}` : text).replaceAll("\n", " ")}\n`
    )

  const tokenUrl = `${url}/token`
  const scopes = ["openid", "offline_access"]
  const oauth2 = (flows: Extract<SecurityScheme, { type: "oauth2" }>["flows"]) => ({ type: "oauth2", flows }) as const
  const visit = (at: string) => void signIn(browser(), at)
  const options = { clientId: "cli", scope: "openid offline_access" }
  const code = { ...options, parameters: { prompt: "consent" }, redirect: loopback({ open: visit }) }
  const codeFlow = oauth2({ authorizationCode: { authorizationUrl: `${url}/auth`, tokenUrl, scopes } })
  const ways: Readonly<Record<string, readonly [SecurityScheme, object]>> = {
    password: [oauth2({ password: { tokenUrl, scopes } }), { credentials: { ...person, ...machine } }],
    client: [oauth2({ clientCredentials: { tokenUrl, scopes } }), { credentials: machine }],
    code: [
      { type: "openIdConnect", openIdConnectUrl: `${url}/.well-known/openid-configuration` },
      { grant: authorizationCode(code) }
    ],
    dpop: [codeFlow, { grant: authorizationCode({ ...code, account: "bound", dpop: true }) }],
    device: [
      oauth2({ deviceAuthorization: { deviceAuthorizationUrl: `${url}/device/auth`, tokenUrl, scopes } }),
      {
        grant: deviceCode({
          ...options,
          onUserCode: ({ userCode, verificationUri }) => void enterCode(browser(), verificationUri, userCode)
        })
      }
    ]
  }
  const contractOf = (name: string, scheme: SecurityScheme): Contract => ({
    name,
    servers: [{ url }],
    schemes: { oauth: scheme },
    security: { default: [{ oauth: [] }], operations: {} }
  })
  const made = (name: string, scheme: SecurityScheme, more: object) =>
    Client.make(contractOf(name, scheme), {
      policy: { coolDown: 0, retries: 0, displacement: { budget: 1e6, backOff: 0 } },
      onEvent: (event: object) => say("event", JSON.stringify(event)),
      ...more
    } as never) as unknown as Effect.Effect<Api, { readonly _tag: string }>

  const failures: Array<unknown> = []
  const failing = (attempt: Effect.Effect<unknown, unknown>) =>
    Effect.gen(function* () {
      const cause = yield* Effect.flip(Effect.sandbox(attempt))
      yield* Effect.logTrace(cause)
      const error = Cause.squash(cause)
      failures.push(error)
      say("error", `${printed(error)} ${printed(cause)} ${Cause.pretty(cause)}`)
    })

  const program = Effect.gen(function* () {
    const apis = yield* Effect.forEach(Object.entries(ways), ([name, [scheme, more]]) => made(name, scheme, more), {
      concurrency: "unbounded"
    })
    yield* Effect.forEach(
      apis,
      (api) =>
        Effect.gen(function* () {
          for (let time = 0; time < times; time++) yield* api.GET("/api/me")
        }),
      { concurrency: "unbounded" }
    )
    const credential = apis[0]?.sessions.oauth?.credentialUnsafe() as { readonly authorizationUnsafe: () => string }
    token = credential.authorizationUnsafe().slice("Bearer ".length)
    process.send?.("renewed")
    yield* Effect.promise(() => once(process, "message"))
    // From here on the server refuses every token call, and repeats in its refusal all that it was sent.
    for (const [i, api] of apis.entries()) {
      yield* failing(api.GET("/nothing"))
      yield* failing(api.GET("/api/me", { baseUrl: "https://elsewhere.example" }))
      yield* failing(api.GET("/api/me"))
      const [name, [scheme, more]] = Object.entries(ways)[i] as [string, readonly [SecurityScheme, object]]
      yield* failing(Effect.scoped(made(`${name} again`, scheme, more)))
      say("value", printed([api, api.sessions, api.sessions.oauth?.state(), (more as { grant?: unknown }).grant]))
    }
    yield* Effect.logTrace(plant.includes("log") ? token : "done")
    say("metric", yield* Metric.dump)
    say("metric", printed(yield* Metric.snapshot))
    return apis
  })

  const tracer = Tracer.make({
    span: (given) => {
      const span = new Tracer.NativeSpan(given)
      const end = span.end.bind(span)
      span.end = (time, exit) => {
        say(
          "span",
          `${span.name} ${JSON.stringify([...span.attributes, ...span.events])} ${inspect(exit, { depth: 8 })}`
        )
        end(time, exit)
      }
      return span
    }
  })
  const logger = Logger.make(({ cause, fiber, message }) =>
    say(
      "log",
      `${inspect(message, { depth: null })} ${Cause.pretty(cause)} ${JSON.stringify(fiber.getRef(References.CurrentLogAnnotations))}`
    )
  )
  const context = Context.make(Tracer.Tracer, tracer).pipe(
    Context.add(References.MinimumLogLevel, "Trace"),
    Context.add(References.CurrentLoggers, new Set([logger]))
  )
  const apis = await Effect.runPromiseWith(context)(Effect.scoped(program))
  // What a crash shows: an error that nobody took, and what hangs on it.
  const cause = [...failures, apis, plant.includes("crash") ? { token } : undefined]
  process.disconnect()
  await new Promise((resolve) => process.stdout.write("", resolve))
  void Promise.reject(Object.assign(new Error("nobody took this", { cause }), { failures, sessions: apis }))
}

if (process.argv[1] === import.meta.filename) await live(JSON.parse(process.argv[2] ?? "{}") as Life)
