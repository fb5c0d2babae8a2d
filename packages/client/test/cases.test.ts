import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import type { SessionStore } from "@keyturn/auth/SessionStore"
import type { Contract } from "@keyturn/contract"
import * as Redacted from "effect/Redacted"
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
  const heard: Array<string> = []
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
    heard.push(`${request.url} ${JSON.stringify(request.headers)} ${text}`)
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
    /** Everything that came, a text each: the path first. */
    heard,
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
        // Tokens that end before their time are what these tests are about: that is no war with a stranger here.
        policy: { displacement: { budget: 100, backOff: 0 } },
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

  it("redeems once for all the requests of a server of ours, those that come after each other with what ended too (T07)", async () => {
    await using server = await serve()
    const store = memoryStore()
    const handlers = await Promise.all(Array.from({ length: 12 }, () => server.open({ store })))
    server.expire()
    const handle = async (handler: (typeof handlers)[number]) => (await handler.session.fetch("/upstream")).status
    const answers = await Promise.all(handlers.slice(0, 8).map(handle))
    for (const handler of handlers.slice(8)) answers.push(await handle(handler))
    for (const handler of handlers) await handler.session.signOut()
    assert.deepStrictEqual([...new Set(answers)], [200])
    assert.deepStrictEqual(grants(server.tokenCalls), ["password", "refresh_token"])
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

  it("reads a token's type in any case, ignores what it does not know, and uses no token of another type (RFC 6749 §5.1, §7.1, C3)", async () => {
    for (const type of ["Bearer", "bearer", "BEARER"]) {
      await using server = await serve((answer) => ({ ...answer, token_type: type, id_token: "?", limits: { a: [1] } }))
      await using api = await server.open()
      assert.strictEqual((await api.session.fetch("/x")).status, 200)
    }
    for (const type of ["mac", "DPoP", "", 1]) {
      await using server = await serve((answer) => ({ ...answer, token_type: type }))
      const error = await server.open().then(
        () => undefined,
        (error: { _tag?: string }) => error._tag
      )
      assert.strictEqual(error, "TokenAnswerInvalid", String(type))
      assert.lengthOf(server.requests, 0)
    }
  })

  it("sends a token in one place only: the header (RFC 6750 §2, B1, B2)", async () => {
    await using server = await serve()
    await using api = await server.open()
    await api.session.fetch("/x", { method: "POST", body: new URLSearchParams({ a: "1" }) })
    assert.deepStrictEqual(server.requests, [{ method: "POST", url: "/x", body: "a=1", token: "a1" }])
  })

  it("sends a password where it signs in and nowhere else, and stores no trace of it (RFC 6749 §4.3.1, C7)", async () => {
    await using server = await serve()
    const inner = memoryStore()
    const stored: Array<unknown> = []
    const store: SessionStore = {
      ...inner,
      write: (key, next) => {
        stored.push(key, next)
        return inner.write(key, next)
      }
    }
    const password = "canary/password&1"
    await using api = await server.open({ store, credentials: { login: "ada", password } as never })
    for (let i = 0; i < 2; i++) {
      server.expire()
      assert.strictEqual((await api.session.fetch("/x", { method: "POST", body: "b" })).status, 200)
    }
    const encoded = new URLSearchParams({ password }).toString()
    assert.deepStrictEqual(
      server.heard
        .filter((text) => text.includes("canary"))
        .map((text) => [text.split(" ")[0], text.includes(encoded)]),
      [["/token", true]]
    )
    const open = (value: unknown): unknown =>
      Redacted.isRedacted(value)
        ? open(Redacted.value(value))
        : typeof value === "object" && value !== null
          ? Object.values(value).map(open)
          : value
    const kept = JSON.stringify(open(stored))
    assert.include(kept, '"r1"')
    for (const form of [password, encoded, btoa(password)]) assert.notInclude(kept, form)
  })

  it("never uses the implicit flow, and takes no token but one made elsewhere for it (RFC 9700 §2.1.2, S1)", async () => {
    await using server = await serve()
    const schemes = {
      session: { type: "oauth2", flows: { implicit: { authorizationUrl: "/authorize", scopes: [] } } }
    } as const
    const open = (credentials: unknown) =>
      connect({ ...contract, schemes }, { baseUrl: server.baseUrl, credentials: credentials as never })
    for (const credentials of [{ clientId: "c" }, { login: "ada", password: "pw" }, { grant: "implicit" }]) {
      const error = await open(credentials).then(
        () => undefined,
        (error: { _tag?: string }) => error._tag
      )
      assert.strictEqual(error, "ConfigurationError")
    }
    await using api = await open({ grant: "token", token: "t" })
    assert.strictEqual((await api.session.fetch("/x")).status, 401)
    assert.deepStrictEqual(
      server.heard.map((text) => text.split(" ")[0]),
      ["/x"]
    )
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
