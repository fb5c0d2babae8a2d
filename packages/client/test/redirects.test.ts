import { assert, describe, it } from "@effect/vitest"
import { connect, OriginRefused } from "../src/index.ts"
import { echo, json } from "./support/echo.ts"
import { keyed, pets } from "./support/pets.ts"
import { credentials, shop } from "./support/shop.ts"

const to =
  (location: string, status = 307) =>
  (_seen: unknown, response: import("node:http").ServerResponse) =>
    void response.writeHead(status, { location }).end()

const fine = () => echo((_seen, response) => json(response, 200, { ok: true }))

describe("a redirect", () => {
  it("within the API keeps the credential", async () => {
    await using server = await shop()
    await using client = await connect(pets, { baseUrl: server.url, credentials })
    const usual = server.answer
    server.answer = (seen, response, n) =>
      seen.url === "/pets" ? to("/moved")(seen, response) : usual(seen, response, n)
    assert.deepStrictEqual((await client.GET("/pets")).data, { ok: true })
    assert.strictEqual(server.calls()[1]?.headers.authorization, server.calls()[0]?.headers.authorization)
  })

  for (const place of ["header", "query", "cookie"] as const) {
    it(`to another origin loses a credential in the ${place} (I6, T51)`, async () => {
      await using other = await fine()
      await using server = await echo(to(`${other.url}/there`))
      await using client = await connect(keyed(place), { baseUrl: server.url, credentials: { apiKey: "canary-key" } })
      for (const redirect of [undefined, "follow"] as const) {
        const { data } = await client.GET("/pets", redirect === undefined ? {} : { redirect })
        assert.deepStrictEqual(data, { ok: true })
        const response = await client.session.fetch("/pets", redirect === undefined ? {} : { redirect })
        assert.deepStrictEqual(await response.json(), { ok: true })
      }
      client.use({ onRequest: ({ request }) => new Request(request.url, { method: request.method }) })
      assert.deepStrictEqual((await client.GET("/pets")).data, { ok: true })
      assert.isTrue(server.seen.every((seen) => JSON.stringify([seen.url, seen.headers]).includes("canary-key")))
      assert.strictEqual(other.seen.length, 5)
      for (const seen of other.seen) assert.notInclude(JSON.stringify([seen.url, seen.headers]), "canary-key")
    })
  }

  it("to another origin loses the bearer token, also when that origin answers 401", async () => {
    await using other = await echo((_seen, response) => json(response, 401, { why: "who" }))
    await using server = await shop()
    await using client = await connect(pets, { baseUrl: server.url, credentials })
    server.answer = to(`${other.url}/there`)
    assert.strictEqual((await client.GET("/pets")).response.status, 401)
    assert.isTrue(other.seen.every(({ headers }) => headers.authorization === undefined))
    // A stranger's 401 says nothing about our token.
    assert.strictEqual(server.count("/token"), 0)
  })

  it("is handed over when the caller says so", async () => {
    await using server = await shop()
    await using client = await connect(pets, { baseUrl: server.url, credentials })
    server.answer = to("/moved")
    assert.strictEqual((await client.session.fetch("/pets", { redirect: "manual" })).status, 307)
    assert.strictEqual((await client.GET("/pets", { redirect: "manual" })).response.status, 307)
    const error = await client.session.fetch("/pets", { redirect: "error" }).catch((error: unknown) => error)
    assert.instanceOf(error, TypeError)
    assert.strictEqual(server.calls().filter(({ url }) => url === "/moved").length, 0)
  })

  it("by 303 turns a POST into a GET without its body, and stays one", async () => {
    await using server = await shop()
    await using client = await connect(pets, { baseUrl: server.url, credentials })
    const usual = server.answer
    server.answer = (seen, response, n) =>
      seen.url === "/pets"
        ? to("/one", 303)(seen, response)
        : seen.url === "/one"
          ? to("/two", 302)(seen, response)
          : usual(seen, response, n)
    for (const input of ["/pets", new Request(`${server.url}/pets`, { method: "POST", body: "a=1" })]) {
      const response = await client.session.fetch(
        input,
        typeof input === "string" ? { method: "POST", body: "a=1" } : {}
      )
      assert.strictEqual(response.status, 200)
    }
    assert.deepStrictEqual(
      server.calls().map(({ body, method, url }) => `${method} ${url} ${body}`),
      ["POST /pets a=1", "GET /one ", "GET /two ", "POST /pets a=1", "GET /one ", "GET /two "]
    )
  })

  it("by 307 keeps method and body", async () => {
    await using server = await shop()
    await using client = await connect(pets, { baseUrl: server.url, credentials })
    const usual = server.answer
    server.answer = (seen, response, n) =>
      seen.url === "/pets" ? to("/one")(seen, response) : usual(seen, response, n)
    await client.session.fetch("/pets", { method: "POST", body: "a=1" })
    assert.strictEqual(`${server.calls()[1]?.method} ${server.calls()[1]?.body}`, "POST a=1")
  })

  it("to something that is not http fails, as it does in fetch", async () => {
    await using server = await shop()
    await using client = await connect(pets, { baseUrl: server.url, credentials })
    server.answer = to("data:application/json,{}")
    assert.instanceOf(await client.session.fetch("/pets").catch((error: unknown) => error), TypeError)
  })

  it("that never ends does end", async () => {
    await using server = await shop()
    await using client = await connect(pets, { baseUrl: server.url, credentials })
    server.answer = to("/pets")
    assert.instanceOf(await client.session.fetch("/pets").catch((error: unknown) => error), TypeError)
    assert.strictEqual(server.calls().length, 21)
  })

  it("of an operation without credentials is followed too", async () => {
    await using server = await shop()
    await using client = await connect(pets, { baseUrl: server.url, credentials })
    await using other = await fine()
    server.answer = to(`${other.url}/there`)
    assert.deepStrictEqual((await client.GET("/open")).data, { ok: true })
    assert.strictEqual(server.calls()[0]?.headers.authorization, undefined)
  })

  it("of a sign-in is refused: credentials are not carried along (T52, S7)", async () => {
    await using other = await fine()
    await using server = await echo(to(`${other.url}/signin`))
    const error = (await connect(pets, { baseUrl: server.url, credentials }).catch((error: unknown) => error)) as {
      _tag?: string
      status?: number
    }
    assert.strictEqual(error._tag, "SignInRejected")
    assert.strictEqual(error.status, 307)
    assert.strictEqual(other.seen.length, 0)
  })
})

describe("an origin that is not the API's", () => {
  it("gets nothing at all, however its URL is written (I6, T51)", async () => {
    await using other = await fine()
    await using server = await shop()
    await using client = await connect(pets, { baseUrl: server.url, credentials })
    const { host, port } = new URL(other.url)
    const urls = [`${other.url}/x`, `//${host}/x`, `http:\\\\${host}\\x`, `http://localhost:${port}/x`]
    for (const url of urls) {
      const error = await client.session.fetch(url).catch((error: unknown) => error)
      assert.instanceOf(error, OriginRefused, url)
    }
    const error = await client.GET("/pets", { baseUrl: other.url }).catch((error: unknown) => error)
    assert.instanceOf(error, OriginRefused)
    client.use({ onRequest: ({ request }) => new Request(request.url.replace(server.url, other.url)) })
    assert.instanceOf(await client.GET("/pets").catch((error: unknown) => error), OriginRefused)
    assert.strictEqual(other.seen.length, 0)
  })

  it("may have it when it is named", async () => {
    await using other = await fine()
    await using server = await shop()
    await using client = await connect(pets, { baseUrl: server.url, credentials, allowOrigins: [other.url] })
    assert.strictEqual((await client.session.fetch(`${other.url}/x`)).status, 200)
    assert.match(other.seen[0]?.headers.authorization ?? "", /^Bearer canary-access/)
  })
})
