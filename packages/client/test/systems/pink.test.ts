/** pink's columns of the table of systems: consent with a code and PKCE, and personal access tokens. */
import { assert, describe, it } from "@effect/vitest"
import { contract } from "@keyturn/pink"
import { pink } from "@keyturn/simulators"
import { authorizationCode } from "../../../grants/authorization-code/src/index.ts"
import { loopback } from "../../../grants/authorization-code/src/loopback.ts"
import { connect } from "../../src/index.ts"
import { failure, observed, spying } from "./support/observed.ts"

type Switches = NonNullable<NonNullable<Parameters<typeof pink.listen>[0]>["switches"]>

const start = async (switches: Switches = {}) => {
  const server = await pink.listen({ switches: { consent: "allow", ...switches } })
  const { options, tags } = observed(server.url)
  const { fetch: spy, sent } = spying()
  const open = (over = options) =>
    connect(contract, {
      ...over,
      fetch: spy,
      operations: ["GET /v1/me"],
      grant: authorizationCode({
        ...server.credentials.native,
        redirect: loopback({ open: (url) => void fetch(url) })
      })
    })
  const token = (value: string = server.credentials.personalAccessToken) =>
    connect(contract, { ...options, fetch: spy, credentials: { personalAccessToken: { token: value } } })
  return { server, options, tags, sent, open, token, [Symbol.asyncDispose]: () => server.close() }
}

const readings: ReadonlyArray<Switches> = [
  {},
  { pkce: "optional" },
  { refresh: "keep" },
  { refresh: "none" },
  { reuseEndsAll: false },
  { announceExpiry: false },
  { tokenType: "bearer" },
  { wwwAuthenticate: false },
  { iss: false },
  { alwaysNameScope: true },
  { revokeAccessTokens: false }
]

describe.each(readings)("pink's OAuth, with %o", (switches) => {
  it("obtain, placement: a code with PKCE and the least scopes, then a bearer header", async () => {
    await using at = await start(switches)
    await using api = await at.open()
    assert.strictEqual((await api.GET("/v1/me")).response.status, 200)
    assert.isAtLeast(new URLSearchParams(at.sent[0]?.body).get("code_verifier")?.length ?? 0, 43)
    assert.match(at.sent[1]?.headers.get("authorization") ?? "", /^Bearer pink-/)
    assert.deepStrictEqual(api.session.state?.scope, ["profile"])
  })

  it("expiry kind, renewal, 401: fixed; one refresh for all, and a person when there is none", async () => {
    await using at = await start(switches)
    await using api = await at.open()
    assert.strictEqual(api.session.state?.expiresAt === undefined, switches.announceExpiry === false)
    at.server.clock.advance({ hours: 2 })
    if (switches.refresh === "none") {
      assert.strictEqual((await failure(api.GET("/v1/me")))._tag, "SessionLost")
    } else {
      const answers = await Promise.all(Array.from({ length: 10 }, () => api.GET("/v1/me")))
      assert.isTrue(answers.every(({ response }) => response.status === 200))
    }
    const { refreshes, refreshReuses, signIns } = at.server.stats()
    assert.deepStrictEqual([refreshes, refreshReuses, signIns], [switches.refresh === "none" ? 0 : 1, 0, 1])
  })

  it("concurrent tokens, harm of re-obtaining: another session of the same person leaves this one alone", async () => {
    await using at = await start(switches)
    await using one = await at.open()
    await using other = await at.open(observed(at.server.url).options)
    for (const api of [one, other]) assert.strictEqual((await api.GET("/v1/me")).response.status, 200)
    assert.strictEqual(at.server.stats().signIns, 2)
  })

  it("headless recovery: there is none, so a spent consent is SessionLost, and nobody is asked by a retry", async () => {
    await using at = await start({ ...switches, reuseEndsAll: true })
    await using api = await at.open()
    at.server.clock.advance({ hours: 2 })
    at.server.faults.add({ on: "refresh", kind: "status", status: 400, body: '{"error":"invalid_grant"}' })
    const error = await failure(api.GET("/v1/me"))
    assert.strictEqual(error._tag, "SessionLost")
    assert.match(error.message, /sign in/i)
    assert.strictEqual(at.server.stats().signIns, 1)
  })

  it("sign-out: revokes (RFC 7009), and an answer that says no is reported and never fails the caller", async () => {
    await using at = await start(switches)
    await (await at.open())[Symbol.asyncDispose]()
    if (switches.refresh !== "none") assert.include(at.tags(), "SignedOut")
    assert.strictEqual(at.tags().at(-1), "Closed")
    if (switches.refresh !== "none") assert.strictEqual(at.server.stats().liveTokens, 0)
  })

  it("403: scope that was not granted is InsufficientScope, and never renews", async () => {
    await using at = await start(switches)
    await using api = await at.open()
    at.server.faults.add({ on: "GET /v1/me", kind: "status", status: 403 })
    assert.strictEqual((await api.GET("/v1/me")).response.status, 403)
    const error = await failure((api as unknown as { GET: (path: string) => Promise<unknown> }).GET("/v1/reports"))
    assert.deepStrictEqual([error._tag, error.needed], ["InsufficientScope", ["reports.read"]])
    assert.strictEqual(at.server.stats().refreshes, 0)
  })
})

describe("a pink personal access token", () => {
  it("obtain, placement, expiry: is given, goes into the header, and lives long", async () => {
    await using at = await start()
    await using api = await at.token()
    at.server.clock.advance({ days: 3650 })
    assert.strictEqual((await api.GET("/v1/me")).response.status, 200)
    assert.strictEqual(at.sent[0]?.headers.get("authorization"), `Bearer ${at.server.credentials.personalAccessToken}`)
  })

  it("401: is handed to the caller after one request, and never loops", async () => {
    await using at = await start()
    await using api = await at.token("pink-pat.revoked")
    for (let time = 1; time <= 3; time++) {
      assert.strictEqual((await api.GET("/v1/me")).response.status, 401)
      assert.strictEqual(at.sent.length, time)
    }
  })

  it("concurrent tokens, harm of re-obtaining: whoever has it may use it, and nobody ends it for others", async () => {
    await using at = await start()
    await using one = await at.token()
    {
      await using other = await at.token()
      assert.strictEqual((await other.GET("/v1/me")).response.status, 200)
    }
    assert.strictEqual((await one.GET("/v1/me")).response.status, 200)
    assert.strictEqual(at.server.stats().rejected.total, 0)
  })

  it("sign-out, 403: nothing is sent, and nothing is renewed", async () => {
    await using at = await start()
    const api = await at.token()
    at.server.faults.add({ on: "GET /v1/me", kind: "status", status: 403 })
    assert.strictEqual((await api.GET("/v1/me")).response.status, 403)
    await api[Symbol.asyncDispose]()
    assert.strictEqual(at.sent.length, 1)
  })
})
