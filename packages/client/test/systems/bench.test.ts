/** Bench's column of the table of systems: a login and a password, one session an account. */
import { assert, describe, it } from "@effect/vitest"
import { contract } from "@keyturn/bench"
import { bench } from "@keyturn/simulators"
import { connect } from "../../src/index.ts"
import { failure, observed, spying } from "./support/observed.ts"

type Options = NonNullable<Parameters<typeof bench.listen>[0]>
type Switches = NonNullable<Options["switches"]>

const path = "/rp/api/v1/Accounts"

const start = async (switches: Switches = {}, more: Options = {}) => {
  const server = await bench.listen({ ...more, switches })
  const { options, tags, told } = observed(server.url)
  const open = () => connect(contract, { ...options, credentials: server.credentials.service })
  return { server, options, tags, told, open, [Symbol.asyncDispose]: () => server.close() }
}

/** Every reading of what the vendor leaves open, one at a time. */
const readings: ReadonlyArray<Switches> = [
  {},
  { signInFailureStatus: 400 },
  { refreshFailureStatus: 401 },
  { authErrorBody: "bench" },
  { refreshFailureStatus: 401, authErrorBody: "bench" },
  { tokenStatus: 201 },
  { signOutStatus: 200 },
  { expiryDigits: 0 },
  { expiryDigits: 3 },
  { expiryOf: "refreshToken" },
  { wwwAuthenticate: false },
  { evictionEndsRefresh: false },
  { refreshKeepsAge: true },
  { caseInsensitivePaths: false }
]

describe.each(readings)("Bench, with %o", (switches) => {
  it("obtain: signs in with a form that escapes every character of the password, and sends a bearer header", async () => {
    await using at = await start(switches)
    const { fetch, sent } = spying()
    await using api = await connect(contract, {
      ...at.options,
      fetch,
      credentials: at.server.credentials.service
    })
    assert.strictEqual((await api.GET(path)).response.status, 200)
    assert.strictEqual(sent[0]?.headers.get("content-type"), "application/x-www-form-urlencoded")
    assert.strictEqual(new URLSearchParams(sent[0]?.body).get("username"), at.server.credentials.service.login)
    assert.match(sent[1]?.headers.get("authorization") ?? "", /^Bearer bench-/)
    assert.isAbove(api.session.state?.expiresAt ?? 0, Date.now() + 23 * 3600_000)
  })

  it("a wrong password is SignInRejected, tried once", async () => {
    await using at = await start(switches)
    const { login } = at.server.credentials.service
    const error = await failure(connect(contract, { ...at.options, credentials: { login, password: "guess" } }))
    assert.deepStrictEqual(
      [error._tag, error.status, at.server.stats().failedSignIns],
      ["SignInRejected", switches.signInFailureStatus ?? 401, 1]
    )
  })

  it("renewal: after an idle day the refresh token is used, once; after its week it signs in", async () => {
    await using at = await start(switches)
    await using api = await at.open()
    at.server.clock.advance({ hours: 25 })
    assert.strictEqual((await api.GET(path)).response.status, 200)
    assert.deepStrictEqual([at.server.stats().signIns, at.server.stats().refreshes], [1, 1])
    at.server.clock.advance({ days: 8 })
    assert.strictEqual((await api.GET(path)).response.status, 200)
    assert.deepStrictEqual([at.server.stats().signIns, at.server.stats().refreshes], [2, 1])
  })

  it("harm of re-obtaining: a stranger's sign-in costs one renewal, and the request is answered", async () => {
    await using at = await start(switches)
    await using api = await at.open()
    at.server.stranger(at.server.credentials.service.login)
    assert.strictEqual((await api.GET(path)).response.status, 200)
    assert.include(at.tags(), "Displaced")
    assert.strictEqual(at.server.stats().signIns + at.server.stats().refreshes, 3)
  })

  it("concurrent tokens: clients of one account share the one session", async () => {
    await using at = await start(switches)
    await using one = await at.open()
    await using other = await at.open()
    const answers = await Promise.all([one, other, one, other].map((api) => api.GET(path)))
    assert.deepStrictEqual(
      answers.map(({ response }) => response.status),
      [200, 200, 200, 200]
    )
    assert.deepStrictEqual([at.server.stats().signIns, at.server.stats().evictions], [1, 0])
  })

  it("sign-out: the last holder ends the session at the server", async () => {
    await using at = await start(switches)
    await (await at.open())[Symbol.asyncDispose]()
    assert.deepStrictEqual([at.server.stats().signOuts, at.server.stats().liveSessions], [1, 0])
    assert.deepStrictEqual(at.tags().slice(-2), ["SignedOut", "Closed"])
  })

  it("headless recovery: a lost refresh is never repeated (I1); it signs in", async () => {
    await using at = await start(switches)
    await using api = await at.open()
    at.server.clock.advance({ hours: 25 })
    at.server.faults.add({ on: "refresh", kind: "lose" })
    assert.strictEqual((await api.GET(path)).response.status, 200)
    assert.deepStrictEqual([at.server.stats().signIns, at.server.stats().refreshes], [2, 1])
  })

  it("401: re-reads the store, then renews once for all that were refused", async () => {
    await using at = await start(switches)
    await using api = await at.open()
    at.server.clock.advance({ hours: 25 })
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.GET(path)))
    assert.isTrue(answers.every(({ response }) => response.status === 200))
    assert.deepStrictEqual([at.server.stats().refreshes, at.server.stats().peakRenewals], [1, 1])
  })

  it("403: may mean that there is no such object, and never renews", async () => {
    await using at = await start(switches)
    await using api = await at.open()
    const { error, response } = await api.GET("/rp/api/v1/Accounts/{accountId}", {
      params: { path: { accountId: 999 } }
    })
    assert.strictEqual(response.status, 403)
    assert.property(error, "errors")
    assert.deepStrictEqual([at.server.stats().signIns, at.server.stats().refreshes], [1, 0])
  })
})

describe("Bench", () => {
  it("expiry kind: idle, so each request extends it, and its announced instant is only a hint", async () => {
    await using at = await start()
    await using api = await at.open()
    for (let day = 0; day < 3; day++) {
      at.server.clock.advance({ hours: 20 })
      assert.strictEqual((await api.GET(path)).response.status, 200)
    }
    assert.deepStrictEqual([at.server.stats().signIns, at.server.stats().refreshes], [1, 0])
  })

  it.each(["GET", "DELETE"] as const)(
    "sign-out by %s instead is reported and never fails the caller, and works once the contract says so",
    async (method) => {
      await using at = await start({ signOutMethod: method })
      await (await at.open())[Symbol.asyncDispose]()
      assert.match(at.told("SignOutFailed"), /no sign-out at this URL by this method.* signOut/)
      const { session } = contract.schemes
      const told = { ...session, session: { ...session.session, signOut: { ...session.session.signOut, method } } }
      const api = await connect({ ...contract, schemes: { session: told } } as unknown as typeof contract, {
        ...at.options,
        credentials: at.server.credentials.reader
      })
      await api[Symbol.asyncDispose]()
      assert.include(at.tags(), "SignedOut")
      assert.strictEqual(at.server.stats().signOuts, 1)
    }
  )

  it("concurrent tokens: a person's fourth session ends their oldest", async () => {
    await using at = await start()
    const { person } = at.server.credentials
    await using api = await connect(contract, { ...at.options, credentials: person })
    for (let i = 0; i < 2; i++) at.server.stranger(person.login)
    assert.strictEqual((await api.GET(path)).response.status, 200)
    assert.strictEqual(at.server.stats().rejected.total, 0)
    for (let i = 0; i < 3; i++) at.server.stranger(person.login)
    assert.strictEqual((await api.GET(path)).response.status, 200)
    assert.isAbove(at.server.stats().rejected.total, 0)
  })
})
