import { assert, describe, it, vi } from "@effect/vitest"
import { bench, type Fault } from "@keyturn/simulators"
import { accounts, refresh, signIn, tokensOf } from "./support/client.ts"

type BenchFault = Fault<"signIn" | "refresh" | "signOut">

const signedIn = async (options: Parameters<typeof bench.listen>[0] = {}) => {
  const server = await bench.listen(options)
  return { server, tokens: await tokensOf(signIn(server, server.credentials.service)) }
}

/** A refresh outside the document's judgement: faults answer what no document allows. */
const rawRefresh = (url: string, token: string, init: RequestInit = {}) =>
  fetch(`${url}/auth/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: token }),
    ...init
  })

const rejected = async (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => assert.fail("expected a rejection"),
    (error: unknown) => error as Error
  )

describe("a fault", () => {
  it("lose: the state changes and the answer never comes", async () => {
    const { server, tokens } = await signedIn()
    await using _ = server
    const fault = server.faults.add({ on: "refresh", kind: "lose" })
    await rejected(rawRefresh(server.url, tokens.refresh_token))
    assert.strictEqual(fault.fired, 1)
    assert.include(server.stats(), { refreshes: 1, liveSessions: 1 })
    assert.strictEqual((await accounts(server, tokens.access_token)).status, 401)
    assert.strictEqual((await rawRefresh(server.url, tokens.refresh_token)).status, 400)
  })

  it("reset: the connection ends and nothing has changed", async () => {
    const { server, tokens } = await signedIn()
    await using _ = server
    server.faults.add({ on: "refresh", kind: "reset" })
    await rejected(rawRefresh(server.url, tokens.refresh_token))
    assert.strictEqual(server.stats().refreshes, 0)
    assert.strictEqual((await refresh(server, tokens.refresh_token)).status, 200)
  })

  it("status before commit leaves the refresh token good, after commit it does not", async () => {
    const { server, tokens } = await signedIn()
    await using _ = server
    server.faults.add({ on: "refresh", kind: "status", status: 503, retryAfter: 7 })
    const before = await rawRefresh(server.url, tokens.refresh_token)
    assert.strictEqual(before.status, 503)
    assert.strictEqual(before.headers.get("retry-after"), "7")
    assert.strictEqual(server.stats().refreshes, 0)
    server.faults.add({
      on: "refresh",
      kind: "status",
      status: 502,
      at: "after",
      body: "<h1>Bad Gateway</h1>",
      contentType: "text/html"
    })
    const after = await rawRefresh(server.url, tokens.refresh_token)
    assert.deepStrictEqual([after.status, after.headers.get("content-type")], [502, "text/html"])
    assert.strictEqual(server.stats().refreshes, 1)
    assert.strictEqual((await rawRefresh(server.url, tokens.refresh_token)).status, 400)
  })

  it("delay before commit holds the request back, and another one overtakes it", async () => {
    const { server, tokens } = await signedIn()
    await using _ = server
    const held = server.faults.add({ on: "refresh", kind: "delay", by: Number.POSITIVE_INFINITY })
    const slow = rawRefresh(server.url, tokens.refresh_token)
    await held.firing()
    assert.strictEqual((await rawRefresh(server.url, tokens.refresh_token)).status, 200)
    assert.strictEqual(server.stats().peakRenewals, 2)
    held.release()
    assert.strictEqual((await slow).status, 400)
    assert.strictEqual(server.stats().refreshReuses, 1)
  })

  it("delay after commit: the state has changed while the caller still waits", async () => {
    const { server, tokens } = await signedIn()
    await using _ = server
    const held = server.faults.add({ on: "refresh", kind: "delay", by: Number.POSITIVE_INFINITY, at: "after" })
    const slow = rawRefresh(server.url, tokens.refresh_token)
    await held.firing()
    assert.strictEqual((await rawRefresh(server.url, tokens.refresh_token)).status, 400)
    assert.strictEqual(server.stats().refreshes, 1)
    held.release()
    assert.strictEqual((await slow).status, 200)
  })

  it("delay goes on when the caller gives up: the request takes effect all the same", async () => {
    const { server, tokens } = await signedIn()
    await using _ = server
    const held = server.faults.add({ on: "refresh", kind: "delay", by: Number.POSITIVE_INFINITY })
    const abort = new AbortController()
    const given = rejected(rawRefresh(server.url, tokens.refresh_token, { signal: abort.signal }))
    await held.firing()
    abort.abort()
    await given
    held.release()
    // The next request comes by another connection; ask until the first has been handled.
    while (server.stats().refreshes === 0) await accounts(server, tokens.access_token)
    assert.strictEqual((await rawRefresh(server.url, tokens.refresh_token)).status, 400)
  })

  it("body: garbage, HTML, half of the JSON, half of the bytes, nothing", async () => {
    await using server = await bench.listen()
    const ask = async (body: "garbage" | "html" | "truncated" | "cut" | "empty") => {
      server.faults.add({ on: "signIn", kind: "body", body })
      const { login, password } = server.credentials.service
      return fetch(`${server.url}/auth/signin`, {
        method: "POST",
        body: new URLSearchParams({ username: login, password })
      })
    }
    const garbage = await ask("garbage")
    assert.strictEqual(garbage.status, 200)
    await rejected(garbage.json())
    const html = await ask("html")
    assert.include(html.headers.get("content-type"), "text/html")
    assert.include(await html.text(), "<html>")
    const truncated = await (await ask("truncated")).text()
    assert.match(truncated, /^\{"access_token"/)
    assert.throws(() => JSON.parse(truncated))
    assert.strictEqual(await (await ask("empty")).text(), "")
    const cut = await ask("cut")
    assert.strictEqual(cut.status, 200)
    await rejected(cut.text())
    assert.strictEqual(server.stats().signIns, 5)
  })

  it("trickle: the body comes piece by piece, whole in the end", async () => {
    const { server, tokens } = await signedIn()
    await using _ = server
    server.faults.add({ on: "refresh", kind: "trickle", bytes: 40, every: 1 })
    const answer = await rawRefresh(server.url, tokens.refresh_token)
    let pieces = 0
    let text = ""
    for await (const piece of answer.body as unknown as AsyncIterable<Uint8Array>) {
      pieces++
      text += new TextDecoder().decode(piece)
    }
    assert.isAbove(pieces, 1)
    assert.hasAllKeys(JSON.parse(text), ["access_token", "token_type", "refresh_token", "expiry"])
  })

  it("rewrite: members of the answer are changed or missing", async () => {
    const { server, tokens } = await signedIn()
    await using _ = server
    server.faults.add({ on: "refresh", kind: "rewrite", set: { expiry: "soon" }, remove: ["refresh_token"] })
    const body = (await (await rawRefresh(server.url, tokens.refresh_token)).json()) as Record<string, unknown>
    assert.strictEqual(body.expiry, "soon")
    assert.doesNotHaveAnyKeys(body, ["refresh_token"])
    assert.isString(body.access_token)
  })

  it("skew: the Date header is off, the clock is not", async () => {
    const { server, tokens } = await signedIn({ start: "2026-03-02T08:00:00Z" })
    await using _ = server
    server.faults.add({ on: "any", kind: "skew", by: -3_600_000 })
    const answer = await refresh(server, tokens.refresh_token)
    assert.match(answer.headers.get("date") ?? "", /^Mon, 02 Mar 2026 07:00:/)
    assert.match((await tokensOf(answer)).expiry, /^2026-03-03T08:00:/)
  })

  it("evict: a stranger ends the session of the request, of a person by three sign-ins", async () => {
    await using server = await bench.listen()
    const service = await tokensOf(signIn(server, server.credentials.service))
    const person = await tokensOf(signIn(server, server.credentials.person))
    server.faults.add({ on: "api", kind: "evict", times: 2 })
    assert.strictEqual((await accounts(server, service.access_token)).status, 401)
    assert.strictEqual((await accounts(server, person.access_token)).status, 401)
    assert.include(server.stats(), { signIns: 2 + 1 + 3, evictions: 2 })
  })
})

describe("where a fault strikes", () => {
  it("is an operation, a path, a method and a path, or anything", async () => {
    const { server, tokens } = await signedIn()
    await using _ = server
    const status = (on: BenchFault["on"]) =>
      server.faults.add({ on, kind: "status", status: 418, times: Number.POSITIVE_INFINITY })
    const ask = async () =>
      (await fetch(`${server.url}/rp/api/v1/Accounts`, { headers: { authorization: `Bearer ${tokens.access_token}` } }))
        .status
    for (const [on, hit] of [
      ["signIn", false],
      ["api", true],
      ["/rp/api/v1/accounts", true],
      ["/auth", false],
      ["GET /rp", true],
      ["POST /rp", false],
      ["any", true]
    ] as const) {
      const fault = status(on)
      assert.strictEqual((await ask()) === 418, hit, on)
      fault.remove()
    }
    assert.strictEqual(await ask(), 200)
  })

  it("is as often as asked, after as many as asked", async () => {
    const { server, tokens } = await signedIn()
    await using _ = server
    const fault = server.faults.add({ on: "/rp", kind: "status", status: 418, skip: 1, times: 2 })
    const statuses = []
    for (let n = 0; n < 5; n++) {
      const answer = await fetch(`${server.url}/rp/api/v1/Accounts`, {
        headers: { authorization: `Bearer ${tokens.access_token}` }
      })
      statuses.push(answer.status)
    }
    assert.deepStrictEqual(statuses, [200, 418, 418, 200, 200])
    assert.strictEqual(fault.fired, 2)
  })

  it("is in the log, among everything else that happened", async () => {
    const { server, tokens } = await signedIn()
    await using _ = server
    server.faults.add({ on: "refresh", kind: "lose" })
    await rejected(rawRefresh(server.url, tokens.refresh_token))
    assert.deepStrictEqual(
      server.stats().log.map(({ kind, reason, operation }) => [kind, reason, operation]),
      [
        ["signIn", undefined, undefined],
        ["fault", "lose", "refresh"],
        ["refresh", undefined, undefined]
      ]
    )
  })

  it("combines: all that match one request strike it", async () => {
    const { server, tokens } = await signedIn()
    await using _ = server
    const delay = server.faults.add({ on: "refresh", kind: "delay", by: 1 })
    const lose = server.faults.add({ on: "refresh", kind: "lose" })
    await rejected(rawRefresh(server.url, tokens.refresh_token))
    assert.deepStrictEqual([delay.fired, lose.fired, server.stats().refreshes], [1, 1, 1])
  })

  it("does nothing more to an answer that is gone, and has nothing to complain about", async () => {
    const complaints = vi.spyOn(console, "error").mockImplementation(() => {})
    const { server, tokens } = await signedIn()
    await using _ = server
    for (const kind of ["lose", "cut"] as const) {
      server.faults.add(kind === "lose" ? { on: "/rp", kind } : { on: "/rp", kind: "body", body: "cut" })
      server.faults.add({ on: "/rp", kind: "trickle" })
      server.faults.add({ on: "/rp", kind: "status", status: 500, at: "after", body: "late" })
      const headers = { authorization: `Bearer ${tokens.access_token}` }
      await rejected(fetch(`${server.url}/rp/api/v1/Accounts`, { headers }).then((answer) => answer.text()))
    }
    assert.strictEqual((await accounts(server, tokens.access_token)).status, 200)
    const said = complaints.mock.calls
    complaints.mockRestore()
    assert.deepStrictEqual(said, [])
  })
})

describe("in this process", () => {
  it("faults look to the caller as they do over a socket", async () => {
    await using server = bench.create()
    const { login, password } = server.credentials.service
    const ask = (init: RequestInit = {}) =>
      server.fetch(`${server.url}/auth/signin`, {
        method: "POST",
        body: new URLSearchParams({ username: login, password }),
        ...init
      })
    server.faults.add({ on: "signIn", kind: "lose" })
    const lost = await rejected(ask())
    assert.instanceOf(lost, TypeError)
    assert.strictEqual((lost.cause as { code?: string }).code, "ECONNRESET")
    assert.strictEqual(server.stats().signIns, 1)
    server.faults.add({ on: "signIn", kind: "body", body: "cut" })
    await rejected((await ask()).text())
    server.faults.add({ on: "signIn", kind: "delay", by: Number.POSITIVE_INFINITY })
    const error = await rejected(ask({ signal: AbortSignal.timeout(5) }))
    assert.strictEqual(error.name, "TimeoutError")
  })
})

describe("the end", () => {
  it("comes at once, with delays, trickles and idle connections under way (I8)", async () => {
    const { server, tokens } = await signedIn()
    const delay = server.faults.add({ on: "refresh", kind: "delay", by: 3_600_000 })
    const delayed = rejected(rawRefresh(server.url, tokens.refresh_token))
    await delay.firing()
    server.faults.add({ on: "api", kind: "trickle", every: 3_600_000 })
    const trickle = await fetch(`${server.url}/rp/api/v1/Accounts`, {
      headers: { authorization: `Bearer ${tokens.access_token}` }
    })
    const trickled = rejected(trickle.text())
    await server.close()
    await Promise.all([delayed, trickled, rejected(fetch(server.url))])
    await server.close()
  })

  it("leaves no handle behind that would keep a process alive (I8)", async () => {
    const { execFile } = await import("node:child_process")
    const script = `
      import { bench } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)}
      const server = await bench.listen()
      const { login, password } = server.credentials.service
      const ask = () => fetch(server.url + "/auth/signin", { method: "POST", body: new URLSearchParams({ username: login, password }) })
      server.faults.add({ on: "signIn", kind: "delay", by: 3600000 })
      server.faults.add({ on: "signIn", kind: "trickle", every: 3600000, skip: 1 })
      ask().catch(() => {})
      const body = (await ask()).text().catch(() => {})
      await server.close()
      await body
      console.log("closed")
    `
    const out = await new Promise<string>((resolve, reject) =>
      execFile(process.execPath, ["--input-type=module", "-e", script], { timeout: 20_000 }, (error, stdout) =>
        error ? reject(error) : resolve(stdout)
      )
    )
    assert.strictEqual(out.trim(), "closed")
  })
})
