import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import type { Contract } from "@keyturn/contract"
import { type ConnectOptions, connect, memoryStore } from "../src/index.ts"

const contract = {
  name: "cases",
  servers: [{ url: "https://cases.example" }],
  schemes: {
    session: { type: "oauth2", flows: { password: { tokenUrl: "/token", refreshUrl: "/token", scopes: [] } } }
  },
  security: { default: [{ session: [] }], operations: {} }
} as const satisfies Contract

interface Seen {
  readonly grant: string
  readonly refreshToken: string | null
  readonly authorization: string | undefined
}

/** An authorization server and an API in one: rotates tokens, which both die when they are replaced. */
const serve = async (
  change: (
    answer: Record<string, unknown>,
    seen: Seen
  ) => Record<string, unknown> | Promise<Record<string, unknown>> = (answer) => answer
) => {
  let issued = 0
  let access = ""
  let refresh = ""
  const tokenCalls: Array<Seen> = []
  const requests: Array<{
    readonly method: string
    readonly url: string
    readonly body: string
    readonly token: string
  }> = []
  const body = async (request: IncomingMessage) => {
    let text = ""
    for await (const chunk of request) text += chunk
    return text
  }
  const answer = (response: ServerResponse, status: number, value: unknown) =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value))
  const server = createServer(async (request, response) => {
    const text = await body(request)
    if (request.url === "/token") {
      const form = new URLSearchParams(text)
      const seen = {
        grant: form.get("grant_type") ?? "",
        refreshToken: form.get("refresh_token"),
        authorization: request.headers.authorization
      }
      tokenCalls.push(seen)
      if (seen.grant === "refresh_token" && seen.refreshToken !== refresh) {
        return answer(response, 400, { error: "invalid_grant" })
      }
      issued++
      access = `a${issued}`
      refresh = `r${issued}`
      const given = { access_token: access, refresh_token: refresh, token_type: "Bearer", expires_in: 3600 }
      return answer(response, 200, await change(given, seen))
    }
    const token = request.headers.authorization?.replace("Bearer ", "") ?? ""
    requests.push({ method: request.method ?? "", url: request.url ?? "", body: text, token })
    return token === access ? answer(response, 200, { token }) : answer(response, 401, {})
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    baseUrl,
    tokenCalls,
    requests,
    /** Ends the access token, not the refresh token. */
    expire: () => {
      access = "none"
    },
    open: (options: Partial<ConnectOptions<typeof contract>> = {}) =>
      connect(contract, {
        baseUrl,
        store: memoryStore(),
        credentials: { login: "ada", password: "pw" } as never,
        ...options
      } as ConnectOptions<typeof contract>),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

const grants = (calls: ReadonlyArray<Seen>) => calls.map(({ grant }) => grant)

describe("one session", () => {
  it("renews through one place, whichever face of the client a request comes by (T05)", async () => {
    await using server = await serve()
    await using api = await server.open()
    server.expire()
    const client = api as unknown as { GET: (path: string) => Promise<{ response: Response }> }
    const answers = await Promise.all([
      client.GET("/x").then(({ response }) => response.status),
      api.session.fetch("/y").then(({ status }) => status),
      api.session.fetch(new Request(`${server.baseUrl}/z`, { method: "POST", body: "b" })).then(({ status }) => status)
    ])
    assert.deepStrictEqual(answers, [200, 200, 200])
    assert.deepStrictEqual(grants(server.tokenCalls), ["password", "refresh_token"])
  })

  it("keeps a rotated token whose answer came after every caller had given up (T26)", async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let asked = () => {}
    const refreshing = new Promise<void>((resolve) => {
      asked = resolve
    })
    await using server = await serve(async (answer, { grant }) => {
      if (grant === "refresh_token") {
        asked()
        await held
      }
      return answer
    })
    await using api = await server.open()
    server.expire()
    const impatient = new AbortController()
    const given = api.session.fetch("/x", { signal: impatient.signal }).then(
      () => "answered",
      (error: Error) => error.name
    )
    await refreshing
    impatient.abort()
    assert.strictEqual(await given, "AbortError")
    release()
    assert.strictEqual((await api.session.fetch("/x")).status, 200)
    assert.deepStrictEqual(grants(server.tokenCalls), ["password", "refresh_token"])
  })

  it("asks for tokens by a transport of its own, so that a token call never waits for a token (T30)", async () => {
    await using server = await serve()
    await using api = await server.open()
    server.expire()
    assert.strictEqual((await api.session.fetch("/x")).status, 200)
    assert.deepStrictEqual(
      server.tokenCalls.map(({ authorization }) => authorization),
      [undefined, undefined]
    )
  })

  it("settles every waiting request when the renewal fails (T31)", async () => {
    let broken = false
    await using server = await serve((answer) => (broken ? { token_type: "Bearer" } : answer))
    await using api = await server.open()
    broken = true
    server.expire()
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () =>
        api.session.fetch("/x").then(
          ({ status }) => status,
          (error: { _tag?: string }) => error._tag
        )
      )
    )
    assert.deepStrictEqual([...new Set(outcomes)], ["TokenAnswerInvalid"])
  })

  it("does not take a life beyond what a timer can count for one that is over (T38)", async () => {
    await using server = await serve((answer) => ({ ...answer, expires_in: 2 ** 31 / 1000 + 86_400 * 30 }))
    await using api = await server.open()
    for (let i = 0; i < 20; i++) assert.strictEqual((await api.session.fetch("/x")).status, 200)
    assert.deepStrictEqual(grants(server.tokenCalls), ["password"])
    assert.isAbove(api.session.state?.renewAt ?? 0, Date.now() + 2 ** 31)
  })

  it("sends a write again only when it was refused before it was done, and only once (T45)", async () => {
    await using server = await serve()
    await using api = await server.open()
    server.expire()
    assert.strictEqual((await api.session.fetch("/orders", { method: "POST", body: "one" })).status, 200)
    const accepted = server.requests.filter(({ token }) => token === "a2")
    assert.deepStrictEqual(
      accepted.map(({ body, method }) => [method, body]),
      [["POST", "one"]]
    )
  })

  it("keeps accounts, servers and grants apart in one store (T53)", async () => {
    const store = memoryStore()
    await using one = await serve()
    await using other = await serve()
    await using ada = await one.open({ store })
    await using bob = await one.open({ store, credentials: { login: "bob", password: "pw" } as never })
    await using elsewhere = await other.open({ store })
    const keys = [ada, bob, elsewhere].map((api) => api.session.state?.generation)
    assert.deepStrictEqual(keys, [1, 1, 1])
    assert.lengthOf(one.tokenCalls, 2)
    assert.lengthOf(other.tokenCalls, 1)
  })

  it("spends each new refresh token in its turn (T56)", async () => {
    await using server = await serve()
    await using api = await server.open()
    for (let i = 0; i < 3; i++) {
      server.expire()
      assert.strictEqual((await api.session.fetch("/x")).status, 200)
    }
    assert.deepStrictEqual(
      server.tokenCalls.map(({ refreshToken }) => refreshToken),
      [null, "r1", "r2", "r3"]
    )
  })

  it("treats a life that is not announced as unknown: used until it is refused (RFC 6749 §5.1, C5)", async () => {
    await using server = await serve(({ expires_in: _, ...answer }) => answer)
    await using api = await server.open()
    assert.isUndefined(api.session.state?.expiresAt)
    assert.strictEqual((await api.session.fetch("/x")).status, 200)
    server.expire()
    assert.strictEqual((await api.session.fetch("/x")).status, 200)
    assert.deepStrictEqual(grants(server.tokenCalls), ["password", "refresh_token"])
  })

  it("sends a token in one place only: the header (RFC 6750 §2, B1, B2)", async () => {
    await using server = await serve()
    await using api = await server.open()
    await api.session.fetch("/x", { method: "POST", body: new URLSearchParams({ a: "1" }) })
    assert.deepStrictEqual(server.requests, [{ method: "POST", url: "/x", body: "a=1", token: "a1" }])
  })

  it("sends no credential over plain http to another machine (RFC 6749 §1.6, C11; RFC 6750 §5.3, B4)", async () => {
    const error = await connect(contract, {
      baseUrl: "http://cases.example",
      credentials: { login: "ada", password: "pw" } as never
    }).then(
      () => undefined,
      (error: { _tag?: string }) => error._tag
    )
    assert.strictEqual(error, "ConfigurationError")
  })
})
