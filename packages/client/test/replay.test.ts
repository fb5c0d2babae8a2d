import { assert, describe, it } from "@effect/vitest"
import { vi } from "vitest"
import { BodyNotReplayable, type ConnectedClient, connect } from "../src/index.ts"
import { json } from "./support/echo.ts"
import { type Paths, pets } from "./support/pets.ts"
import { credentials, type Shop, shop } from "./support/shop.ts"

const open = (server: Shop): Promise<ConnectedClient<Paths>> => connect(pets, { baseUrl: server.url, credentials })

const raw = (init: RequestInit) =>
  ({ bodySerializer: () => init.body, body: "given", headers: init.headers }) as Record<string, unknown>

const bytes = new Uint8Array(70_000).map((_, i) => (i * 7919) % 251)
const multipart = () => {
  const form = new FormData()
  form.set("name", "ünï")
  form.set("file", new Blob([bytes], { type: "image/png" }), "a.png")
  return form
}

/** What a request meant, whatever boundary it drew. */
const meaning = async (seen: { readonly headers: Record<string, unknown>; readonly body: Buffer }) => {
  const type = String(seen.headers["content-type"] ?? "")
  if (!type.startsWith("multipart/")) return [type, seen.body.toString("base64")]
  const form = await new Response(new Uint8Array(seen.body), { headers: { "content-type": type } }).formData()
  const parts: Array<unknown> = []
  for (const [name, value] of form) {
    parts.push(
      typeof value === "string"
        ? [name, value]
        : [name, value.name, value.type, Buffer.from(await value.arrayBuffer()).toString("base64")]
    )
  }
  return ["multipart", parts]
}

const bodies: Readonly<Record<string, () => RequestInit>> = {
  "a string": () => ({ body: '{"a":"ü"}', headers: { "content-type": "application/json" } }),
  bytes: () => ({ body: bytes, headers: { "content-type": "application/octet-stream" } }),
  "an ArrayBuffer": () => ({ body: bytes.slice().buffer, headers: { "content-type": "application/octet-stream" } }),
  URLSearchParams: () => ({ body: new URLSearchParams({ a: "1 & 2", b: "ü" }) }),
  "a Blob": () => ({ body: new Blob([bytes], { type: "image/png" }) }),
  FormData: () => ({ body: multipart() }),
  "no body": () => ({})
}

describe("a request that gets a 401", () => {
  for (const [name, init] of Object.entries(bodies)) {
    it(`is sent again byte for byte with ${name}, by the plain fetch (T43, T44)`, async () => {
      await using server = await shop()
      await using client = await open(server)
      server.forget()
      const response = await client.session.fetch("/pets", { method: "POST", ...init() })
      assert.strictEqual(response.status, 200)
      assert.deepStrictEqual(await response.json(), { ok: true })
      const [first, second, ...rest] = server.calls()
      assert.strictEqual(rest.length, 0)
      assert.deepStrictEqual(await meaning(second as never), await meaning(first as never))
      assert.strictEqual(second?.method, "POST")
      assert.notStrictEqual(second?.headers.authorization, first?.headers.authorization)
    })

    it(`is sent again byte for byte with ${name}, as part of a Request`, async () => {
      await using server = await shop()
      await using client = await open(server)
      server.forget()
      const request = new Request(`${server.url}/pets`, { method: "POST", ...init() })
      assert.strictEqual((await client.session.fetch(request)).status, 200)
      const [first, second] = server.calls()
      assert.deepStrictEqual(await meaning(second as never), await meaning(first as never))
    })

    it(`is sent again byte for byte with ${name}, by an operation`, async () => {
      await using server = await shop()
      await using client = await open(server)
      server.forget()
      const given = init()
      const { response } = await client.POST("/pets", given.body === undefined ? {} : raw(given))
      assert.strictEqual(response.status, 200)
      const [first, second] = server.calls()
      assert.deepStrictEqual(await meaning(second as never), await meaning(first as never))
    })
  }

  for (const length of [10, 20_000]) {
    it(`is sent again byte for byte with ${length} characters of JSON, and its operation's own headers`, async () => {
      await using server = await shop()
      await using client = await open(server)
      server.forget()
      const { data } = await client.POST("/pets", { body: { name: "ü".repeat(length) } })
      assert.deepStrictEqual(data, { ok: true })
      const [first, second, ...rest] = server.calls()
      assert.strictEqual(rest.length, 0)
      assert.deepStrictEqual(JSON.parse(String(first?.body)), { name: "ü".repeat(length) })
      assert.strictEqual(first?.headers["content-type"], "application/json")
      assert.strictEqual(first?.headers["content-length"], String(first?.body.length))
      const { authorization: dead, ...before } = first?.headers ?? {}
      const { authorization: living, ...after } = second?.headers ?? {}
      assert.notStrictEqual(living, dead)
      assert.deepStrictEqual(after, before)
      assert.deepStrictEqual(second?.body, first?.body)
    })
  }

  it("is a whole Request to every fetch but the platform's, with the credential in it", async () => {
    await using server = await shop()
    const seen: Array<unknown> = []
    const watch: typeof fetch = (input, init) => {
      seen.push(input instanceof Request ? input.headers.get("authorization")?.slice(0, 6) : input)
      return fetch(input, init)
    }
    await using client = await connect(pets, { baseUrl: server.url, credentials, fetch: watch })
    seen.length = 0
    await client.GET("/pets")
    await client.POST("/pets", { body: { name: "a" } })
    await using usual = await open(server)
    await usual.GET("/pets", { fetch: (request: Request) => watch(request) })
    assert.deepStrictEqual(seen, ["Bearer", "Bearer", "Bearer"])
  })

  it("is sent again whatever a middleware made of it", async () => {
    await using server = await shop()
    await using client = await open(server)
    client.use({
      onRequest: ({ request }) =>
        new Request(request, { headers: { ...Object.fromEntries(request.headers), "x-trace": "1" } })
    })
    server.forget()
    const { data } = await client.POST("/pets", raw({ body: "hello", headers: { "content-type": "text/plain" } }))
    assert.deepStrictEqual(data, { ok: true })
    for (const { body, headers } of server.calls()) {
      assert.strictEqual(body.toString(), "hello")
      assert.strictEqual(headers["x-trace"], "1")
    }
  })

  it("lets go of the answer, and of the connection that it holds, before it asks for another token", async () => {
    await using server = await shop()
    let refused: Response | undefined
    const before: Array<boolean | undefined> = []
    await using client = await connect(pets, {
      baseUrl: server.url,
      credentials,
      fetch: async (input, init) => {
        const response = await fetch(input, init)
        // The forgotten session is refreshed in vain, then signed in to anew.
        if (response.url.endsWith("/token")) before.push(refused?.bodyUsed)
        if (response.status === 401) refused = response
        return response
      }
    })
    server.forget()
    assert.strictEqual((await client.GET("/pets")).response.status, 200)
    assert.deepStrictEqual(before, [true])
  })

  it("is sent once more when its new token's time was over before it arrived (T39)", async () => {
    await using server = await shop(60)
    await using client = await open(server)
    vi.useFakeTimers({ toFake: ["Date"] })
    try {
      let late = true
      server.answer = (_seen, response) => {
        if (!late) return json(response, 200, { ok: true })
        // The machine stood still while the request was on its way.
        late = false
        vi.setSystemTime(Date.now() + 61_000)
        json(response, 401, { why: "token" })
      }
      server.forget()
      assert.strictEqual((await client.session.fetch("/pets")).status, 200)
      assert.strictEqual(server.calls().length, 3)
      // A token whose time is not over is refused for another reason, and one renewal is enough to know.
      server.answer = (_seen, response) => json(response, 401, { why: "no right" })
      assert.strictEqual((await client.session.fetch("/closed")).status, 401)
      assert.strictEqual(server.calls().length, 5)
    } finally {
      vi.useRealTimers()
    }
  })

  it("says BodyNotReplayable for a stream, and the next request works", async () => {
    await using server = await shop()
    await using client = await open(server)
    const streamed = () => ({
      method: "POST",
      body: new Blob(["abc"]).stream(),
      duplex: "half" as const
    })
    server.forget()
    const error = await client.session.fetch("/pets", streamed()).then(
      () => undefined,
      (error: unknown) => error
    )
    assert.instanceOf(error, BodyNotReplayable)
    assert.strictEqual((await client.session.fetch("/pets", streamed())).status, 200)
  })

  it("is renewed and sent again once only, and the answer is handed over (T29)", async () => {
    await using server = await shop()
    await using client = await open(server)
    server.answer = (_seen, response) => json(response, 401, { why: "never" })
    for (let i = 0; i < 5; i++) {
      const { error, response } = await client.GET("/pets")
      assert.strictEqual(response.status, 401)
      assert.deepStrictEqual(error, { why: "never" })
    }
    assert.strictEqual(server.count("/token"), 1)
  })

  it("for want of scope renews nothing (T32)", async () => {
    await using server = await shop()
    await using client = await open(server)
    server.answer = (_seen, response) =>
      json(response, 403, {}, { "www-authenticate": 'Bearer error="insufficient_scope", scope="write"' })
    const error = (await client.GET("/pets").catch((error: unknown) => error)) as { _tag?: string; needed?: unknown }
    assert.strictEqual(error._tag, "InsufficientScope")
    assert.deepStrictEqual(error.needed, ["write"])
    assert.strictEqual(server.count("/token"), 0)
    assert.strictEqual(server.calls().length, 1)
  })

  it("with the caller's own Authorization is the caller's business", async () => {
    await using server = await shop()
    await using client = await open(server)
    const response = await client.session.fetch("/pets", { headers: { authorization: "Bearer mine" } })
    assert.strictEqual(response.status, 401)
    assert.strictEqual(server.calls()[0]?.headers.authorization, "Bearer mine")
    assert.strictEqual(server.calls().length, 1)
  })

  it("goes through the fetch that was given for this one call", async () => {
    await using server = await shop()
    await using client = await open(server)
    server.forget()
    const through: Array<string | null> = []
    const { data } = await client.GET("/pets", {
      fetch: (request) => {
        through.push(request.headers.get("authorization"))
        return fetch(request)
      }
    })
    assert.deepStrictEqual(data, { ok: true })
    assert.strictEqual(new Set(through).size, 2)
  })
})
