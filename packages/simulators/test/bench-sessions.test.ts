import { assert, describe, it } from "@effect/vitest"
import { bench, fingerprint } from "@keyturn/simulators"
import { accounts, refresh, signIn, signOut, tokensOf } from "./support/client.ts"

describe("signing in", () => {
  it("answers a form with two tokens, Bearer and an expiry a day ahead with nine fraction digits", async () => {
    await using server = await bench.listen({ start: "2026-03-02T08:00:00Z" })
    const answer = await signIn(server, server.credentials.service)
    assert.strictEqual(answer.status, 200)
    assert.strictEqual(answer.headers.get("cache-control"), "no-store")
    const tokens = await tokensOf(answer)
    assert.strictEqual(tokens.token_type, "Bearer")
    assert.match(tokens.expiry, /^2026-03-03T08:00:0\d\.\d{9}Z$/)
    assert.strictEqual((await accounts(server, tokens.access_token)).status, 200)
  })

  it("refuses JSON, even when it holds the right password", async () => {
    await using server = await bench.listen()
    const { login, password } = server.credentials.service
    const answer = await fetch(`${server.url}/auth/signin`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username: login, password })
    })
    assert.strictEqual(answer.status, 400)
    assert.strictEqual(((await answer.json()) as { error: string }).error, "invalid_request")
    const disguised = await fetch(`${server.url}/auth/signin`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: new URLSearchParams({ username: login, password }).toString()
    })
    assert.strictEqual(disguised.status, 400)
    assert.strictEqual(server.stats().failedSignIns, 2)
  })

  it("knows the login as username and nothing else", async () => {
    await using server = await bench.listen()
    const { login, password } = server.credentials.service
    const answer = await fetch(`${server.url}/auth/signin`, {
      method: "POST",
      body: new URLSearchParams({ login, password })
    })
    assert.strictEqual(answer.status, 400)
  })

  it("takes a password of special characters only when it is escaped", async () => {
    await using server = await bench.listen()
    const { login, password } = server.credentials.service
    assert.include(password, "&")
    const raw = await fetch(`${server.url}/auth/signin`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: `username=${login}&password=${password}`
    })
    assert.strictEqual(raw.status, 401)
    assert.strictEqual((await signIn(server, { login, password })).status, 200)
  })

  it("says neither for a wrong password nor for an unknown login which of the two is wrong", async () => {
    await using server = await bench.listen()
    const { login } = server.credentials.service
    const wrong = await signIn(server, { login, password: "no" })
    const unknown = await signIn(server, { login: "nobody", password: "no" })
    assert.deepStrictEqual([wrong.status, await wrong.text()], [unknown.status, await unknown.text()])
  })
})

describe("the limit of sessions", () => {
  it("is one for a service account: the newest sign-in wins", async () => {
    await using server = await bench.listen()
    const first = await tokensOf(signIn(server, server.credentials.service))
    const second = await tokensOf(signIn(server, server.credentials.service))
    assert.strictEqual((await accounts(server, first.access_token)).status, 401)
    assert.strictEqual((await accounts(server, second.access_token)).status, 200)
    assert.strictEqual((await refresh(server, first.refresh_token)).status, 400)
    assert.include(server.stats(), { signIns: 2, evictions: 1, liveSessions: 1 })
    assert.strictEqual(server.stats().rejected.evicted, 1)
  })

  it("is three for a person: the oldest goes", async () => {
    await using server = await bench.listen()
    const sessions = []
    for (let n = 0; n < 4; n++) sessions.push(await tokensOf(signIn(server, server.credentials.person)))
    const statuses = []
    for (const tokens of sessions) statuses.push((await accounts(server, tokens.access_token)).status)
    assert.deepStrictEqual(statuses, [401, 200, 200, 200])
  })

  it("counts one account's sessions without regard to another's", async () => {
    await using server = await bench.listen()
    const service = await tokensOf(signIn(server, server.credentials.service))
    await signIn(server, server.credentials.reader)
    assert.strictEqual((await accounts(server, service.access_token)).status, 200)
  })

  it("is kept by fifty sign-ins at once (T60)", async () => {
    await using server = await bench.listen()
    const all = await Promise.all(Array.from({ length: 50 }, () => tokensOf(signIn(server, server.credentials.person))))
    const alive = await Promise.all(
      all.map(async (tokens) => (await accounts(server, tokens.access_token)).status === 200)
    )
    assert.strictEqual(alive.filter(Boolean).length, 3)
    assert.include(server.stats(), { signIns: 50, evictions: 47, liveSessions: 3 })
  })

  it("has room again after a sign-out", async () => {
    await using server = await bench.listen({ caps: { person: 2 } })
    const [a, b] = [
      await tokensOf(signIn(server, server.credentials.person)),
      await tokensOf(signIn(server, server.credentials.person))
    ]
    assert.strictEqual((await signOut(server, b.access_token)).status, 204)
    await signIn(server, server.credentials.person)
    assert.strictEqual((await accounts(server, a.access_token)).status, 200)
    assert.strictEqual(server.stats().evictions, 0)
  })
})

describe("refreshing", () => {
  it("gives two new tokens and ends both old ones at once", async () => {
    await using server = await bench.listen()
    const old = await tokensOf(signIn(server, server.credentials.service))
    const answer = await refresh(server, old.refresh_token)
    assert.strictEqual(answer.status, 200)
    const next = await tokensOf(answer)
    assert.notStrictEqual(next.access_token, old.access_token)
    assert.notStrictEqual(next.refresh_token, old.refresh_token)
    assert.strictEqual((await accounts(server, old.access_token)).status, 401)
    assert.strictEqual((await accounts(server, next.access_token)).status, 200)
    assert.strictEqual(server.stats().rejected.rotated, 1)
  })

  it("takes a refresh token once; the second use fails, is counted and harms nothing (I1)", async () => {
    await using server = await bench.listen()
    const old = await tokensOf(signIn(server, server.credentials.service))
    const next = await tokensOf(refresh(server, old.refresh_token))
    const again = await refresh(server, old.refresh_token)
    assert.strictEqual(again.status, 400)
    assert.strictEqual(((await again.json()) as { error: string }).error, "invalid_grant")
    assert.include(server.stats(), { refreshes: 1, failedRefreshes: 1, refreshReuses: 1 })
    assert.strictEqual((await accounts(server, next.access_token)).status, 200)
  })

  it("lets exactly one of fifty simultaneous uses through (I1)", async () => {
    await using server = await bench.listen()
    const old = await tokensOf(signIn(server, server.credentials.service))
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async () => (await refresh(server, old.refresh_token)).status)
    )
    assert.strictEqual(statuses.filter((status) => status === 200).length, 1)
    assert.include(server.stats(), { refreshes: 1, refreshReuses: 49 })
  })

  it("needs no room: it takes the place of its own session", async () => {
    await using server = await bench.listen()
    const sessions = []
    for (let n = 0; n < 3; n++) sessions.push(await tokensOf(signIn(server, server.credentials.person)))
    for (const tokens of sessions) await refresh(server, tokens.refresh_token)
    assert.include(server.stats(), { evictions: 0, liveSessions: 3 })
  })

  it("works for seven days from the issue of the token, used or not", async () => {
    await using server = await bench.listen()
    const early = await tokensOf(signIn(server, server.credentials.service))
    server.clock.advance({ days: 6, hours: 23 })
    const late = await tokensOf(refresh(server, early.refresh_token))
    for (let day = 0; day < 7; day++) {
      assert.strictEqual((await accounts(server, late.access_token)).status, 200)
      server.clock.advance({ hours: 24, milliseconds: -1000 })
    }
    server.clock.advance({ seconds: 7 })
    const answer = await refresh(server, late.refresh_token)
    assert.strictEqual(answer.status, 400)
    assert.include(server.stats(), { refreshes: 1, refreshReuses: 0 })
  })

  it("gives a session that idled out its place back, at the cost of the oldest if need be", async () => {
    await using server = await bench.listen()
    const idle = await tokensOf(signIn(server, server.credentials.service))
    server.clock.advance({ hours: 25 })
    const other = await tokensOf(signIn(server, server.credentials.service))
    assert.strictEqual(server.stats().evictions, 0)
    const back = await tokensOf(refresh(server, idle.refresh_token))
    assert.strictEqual((await accounts(server, other.access_token)).status, 401)
    assert.strictEqual((await accounts(server, back.access_token)).status, 200)
    assert.strictEqual(server.stats().evictions, 1)
  })

  it("takes no grant but refresh_token", async () => {
    await using server = await bench.listen()
    const answer = await fetch(`${server.url}/auth/token`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "password" })
    })
    assert.strictEqual(((await answer.json()) as { error: string }).error, "unsupported_grant_type")
  })
})

describe("time", () => {
  it("ends a session after 24 hours without a request, and every request extends it", async () => {
    await using server = await bench.listen()
    const { access_token } = await tokensOf(signIn(server, server.credentials.service))
    for (let day = 0; day < 4; day++) {
      server.clock.advance({ hours: 23 })
      assert.strictEqual((await accounts(server, access_token)).status, 200)
    }
    server.clock.advance({ hours: 24 })
    assert.strictEqual((await accounts(server, access_token)).status, 401)
    assert.strictEqual(server.stats().rejected.expired, 1)
  })

  it("is the simulator's: the Date header follows the clock", async () => {
    await using server = await bench.listen()
    server.clock.set("2031-05-06T07:08:09.400Z")
    const answer = await signIn(server, server.credentials.service)
    assert.strictEqual(answer.headers.get("date"), "Tue, 06 May 2031 07:08:09 GMT")
  })

  it("can be shortened to milliseconds", async () => {
    await using server = await bench.listen({ lifetimes: { access: { milliseconds: 1 }, refresh: { seconds: 2 } } })
    const { access_token, refresh_token } = await tokensOf(signIn(server, server.credentials.service))
    server.clock.advance({ milliseconds: 1 })
    assert.strictEqual((await accounts(server, access_token)).status, 401)
    server.clock.advance({ seconds: 2 })
    assert.strictEqual((await refresh(server, refresh_token)).status, 400)
  })
})

describe("signing out", () => {
  it("ends the session and its refresh token; a second time it is gone already", async () => {
    await using server = await bench.listen()
    const { access_token, refresh_token } = await tokensOf(signIn(server, server.credentials.service))
    assert.strictEqual((await signOut(server, access_token)).status, 204)
    assert.strictEqual((await accounts(server, access_token)).status, 401)
    assert.strictEqual((await refresh(server, refresh_token)).status, 400)
    assert.strictEqual((await signOut(server, access_token)).status, 401)
    assert.include(server.stats(), { signOuts: 1, liveSessions: 0 })
  })
})

describe("the guard", () => {
  it("answers 401 with Bench's error body and a challenge to a request without a token", async () => {
    await using server = await bench.listen()
    const answer = await fetch(`${server.url}/rp/api/v1/Accounts`)
    assert.strictEqual(answer.status, 401)
    assert.strictEqual(answer.headers.get("www-authenticate"), "Bearer")
    const body = (await answer.json()) as { status: number; instance: string; errors: ReadonlyArray<unknown> }
    assert.strictEqual(body.status, 401)
    assert.strictEqual(body.instance, "rp/api/v1/Accounts")
    assert.lengthOf(body.errors, 1)
    assert.strictEqual(server.stats().rejected.missing, 1)
  })

  it("calls a token it never issued invalid", async () => {
    await using server = await bench.listen()
    const answer = await accounts(server, "made-up")
    assert.strictEqual(answer.headers.get("www-authenticate"), 'Bearer error="invalid_token"')
    assert.strictEqual(server.stats().rejected.unknown, 1)
  })

  it("does not know the tokens of another simulator of the same seed", async () => {
    await using one = await bench.listen()
    await using two = await bench.listen()
    const { access_token } = await tokensOf(signIn(one, one.credentials.service))
    assert.strictEqual((await accounts(two, access_token)).status, 401)
  })
})

describe("the log", () => {
  it("tells what happened in order, with fingerprints in place of tokens (I7)", async () => {
    await using server = await bench.listen()
    const { login } = server.credentials.service
    const first = await tokensOf(signIn(server, server.credentials.service))
    const second = await tokensOf(refresh(server, first.refresh_token))
    server.stranger(login)
    await accounts(server, second.access_token)
    const { log } = server.stats()
    assert.deepStrictEqual(
      log.map(({ kind, reason }) => (reason === undefined ? kind : `${kind} ${reason}`)),
      ["signIn", "refresh", "eviction", "signIn", "requestRejected evicted"]
    )
    assert.strictEqual(log[1]?.access, fingerprint(second.access_token))
    assert.strictEqual(log[1]?.account, login)
    const text = JSON.stringify(server.stats())
    for (const secret of [first.access_token, first.refresh_token, second.access_token, second.refresh_token]) {
      assert.notInclude(text, secret)
    }
    assert.notInclude(text, server.credentials.service.password)
  })
})

describe("a simulator", () => {
  it("answers in this process without a socket, and refuses after its end", async () => {
    const server = bench.create()
    const { login, password } = server.credentials.service
    const body = () => new URLSearchParams({ username: login, password })
    const answer = await server.fetch(`${server.url}/auth/signin`, { method: "POST", body: body() })
    assert.strictEqual(answer.status, 200)
    await server.close()
    const refused = await server.fetch(`${server.url}/auth/signin`, { method: "POST", body: body() }).then(
      () => undefined,
      (error: unknown) => error
    )
    assert.instanceOf(refused, TypeError)
  })

  it("says which port is taken", async () => {
    await using server = await bench.listen()
    const port = Number(new URL(server.url).port)
    const error = await bench.listen({ port }).then(
      () => undefined,
      (cause: unknown) => cause as Error
    )
    assert.include(error?.message, String(port))
  })
})
