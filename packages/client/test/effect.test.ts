import { assert, describe, it } from "@effect/vitest"
import { contract } from "@keyturn/bench"
import { bench } from "@keyturn/simulators"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { Client } from "../src/effect.ts"
import { json } from "./support/echo.ts"
import { type Paths, pets } from "./support/pets.ts"
import { credentials, shop } from "./support/shop.ts"

class Bench extends Client.Service<Bench>()("test/Bench", contract) {}
class Pets extends Client.Service<Pets>()("test/Pets", pets) {}

const simulator = Effect.acquireRelease(
  Effect.promise(() => bench.listen()),
  (server) => Effect.promise(() => server.close())
)
const store = Effect.acquireRelease(
  Effect.promise(() => shop()),
  (server) => Effect.promise(() => server[Symbol.asyncDispose]())
)

const once = () => {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve: () => resolve() }
}

describe("the Effect face", () => {
  it.live("gives data, signs in with a Config, and signs out at the end of its scope", () =>
    Effect.gen(function* () {
      const server = yield* simulator
      const { login, password } = server.credentials.service
      const secrets = Config.all({ login: Config.Redacted("LOGIN"), password: Config.Redacted("PASSWORD") })
      const accounts = yield* Effect.gen(function* () {
        const client = yield* Bench
        const { data, response } = yield* client.withResponse.GET("/rp/api/v1/Accounts")
        assert.strictEqual(response.status, 200)
        assert.deepStrictEqual(data, yield* client.GET("/rp/api/v1/Accounts"))
        assert.strictEqual(client.sessions.session?.state().generation, 1)
        return data
      }).pipe(
        Effect.provide(Bench.layer({ baseUrl: server.url, credentials: secrets })),
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { LOGIN: login, PASSWORD: password } })))
      )
      assert.isAbove(accounts.length, 0)
      const { liveSessions, signIns, signOuts } = server.stats()
      assert.deepStrictEqual({ liveSessions, signIns, signOuts }, { liveSessions: 0, signIns: 1, signOuts: 1 })
    })
  )

  it.live("fails with the declared error by its status, and with SessionError for the session", () =>
    Effect.gen(function* () {
      const server = yield* store
      const layer = Pets.layer({ baseUrl: server.url, credentials })
      const pets = yield* Pets.pipe(Effect.provide(layer), Effect.exit)
      assert.isTrue(Exit.isSuccess(pets))
      yield* Effect.gen(function* () {
        const client = yield* Pets
        server.answer = (_seen, response) => json(response, 401, { why: "no" })
        const why = yield* client.GET("/pets").pipe(
          Effect.map(() => "fine"),
          Effect.catchTag("ApiError", (error) => Effect.succeed(error.status === 401 ? error.body.why : ""))
        )
        assert.strictEqual(why, "no")
        server.answer = (_seen, response) =>
          void response.writeHead(200, { "content-type": "application/json" }).end("{")
        assert.strictEqual((yield* Effect.flip(client.GET("/pets")))._tag, "RequestFailed")
      }).pipe(Effect.provide(layer))
      const wrong = Pets.layer({ baseUrl: server.url, credentials: { login: "ada", password: "wrong" } })
      const error = yield* Effect.flip(Effect.provide(Pets, wrong))
      assert.strictEqual(error._tag, "SignInRejected")
    })
  )

  it.live("aborts a request that is interrupted, its own signal or not", () =>
    Effect.gen(function* () {
      const server = yield* store
      yield* Effect.gen(function* () {
        const client = yield* Pets
        for (const init of [{}, { signal: new AbortController().signal }]) {
          const arrived = once()
          const gone = once()
          server.answer = (_seen, response) => {
            arrived.resolve()
            response.on("close", () => gone.resolve())
          }
          const fiber = yield* Effect.forkChild(client.GET("/pets", init))
          yield* Effect.promise(() => arrived.promise)
          yield* Fiber.interrupt(fiber)
          yield* Effect.promise(() => gone.promise)
        }
      }).pipe(Effect.provide(Pets.layer({ baseUrl: server.url, credentials })))
    })
  )
})

/** Checked by the compiler alone. */
export const types = Effect.gen(function* () {
  const client = yield* Pets
  const call = client.GET("/pets")
  type Failure = Effect.Error<typeof call>
  type Bodies = Extract<Failure, { readonly _tag: "ApiError" }>
  const status: Bodies["status"] = 401
  const body: Bodies["body"] = { why: "" }
  // @ts-expect-error an operation that the document does not have
  client.GET("/nothing")
  // @ts-expect-error a method that the path does not have
  client.POST("/open")
  const { data: whole } = yield* client.withResponse.GET("/open")
  // @ts-expect-error another status than the declared ones
  const other: Bodies["status"] = 404
  const data: { ok: boolean } = yield* call
  return [status, body, other, data, whole.ok]
})

// @ts-expect-error a credential that is missing
Pets.layer({ credentials: { login: "ada" } })
// @ts-expect-error a credential that the contract does not know
Bench.layer({ credentials: { user: "ada", password: "x" } })
export type Keep = Paths
