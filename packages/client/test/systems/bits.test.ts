/** Bits' column of the table of systems: client credentials, three kinds of token, an hour each. */
import { assert, describe, it } from "@effect/vitest"
import { contract } from "@keyturn/bits"
import { bits } from "@keyturn/simulators"
import { connect } from "../../src/index.ts"
import { failure, observed, spying } from "./support/observed.ts"

type Switches = NonNullable<NonNullable<Parameters<typeof bits.listen>[0]>["switches"]>

const start = async (switches: Switches = {}) => {
  const server = await bits.listen({ switches })
  const { options, tags } = observed(server.url)
  const { client } = server.credentials
  const open = () => connect(contract, { ...options, credentials: { appToken: client } })
  return { server, options, tags, client, open, [Symbol.asyncDispose]: () => server.close() }
}

const application = {
  workflowId: "bits:workflow::8abe317f-6d54-4949-8ecd-245efb4fa05d",
  countryCode: "SE",
  redirectUrl: "https://shop.example/welcome"
} as const

const readings: ReadonlyArray<Switches> = [
  {},
  { tokenTypeField: "token_type" },
  { tokenTypeField: "both" },
  { tokenStatus: 201 },
  { clientFailureStatus: 400 },
  { authErrorBody: "message" },
  { clientFailureStatus: 400, authErrorBody: "message" },
  { apiErrorBody: "oauth" },
  { scopeByRequest: false },
  { oneTokenPerClient: true },
  { userinfoUnderV1: true },
  { mediaTypeVersions: true },
  { wwwAuthenticate: false }
]

describe.each(readings)("Bits, with %o", (switches) => {
  it("obtain: plain Basic, whatever the secret's characters, and the type in `type`; a bearer header after it", async () => {
    await using at = await start(switches)
    const { fetch, sent } = spying()
    await using api = await connect(contract, { ...at.options, fetch, credentials: { appToken: at.client } })
    const { data, response } = await api.GET("/oauth2/userinfo")
    assert.strictEqual(response.status, 200)
    assert.match(data?.customerId ?? "", /^bits:customer::/)
    const { clientId, clientSecret } = at.client
    assert.strictEqual(
      sent[0]?.headers.get("authorization"),
      `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`
    )
    assert.strictEqual(sent[0]?.body, "grant_type=client_credentials")
    assert.match(sent[1]?.headers.get("authorization") ?? "", /^Bearer bits-/)
    assert.deepStrictEqual(api.session.state?.scope, ["application"])
  })

  it("renewal, headless recovery: when its hour is over it asks again, once for all, and the request is answered", async () => {
    await using at = await start(switches)
    await using api = await at.open()
    at.server.clock.advance({ hours: 2 })
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.GET("/oauth2/userinfo")))
    assert.isTrue(answers.every(({ response }) => response.status === 200))
    assert.strictEqual(at.server.stats().signIns, 2)
  })

  it("401: a new token once, one more try, and then the answer is the caller's", async () => {
    await using at = await start(switches)
    await using api = await at.open()
    at.server.faults.add({ on: "GET /oauth2/userinfo", kind: "evict", times: 2 })
    assert.strictEqual((await api.GET("/oauth2/userinfo")).response.status, 401)
    assert.strictEqual(at.server.stats().signIns, 2)
  })

  it("sign-out: there is none to make", async () => {
    await using at = await start(switches)
    const api = await at.open()
    const { requests } = at.server.stats()
    await api[Symbol.asyncDispose]()
    assert.strictEqual(at.server.stats().requests, requests)
    assert.strictEqual(at.tags().at(-1), "Closed")
  })

  it("a wrong secret is SignInRejected, tried once", async () => {
    await using at = await start(switches)
    const error = await failure(
      connect(contract, { ...at.options, credentials: { appToken: { ...at.client, clientSecret: "guess" } } })
    )
    assert.deepStrictEqual([error._tag, error.status], ["SignInRejected", switches.clientFailureStatus ?? 401])
    assert.match(error.message, /client id and secret/)
    assert.strictEqual(at.server.stats().failedSignIns, 1)
  })
})

describe("Bits", () => {
  it("a server that undoes form-encoding is told apart from one that does not: the contract says which", async () => {
    await using at = await start({ basicEncoding: "form" })
    const error = await failure(at.open())
    assert.strictEqual(error._tag, "SignInRejected")
    const { appToken, ...schemes } = contract.schemes
    const signIn = { ...appToken.session.signIn, clientAuthentication: "basic" }
    const standard = {
      ...contract,
      schemes: { ...schemes, appToken: { ...appToken, session: { ...appToken.session, signIn } } }
    }
    await using api = await connect(standard as unknown as typeof contract, {
      ...at.options,
      credentials: { appToken: at.client }
    })
    assert.strictEqual((await api.GET("/oauth2/userinfo")).response.status, 200)
  })

  it("expiry kind: fixed, so use does not extend it", async () => {
    await using at = await start()
    await using api = await at.open()
    const { expiresAt } = api.session.state ?? {}
    assert.approximately(expiresAt ?? 0, Date.now() + 3600_000, 30_000)
    at.server.clock.advance({ minutes: 40 })
    assert.strictEqual((await api.GET("/oauth2/userinfo")).response.status, 200)
    assert.strictEqual(api.session.state?.expiresAt, expiresAt)
    at.server.clock.advance({ minutes: 40 })
    assert.strictEqual((await api.GET("/oauth2/userinfo")).response.status, 200)
    assert.strictEqual(at.server.stats().rejected.expired, 1)
  })

  it("concurrent tokens: another program's token leaves this one alone", async () => {
    await using at = await start()
    await using one = await at.open()
    await using other = await connect(contract, {
      ...observed(at.server.url).options,
      credentials: { appToken: at.client }
    })
    assert.strictEqual((await one.GET("/oauth2/userinfo")).response.status, 200)
    assert.strictEqual((await other.GET("/oauth2/userinfo")).response.status, 200)
    assert.strictEqual(at.server.stats().signIns, 2)
  })

  it("a token that only reads is not sent to an operation that writes", async () => {
    await using at = await start()
    await using api = await connect(contract, { ...at.options, credentials: { readToken: at.client } })
    const error = await failure(api.POST("/v1/applications.create", { body: application }))
    assert.deepStrictEqual([error._tag, error.needed], ["CredentialMissing", [["appToken"]]])
    const [known] = at.server.applications()
    const { data } = await api.POST("/v1/applications.get", { body: { applicationId: known?.id ?? "" } })
    assert.strictEqual(data?.status, known?.status)
    assert.strictEqual(at.server.stats().forbidden, 0)
  })

  it("a session token needs its three claims, by type and at run time, and is sent where it alone fits", async () => {
    await using at = await start()
    // @ts-expect-error: the claims are required
    const incomplete: Parameters<typeof connect<typeof contract>>[1]["credentials"] = { sessionToken: at.client }
    const error = await failure(connect(contract, { ...at.options, credentials: incomplete as never }))
    assert.strictEqual(error._tag, "ConfigurationError")
    assert.match(error.message, /applicationId.*redirectUrl.*workflowId/)
    const [known] = at.server.applications()
    await using api = await connect(contract, {
      ...at.options,
      credentials: {
        sessionToken: {
          ...at.client,
          applicationId: known?.id ?? "",
          workflowId: application.workflowId,
          redirectUrl: application.redirectUrl
        }
      }
    })
    assert.deepStrictEqual(api.session.state?.scope, ["application.session"])
    assert.strictEqual((await api.GET("/oauth2/userinfo")).response.status, 200)
    assert.strictEqual(
      (await failure(api.POST("/v1/applications.create", { body: application })))._tag,
      "CredentialMissing"
    )
  })

  it("claims that a contract calls optional may be left out, and are then not sent", async () => {
    await using at = await start()
    const { sessionToken, ...schemes } = contract.schemes
    const signIn = { ...sessionToken.session.signIn, optional: ["workflowId", "redirectUrl"] }
    const lenient = {
      ...contract,
      schemes: { ...schemes, sessionToken: { ...sessionToken, session: { ...sessionToken.session, signIn } } }
    } as unknown as typeof contract
    const [known] = at.server.applications()
    const { fetch, sent } = spying()
    const credentials = { sessionToken: { ...at.client, applicationId: known?.id ?? "" } } as never
    const error = await failure(connect(lenient, { ...at.options, fetch, credentials }))
    // This server wants them all the same, and it is the one who says so.
    assert.deepStrictEqual([error._tag, error.code], ["SignInRejected", "invalid_request"])
    assert.deepStrictEqual([...new URLSearchParams(sent[0]?.body).keys()].sort(), [
      "application_id",
      "grant_type",
      "scope"
    ])
  })

  it("the session token that comes with a new application is a token obtained beforehand; 401 is the caller's", async () => {
    await using at = await start()
    await using api = await at.open()
    const { data } = await api.POST("/v1/applications.create", { body: application })
    await using flow = await connect(contract, {
      ...at.options,
      credentials: { sessionToken: { grant: "token", token: data?.sessionToken ?? "" } }
    })
    assert.strictEqual((await flow.GET("/oauth2/userinfo")).response.status, 200)
    at.server.clock.advance({ hours: 2 })
    assert.strictEqual((await flow.GET("/oauth2/userinfo")).response.status, 401)
    assert.strictEqual(at.server.stats().signIns, 1)
  })

  it("403: is for the caller to see, and never renews", async () => {
    await using at = await start()
    // A reading token in the place of one that may write.
    await using reader = await connect(contract, { ...at.options, credentials: { readToken: at.client } })
    const token = /Bearer (.*)/
    const { fetch, sent } = spying()
    await using spied = await connect(contract, {
      ...observed(at.server.url).options,
      fetch,
      credentials: { readToken: at.client }
    })
    await spied.GET("/oauth2/userinfo")
    const value = token.exec(sent.at(-1)?.headers.get("authorization") ?? "")?.[1] ?? ""
    const before = at.server.stats().signIns
    await using api = await connect(contract, {
      ...at.options,
      credentials: { appToken: { grant: "token", token: value } }
    })
    const { error, response } = await api.POST("/v1/applications.create", { body: application })
    assert.strictEqual(response.status, 403)
    assert.match((error as { message: string }).message, /application.read/)
    assert.strictEqual(at.server.stats().signIns, before)
    assert.strictEqual(reader.session.state?.generation, 1)
  })

  it("client credentials are refused in a browser, before anything is sent", async () => {
    await using at = await start()
    const { userAgent } = navigator
    Object.defineProperty(navigator, "userAgent", { value: "Mozilla/5.0 (X11; Linux x86_64)", configurable: true })
    try {
      const error = await failure(at.open())
      assert.strictEqual(error._tag, "ConfigurationError")
      assert.match(error.message, /do not belong in a browser/)
      assert.strictEqual(at.server.stats().requests, 0)
    } finally {
      Object.defineProperty(navigator, "userAgent", { value: userAgent, configurable: true })
    }
  })
})
