import { assert, describe, it } from "@effect/vitest"
import { contract } from "@keyturn/bench"
import { bench } from "@keyturn/simulators"
import { connect } from "../src/index.ts"

const ACCOUNTS = "/rp/api/v1/Accounts"

const opened = async () => {
  const server = await bench.listen()
  const { login, password } = server.credentials.service
  const client = await connect(contract, { baseUrl: server.url, credentials: { login, password } })
  const get = (signal?: AbortSignal) => client.GET(ACCOUNTS, signal === undefined ? {} : { signal })
  return { server, client, get, close: () => client[Symbol.asyncDispose]().finally(() => server.close()) }
}

describe("a thousand requests at once", () => {
  it("when the session has expired cost one refresh, and nobody sees an error (I4, T01)", async () => {
    const { close, get, server } = await opened()
    server.clock.advance({ hours: 25 })
    const answers = await Promise.all(Array.from({ length: 1000 }, () => get()))
    for (const { data, error, response } of answers) {
      assert.strictEqual(response.status, 200)
      assert.isUndefined(error)
      assert.isAbove(data?.length ?? 0, 0)
    }
    const { evictions, operations, refreshes, refreshReuses, signIns } = server.stats()
    assert.deepStrictEqual(
      { evictions, refreshes, refreshReuses, signIns, calls: operations["POST /auth/token"] },
      { evictions: 0, refreshes: 1, refreshReuses: 0, signIns: 1, calls: 1 }
    )
    await close()
  })

  it("that all get a 401 cost one refresh, also when the caller that started it goes away (T46)", async () => {
    const { close, get, server } = await opened()
    server.clock.advance({ hours: 25 })
    const slow = server.faults.add({ on: "refresh", kind: "delay", by: Number.POSITIVE_INFINITY })
    const starter = new AbortController()
    const first = get(starter.signal).then(
      () => undefined,
      (error: unknown) => error
    )
    await slow.firing()
    const others = Array.from({ length: 999 }, () => get())
    starter.abort(new Error("I have to go"))
    assert.strictEqual(((await first) as Error).message, "I have to go")
    slow.release()
    for (const { response } of await Promise.all(others)) assert.strictEqual(response.status, 200)
    assert.strictEqual(server.stats().operations["POST /auth/token"], 1)
    assert.strictEqual(server.stats().signIns, 1)
    await close()
  })

  it("after a stranger signed in cost one sign-in (I5)", async () => {
    const { close, get, server } = await opened()
    server.stranger(server.credentials.service.login)
    for (const { response } of await Promise.all(Array.from({ length: 1000 }, () => get()))) {
      assert.strictEqual(response.status, 200)
    }
    assert.strictEqual(server.stats().signIns, 3)
    assert.strictEqual(server.stats().operations["POST /auth/token"], 1)
    await close()
  })

  it("leave no session behind (T59)", async () => {
    const { close, get, server } = await opened()
    await Promise.all(Array.from({ length: 50 }, () => get()))
    await close()
    const { liveSessions, signOuts } = server.stats()
    assert.deepStrictEqual({ liveSessions, signOuts }, { liveSessions: 0, signOuts: 1 })
  })
})

describe("two clients of one account in one process", () => {
  it("share one session, and the last one signs out (T59)", async () => {
    await using server = await bench.listen()
    const { login, password } = server.credentials.service
    const options = { baseUrl: server.url, credentials: { login, password } }
    const [one, two] = await Promise.all([connect(contract, options), connect(contract, options)])
    for (let i = 0; i < 5; i++) {
      assert.strictEqual((await one.GET(ACCOUNTS)).response.status, 200)
      assert.strictEqual((await two.GET(ACCOUNTS)).response.status, 200)
    }
    await one.session.signOut()
    assert.strictEqual(server.stats().signOuts, 0)
    assert.strictEqual((await two.GET(ACCOUNTS)).response.status, 200)
    await two.session.signOut()
    const { evictions, liveSessions, signIns, signOuts } = server.stats()
    assert.deepStrictEqual(
      { evictions, liveSessions, signIns, signOuts },
      { evictions: 0, liveSessions: 0, signIns: 1, signOuts: 1 }
    )
  })

  it("both end when one signs out everywhere, and who connects then signs in anew", async () => {
    await using server = await bench.listen()
    const { login, password } = server.credentials.service
    const options = { baseUrl: server.url, credentials: { login, password } }
    const [one, two] = await Promise.all([connect(contract, options), connect(contract, options)])
    await one.session.signOut({ everywhere: true })
    for (const client of [one, two]) {
      const error = await client.GET(ACCOUNTS).then(
        () => assert.fail("it must not be sent"),
        (error: unknown) => error
      )
      assert.deepInclude(error, client === one ? { _tag: "SessionClosed" } : { _tag: "SessionLost", why: "signed-out" })
      assert.strictEqual(client.session.state?.status, "closed")
    }
    assert.strictEqual(server.stats().liveSessions, 0)
    await two.session.signOut()
    await using three = await connect(contract, options)
    assert.strictEqual((await three.GET(ACCOUNTS)).response.status, 200)
    assert.strictEqual(server.stats().signIns, 2)
  })
})
