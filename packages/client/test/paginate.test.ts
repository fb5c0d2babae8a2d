import { assert, describe, it } from "@effect/vitest"
import { contract } from "@keyturn/bench"
import { bench } from "@keyturn/simulators"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Client } from "../src/effect.ts"
import { connect, PageError, paginate } from "../src/index.ts"

const start = async () => {
  const server = bench.create({})
  const { login, password } = server.credentials.service
  const api = await connect(contract, { baseUrl: server.url, fetch: server.fetch, credentials: { login, password } })
  return {
    server,
    api,
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]()
      await server.close()
    }
  }
}

const collect = async <T>(items: AsyncIterable<T>): Promise<ReadonlyArray<T>> => {
  const all: Array<T> = []
  for await (const item of items) all.push(item)
  return all
}

describe("paginate", () => {
  it("reads every item once, in as many requests as there are pages", async () => {
    await using running = await start()
    const { api, server } = running
    const projects = await collect(
      paginate(api, contract, "GET /rp/api/v1/accounts/{accountId}/Projects", {
        params: { path: { accountId: 1 }, query: { limit: 20 } }
      })
    )
    const { data = [] } = await api.GET("/rp/api/v1/accounts/{accountId}/Projects", {
      params: { path: { accountId: 1 } }
    })
    assert.deepStrictEqual(
      projects.map((project) => project.id),
      data.map((project) => project.id)
    )
    assert.isAbove(data.length, 20)
    const requests = server.stats().operations["GET /rp/api/v1/accounts/{accountId}/Projects"]
    assert.strictEqual(requests, Math.ceil(data.length / 20) + 1)
  })

  it("begins where it is told to, and asks for no page that nobody reads", async () => {
    await using running = await start()
    const { api, server } = running
    for await (const person of paginate(api, contract, "GET /rp/api/v1/accounts/{accountId}/Persons", {
      params: { path: { accountId: 1 }, query: { offset: 5, limit: 2 } }
    })) {
      const name: string | null | undefined = person.name
      assert.isString(name)
      break
    }
    assert.strictEqual(server.stats().operations["GET /rp/api/v1/accounts/{accountId}/Persons"], 1)
  })

  it("pages by the body where the operation does", async () => {
    await using running = await start()
    const { api } = running
    const projects = await collect(
      paginate(api, contract, "POST /rp/api/v1/accounts/{accountId}/Projects/_filter", {
        params: { path: { accountId: 1 } },
        body: { limit: 25 }
      })
    )
    assert.isAbove(projects.length, 25)
    assert.strictEqual(new Set(projects.map((project) => project.id)).size, projects.length)
  })

  it("reads the entries of answers that are maps", async () => {
    await using running = await start()
    const { api } = running
    const found = await collect(
      paginate(api, contract, "GET /rp/api/v1/Accounts/{accountId}/person-certifications", {
        params: { path: { accountId: 1 }, query: { limit: 10 } }
      })
    )
    const people: ReadonlyArray<string> = found.map(([person]) => person)
    assert.isAbove(people.length, 10)
    assert.strictEqual(new Set(people).size, people.length)
  })

  it("stops with the API's own error", async () => {
    await using running = await start()
    const { api } = running
    const reading = collect(
      paginate(api, contract, "GET /rp/api/v1/accounts/{accountId}/Projects", { params: { path: { accountId: 999 } } })
    )
    const error = await reading.then(
      () => undefined,
      (error: unknown) => error
    )
    assert.instanceOf(error, PageError)
    assert.strictEqual((error as PageError).status, 403)
  })

  it("takes paged operations only", () => {
    // @ts-expect-error signing in has no pages
    const pages = () => paginate({}, contract, "POST /auth/signin")
    assert.isFunction(pages)
  })
})

class Bench extends Client.Service<Bench>()("test/Bench", contract) {}

describe("Client.pages", () => {
  it.live("streams the items of an operation, and fails as a call of it does", () =>
    Effect.gen(function* () {
      const server = bench.create({})
      yield* Effect.addFinalizer(() => Effect.promise(() => server.close()))
      const { login, password } = server.credentials.service
      const layer = Bench.layer({ baseUrl: server.url, fetch: server.fetch, credentials: { login, password } })
      yield* Effect.gen(function* () {
        const api = yield* Bench
        const path = { accountId: 1 }
        const projects = yield* Stream.runCollect(
          Client.pages(api, contract, "GET /rp/api/v1/accounts/{accountId}/Projects", {
            params: { path, query: { limit: 30 } }
          })
        )
        const all = yield* api.GET("/rp/api/v1/accounts/{accountId}/Projects", { params: { path } })
        assert.deepStrictEqual(
          projects.map((project) => project.id),
          all.map((project) => project.id)
        )
        const error = yield* Effect.flip(
          Stream.runDrain(
            Client.pages(api, contract, "GET /rp/api/v1/accounts/{accountId}/Projects", {
              params: { path: { accountId: 999 } }
            })
          )
        )
        assert.strictEqual(error._tag === "ApiError" ? error.status : error._tag, 403)
      }).pipe(Effect.provide(layer))
    })
  )
})
