import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { StoreUnavailable } from "@keyturn/auth/SessionError"
import type { SessionStore } from "@keyturn/auth/SessionStore"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import { Client } from "../src/effect.ts"
import { connect, memoryStore } from "../src/index.ts"
import { json } from "./support/echo.ts"
import { keyed, pets } from "./support/pets.ts"
import { credentials, shop } from "./support/shop.ts"

/** Everything a program could print of a value. */
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

/** Where one of the canaries shows: as it is, or in one of the forms it travels in. */
const found = (text: string): ReadonlyArray<string> => {
  const canary = /canary-(access|refresh)-\d+-[ab]{16}|canary-password|canary-key|canary-wrong/g
  const encoded = [...text.matchAll(/[A-Za-z0-9+/=_-]{20,}/g)].map(([part]) => Buffer.from(part, "base64").toString())
  return [text, decodeURIComponent(text.replaceAll("%", "%25").replaceAll("%252D", "-")), ...encoded].flatMap((one) => [
    ...(one.match(canary) ?? [])
  ])
}

class Pets extends Client.Service<Pets>()("canary/Pets", pets) {}

describe("what a session says of itself (I7, T49, T50)", () => {
  it("holds no secret: events, errors, state, the client itself", async () => {
    const said: Array<unknown> = []
    const keep = (promise: Promise<unknown>) =>
      promise.then(
        (value) => value,
        (error: unknown) => void said.push(error)
      )
    await using server = await shop()
    const inner = memoryStore()
    let failing = false
    const store: SessionStore = {
      ...inner,
      write: (key, next) =>
        failing
          ? Effect.fail(new StoreUnavailable({ message: "down", cause: new Error("down") }))
          : inner.write(key, next)
    }
    const onEvent = (event: unknown) => void said.push(event)
    const options = { baseUrl: server.url, store, onEvent }
    const client = await connect(pets, { ...options, credentials })
    said.push(client, client.session, client.session.state, client.session.states)
    await client.GET("/pets")
    server.forget()
    await client.GET("/pets")
    said.push(client.session.state)
    await keep(connect(pets, { ...options, credentials: { login: "ada", password: "canary-wrong" } }))
    await keep(client.session.fetch("https://elsewhere.example/?x=1"))
    server.forget()
    await keep(
      client.session.fetch("/pets", { method: "POST", body: new Blob(["x"]).stream(), duplex: "half" } as RequestInit)
    )
    failing = true
    await keep(client.GET("/pets"))
    for (let i = 0; i < 5; i++) {
      server.forget()
      await keep(client.GET("/pets"))
    }
    server.answer = (_seen, response) => void response.socket?.destroy()
    await keep(client.GET("/pets"))
    await client.session.signOut()
    await keep(client.GET("/pets"))
    said.push(client)
    for (const place of ["header", "query", "cookie"] as const) {
      const other = await connect(keyed(place), { baseUrl: server.url, credentials: { apiKey: "canary-key" }, onEvent })
      said.push(other)
      await keep(other.GET("/pets"))
      await keep(other.session.fetch("https://elsewhere.example/"))
      await other.session.signOut()
    }
    const tags = said.map((one) => (one as { _tag?: string })._tag)
    for (const tag of [
      "SignedIn",
      "SignInRejected",
      "OriginRefused",
      "BodyNotReplayable",
      "StoreUnavailable",
      "SessionClosed"
    ]) {
      assert.include(tags, tag)
    }
    const text = said.map(printed).join("\n")
    assert.deepStrictEqual(found(text), [])
    // The tokens were there to be found.
    assert.isAbove(found(printed(server.seen.map(({ headers, body }) => [headers, body.toString()]))).length, 0)
  })

  it("holds no secret in logs at trace level, spans, causes and typed errors", async () => {
    const said: Array<string> = []
    const spans: Array<string> = []
    const tracer = Tracer.make({
      span: (given) => {
        const span = new Tracer.NativeSpan(given)
        spans.push(given.name)
        const attribute = span.attribute.bind(span)
        span.attribute = (key, value) => {
          said.push(printed([key, value]))
          attribute(key, value)
        }
        said.push(printed(given.name))
        const end = span.end.bind(span)
        span.end = (time, exit) => {
          said.push(printed([...span.attributes]), printed(span.events), printed(exit))
          end(time, exit)
        }
        return span
      }
    })
    const logger = Logger.make((entry) => void said.push(printed(entry.message), Cause.pretty(entry.cause)))
    await using server = await shop()
    const program = Effect.gen(function* () {
      const client = yield* Pets
      yield* client.GET("/pets")
      server.forget()
      yield* client.GET("/pets")
      server.answer = (_seen, response) => json(response, 401, { why: "no" })
      const error = yield* Effect.flip(client.GET("/pets"))
      yield* Effect.logTrace(error)
      yield* Effect.logError(client)
      said.push(printed(error), printed(client))
    }).pipe(Effect.withSpan("program"), Effect.provide(Pets.layer({ baseUrl: server.url, credentials })))
    const wrong = Effect.scoped(
      Effect.provide(Pets, Pets.layer({ baseUrl: server.url, credentials: { login: "ada", password: "canary-wrong" } }))
    )
    const key = Effect.gen(function* () {
      const client = yield* Client.make(keyed("query"), { baseUrl: server.url, credentials: { apiKey: "canary-key" } })
      const error = yield* Effect.flip(client.GET("/pets"))
      said.push(printed(error))
    }).pipe(Effect.scoped)
    await Effect.runPromise(
      Effect.gen(function* () {
        yield* program
        const cause = yield* Effect.flip(Effect.sandbox(wrong))
        yield* Effect.logError(cause)
        said.push(Cause.pretty(cause), printed(cause))
        yield* key
      }).pipe(
        Effect.provideService(Tracer.Tracer, tracer),
        Effect.provideService(References.MinimumLogLevel, "Trace"),
        Effect.provide(Logger.layer([logger]))
      )
    )
    for (const name of ["keyturn.signIn", "keyturn.refresh", "keyturn.signOut"]) assert.include(spans, name)
    assert.deepStrictEqual(found(said.join("\n")), [])
  })

  it("would be found if it were there", () => {
    const token = "canary-access-1-aaaaaaaaaaaaaaaa"
    for (const planted of [
      token,
      `?token=${encodeURIComponent(token)}`,
      Buffer.from(`x:${token}`).toString("base64"),
      printed(Object.assign(new Error("x"), { request: { headers: { authorization: `Bearer ${token}` } } })),
      printed(new Error("x", { cause: new Error(token) })),
      printed({ a: { b: { c: { d: { e: { f: token } } } } } })
    ]) {
      assert.isAbove(found(planted).length, 0, planted)
    }
  })
})
