/** Allura's columns of the table of systems: a bearer token, its old place in a parameter, and OAuth 2. */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { contract } from "@keyturn/allura"
import { allura } from "@keyturn/simulators"
import * as Effect from "effect/Effect"
import { authorizationCode } from "../../../grants/authorization-code/src/index.ts"
import { loopback } from "../../../grants/authorization-code/src/loopback.ts"
import { Client, Refusal } from "../../src/effect.ts"
import { connect } from "../../src/index.ts"
import { failure, observed, spying } from "./support/observed.ts"

type Switches = NonNullable<NonNullable<Parameters<typeof allura.listen>[0]>["switches"]>

const start = async (switches: Switches = {}) => {
  const server = await allura.listen({ switches: { loopbackRedirects: true, consent: "allow", ...switches } })
  const { options, tags } = observed(server.url)
  const spy = spying()
  return {
    server,
    options,
    tags,
    sent: spy.sent,
    fetch: spy.fetch,
    bearer: (token: string = server.credentials.bearer) =>
      connect(contract, { ...options, fetch: spy.fetch, credentials: { bearer: { token } } }),
    parameter: (token: string = server.credentials.bearer) =>
      connect(contract, { ...options, fetch: spy.fetch, credentials: { accessToken: { token } } }),
    [Symbol.asyncDispose]: () => server.close()
  }
}

const project = { params: { path: { neighborhood: "p", project: "scaffold" } } } as const
const admin = "/rest/{neighborhood}/{project}/admin"
const tool = (mount_point: string) => ({
  ...project,
  body: { tool: "wiki", mount_point, mount_label: "Notes & more" },
  headers: { "content-type": "application/x-www-form-urlencoded" }
})

describe("an Allura bearer token", () => {
  it("obtain, placement: is given, and goes into the header; JSON is asked for", async () => {
    await using at = await start()
    await using api = await at.bearer()
    assert.strictEqual((await api.GET(`${admin}/installable_tools`, project)).response.status, 200)
    assert.strictEqual(at.sent[0]?.headers.get("authorization"), `Bearer ${at.server.credentials.bearer}`)
    assert.match(at.sent[0]?.headers.get("accept") ?? "", /^application\/json/)
    assert.strictEqual((await api.session.fetch("/rest/p/scaffold")).status, 200)
    assert.match(at.sent[1]?.headers.get("accept") ?? "", /^application\/json/)
  })

  it("a call may ask for something else than JSON", async () => {
    await using at = await start()
    await using api = await at.bearer()
    await api.GET(`${admin}/installable_tools`, { ...project, headers: { accept: "text/plain" } })
    assert.strictEqual(at.sent[0]?.headers.get("accept"), "text/plain")
  })

  it("expiry, renewal, headless recovery: it never expires and nothing renews it", async () => {
    await using at = await start()
    await using api = await at.bearer()
    at.server.clock.advance({ days: 3650 })
    assert.strictEqual((await api.GET(`${admin}/installable_tools`, project)).response.status, 200)
    assert.isUndefined(api.session.state?.expiresAt)
  })

  it("401: is handed to the caller, after one request", async () => {
    await using at = await start()
    await using api = await at.bearer()
    at.server.revoke(at.server.credentials.bearer)
    const { error, response } = await api.GET(`${admin}/installable_tools`, project)
    assert.strictEqual(response.status, 401)
    assert.include(JSON.stringify(error), "401 Unauthorized")
    assert.strictEqual(at.sent.length, 1)
  })

  it("403: is handed to the caller after one request, and its HTML page does not break parsing", async () => {
    await using at = await start()
    await using api = await at.bearer(at.server.credentials.guestBearer)
    const { error, response } = await api.GET(`${admin}/installable_tools`, project)
    assert.strictEqual(response.status, 403)
    assert.match(error as unknown as string, /^<!DOCTYPE html>/)
    assert.strictEqual(at.sent.length, 1)
  })

  it("sign-out, harm of re-obtaining: nothing is sent, and two clients do not mind each other", async () => {
    await using at = await start()
    await (await at.bearer())[Symbol.asyncDispose]()
    await using one = await at.bearer()
    await using other = await at.bearer()
    for (const api of [one, other])
      assert.strictEqual((await api.GET(`${admin}/installable_tools`, project)).response.status, 200)
    assert.strictEqual(at.sent.length, 2)
  })

  it("a project that is not there is a 404 with a page for its error", async () => {
    await using at = await start()
    await using api = await at.bearer()
    const { error, response } = await api.GET("/rest/{neighborhood}/{project}", {
      params: { path: { neighborhood: "p", project: "nowhere" } }
    })
    assert.strictEqual(response.status, 404)
    assert.typeOf(error, "string")
  })
})

describe("an Allura token in its old place, access_token", () => {
  it("goes into a form body where there is one, beside the fields, and not into the URL (RFC 6750 §2.2)", async () => {
    await using at = await start()
    await using api = await at.parameter()
    const { data } = await api.POST(`${admin}/install_tool`, tool("notes"))
    assert.strictEqual(data?.success, true)
    const fields = new URLSearchParams(at.sent[0]?.body)
    assert.strictEqual(fields.get("access_token"), at.server.credentials.bearer)
    assert.strictEqual(fields.get("mount_label"), "Notes & more")
    assert.notInclude(at.sent[0]?.url, "access_token")
    assert.isFalse(at.sent[0]?.headers.has("authorization"))
  })

  it("goes into the query elsewhere, and the answer is not to be kept (RFC 6750 §2.3)", async () => {
    await using at = await start()
    await using api = await at.parameter()
    assert.strictEqual((await api.GET(`${admin}/installable_tools`, project)).response.status, 200)
    const { headers, url } = at.sent[0] ?? {}
    assert.strictEqual(new URL(url ?? "").searchParams.get("access_token"), at.server.credentials.bearer)
    assert.strictEqual(headers?.get("cache-control"), "no-store")
    assert.isFalse(headers?.has("authorization"))
  })

  it("goes into the body of a plain fetch, given as text, as URLSearchParams or in a Request", async () => {
    await using at = await start()
    await using api = await at.parameter()
    const url = `${at.server.url}/rest/p/scaffold/admin/install_tool`
    const body = (mount_point: string) => new URLSearchParams({ tool: "wiki", mount_point, mount_label: "x" })
    const type = { "content-type": "application/x-www-form-urlencoded; charset=UTF-8" }
    const answers = [
      await api.session.fetch(url, { method: "POST", body: body("a1") }),
      await api.session.fetch(url, { method: "POST", body: body("a2").toString(), headers: type }),
      await api.session.fetch(new Request(url, { method: "POST", body: body("a3") }))
    ]
    for (const answer of answers) assert.include(await answer.text(), '"success":true')
    assert.isTrue(at.sent.every(({ url }) => !url.includes("access_token")))
  })

  it("stays with a POST that is redirected to a GET, in the place that is left", async () => {
    await using at = await start()
    await using api = await at.parameter()
    const { response } = await api.POST("/rest/{neighborhood}/{project}/{tool}/new", {
      params: { path: { ...project.params.path, tool: "tickets" } },
      body: { "ticket_form.summary": "A gate that sticks" },
      headers: { "content-type": "application/x-www-form-urlencoded" }
    } as never)
    assert.strictEqual(response.status, 200)
    assert.deepStrictEqual(
      at.sent.map(({ url }) => url.includes("access_token")),
      [false, true]
    )
    assert.notInclude(response.url, "access_token")
  })

  it("is in nothing that is said: neither the answer's URL, nor errors, nor state (I7)", async () => {
    await using at = await start()
    const token = at.server.credentials.bearer
    await using api = await at.parameter()
    const answer = await api.GET(`${admin}/installable_tools`, project)
    at.server.revoke(token)
    const refused = await api.GET(`${admin}/installable_tools`, project)
    assert.strictEqual(refused.response.status, 401)
    const effect = Client.make(contract, { ...at.options, credentials: { accessToken: { token } } }).pipe(
      Effect.flatMap((client) => client.GET(`${admin}/installable_tools`, project)),
      Effect.flip,
      Effect.scoped
    )
    const said = inspect([answer, refused, await Effect.runPromise(effect), api.session.state], {
      depth: 9,
      showHidden: true
    })
    assert.notInclude(said, token)
    assert.match(answer.response.url, /\/installable_tools$/)
  })

  it("is not put beside a header of the same request, and only where the caller chose it", async () => {
    await using at = await start()
    const { bearer } = at.server.credentials
    await using api = await connect(contract, {
      ...at.options,
      fetch: at.fetch,
      credentials: { bearer: { token: bearer }, accessToken: { token: bearer } }
    })
    await api.GET(`${admin}/installable_tools`, project)
    assert.notInclude(at.sent[0]?.url, "access_token")
  })

  it("travels over https only: a site that is not asked by it is refused before anything is sent (I6)", async () => {
    const error = await failure(
      connect(contract, { baseUrl: "http://forge.example", credentials: { accessToken: { token: "t" } } })
    )
    assert.strictEqual(error._tag, "ConfigurationError")
    assert.match(error.message, /https only/)
  })

  it.each([true, false])("a token of OAuth 2 is refused there, with OAuth 2 %s: 401, and no loop", async (oauth2) => {
    await using at = await start({ oauth2 })
    await using api = await at.parameter("thirtyLettersAndDigitsOfOAuth2")
    const { error, response } = await api.GET(`${admin}/installable_tools`, project)
    assert.strictEqual(response.status, 401)
    assert.strictEqual(JSON.stringify(error).includes("Do not use tokens in URL"), oauth2)
    assert.strictEqual(at.sent.length, 1)
  })
})

describe("a site behind https", () => {
  it.each(["bearer", "parameter"] as const)("refuses a %s that came by http: 401, and no loop", async (kind) => {
    await using at = await start({ requireHttps: true })
    await using api = await at[kind]()
    const { error, response } = await api.GET(`${admin}/installable_tools`, project)
    assert.strictEqual(response.status, 401)
    assert.include(JSON.stringify(error), "HTTPS is required")
    assert.strictEqual(at.sent.length, 1)
  })
})

/** The contract of a site whose refreshes are sent as JSON. */
const asJson = (): typeof contract => {
  const { oauth2, ...schemes } = contract.schemes
  const refresh = { ...oauth2.session.refresh, contentType: "application/json" }
  const changed = { ...oauth2, session: { ...oauth2.session, refresh } }
  return { ...contract, schemes: { ...schemes, oauth2: changed } } as unknown as typeof contract
}

describe.each([
  ["a form", contract],
  ["JSON", asJson()]
] as const)("Allura's OAuth 2, refreshed with %s", (_name, contract) => {
  const signIn = async (at: Awaited<ReturnType<typeof start>>, options = at.options) =>
    connect(contract, {
      ...options,
      fetch: at.fetch,
      grant: authorizationCode({
        clientId: at.server.credentials.oauth2.clientId,
        clientSecret: at.server.credentials.oauth2.clientSecret,
        redirect: loopback({ open: (url) => void fetch(url) })
      })
    })

  it("obtain, placement: a code with PKCE, the client in the body, and a header", async () => {
    await using at = await start()
    await using api = await signIn(at)
    assert.strictEqual((await api.GET(`${admin}/installable_tools`, project)).response.status, 200)
    const fields = new URLSearchParams(at.sent[0]?.body)
    assert.strictEqual(fields.get("client_secret"), at.server.credentials.oauth2.clientSecret)
    assert.isAtLeast(fields.get("code_verifier")?.length ?? 0, 43)
    assert.isFalse(at.sent[0]?.headers.has("authorization"))
    assert.match(at.sent[1]?.headers.get("authorization") ?? "", /^Bearer \w{30}$/)
  })

  it("expiry kind, renewal: fixed, an hour; each refresh gives a new pair and is made once for all", async () => {
    await using at = await start()
    await using api = await signIn(at)
    assert.approximately(api.session.state?.expiresAt ?? 0, Date.now() + 3600_000, 30_000)
    for (let time = 1; time <= 3; time++) {
      at.server.clock.advance({ hours: 2 })
      const answers = await Promise.all(Array.from({ length: 5 }, () => api.GET(`${admin}/installable_tools`, project)))
      assert.isTrue(answers.every(({ response }) => response.status === 200))
      assert.strictEqual(at.server.stats().refreshes, time)
    }
    const { failedTokens, peakRenewals, signIns } = at.server.stats()
    assert.deepStrictEqual([signIns, failedTokens, peakRenewals], [1, 0, 1])
  })

  it("concurrent tokens: clients of one user share the one session", async () => {
    await using at = await start()
    await using one = await signIn(at)
    await using other = await signIn(at)
    for (const api of [one, other])
      assert.strictEqual((await api.GET(`${admin}/installable_tools`, project)).response.status, 200)
    assert.deepStrictEqual([at.server.stats().signIns, at.server.stats().evictions], [1, 0])
  })

  it("harm of re-obtaining, headless recovery: a sign-in elsewhere ends the token, its refresh too, and a person is needed", async () => {
    await using at = await start()
    await using api = await signIn(at)
    at.server.stranger(at.server.credentials.oauth2.clientId)
    const error = await failure(api.GET(`${admin}/installable_tools`, project))
    assert.strictEqual(error._tag, "SessionLost")
    assert.strictEqual(at.server.stats().signIns, 2)
    assert.strictEqual(at.server.stats().failedTokens, 1)
  })

  it("401 policy: one refresh, one more try, and then the answer is the caller's", async () => {
    await using at = await start()
    await using api = await signIn(at)
    at.server.faults.add({ on: "GET /rest/p/scaffold/admin/installable_tools", kind: "status", status: 401, times: 2 })
    assert.strictEqual((await api.GET(`${admin}/installable_tools`, project)).response.status, 401)
    assert.strictEqual(at.server.stats().refreshes, 1)
  })

  it("403, sign-out: never renews; and there is nothing to revoke by", async () => {
    await using at = await start()
    const api = await signIn(at)
    at.server.faults.add({ on: "GET /rest/p/scaffold/admin/installable_tools", kind: "status", status: 403 })
    assert.strictEqual((await api.GET(`${admin}/installable_tools`, project)).response.status, 403)
    const sent = at.sent.length
    await api[Symbol.asyncDispose]()
    assert.deepStrictEqual([at.sent.length - sent, at.server.stats().refreshes], [0, 0])
  })
})

it("OAuth 2 that is switched off ends in a 401 for the caller, or no sign-in at all", async () => {
  await using at = await start({ oauth2: false })
  await using api = await connect(contract, {
    ...at.options,
    credentials: { oauth2: { grant: "token", token: "thirtyLettersAndDigitsOfOAuth2" } }
  })
  assert.strictEqual((await api.GET(`${admin}/installable_tools`, project)).response.status, 401)
})

describe("install_tool, which answers 200 whatever happened", () => {
  it("tells success and failure apart by type", async () => {
    await using at = await start()
    await using api = await at.bearer()
    const { data, response } = await api.POST(`${admin}/install_tool`, tool("not_allowed"))
    assert.strictEqual(response.status, 200)
    assert.deepStrictEqual(data, { success: false, info: 'Mount point "not_allowed" is invalid' })
    if (data?.success === true) data satisfies { success: true; info: string }
  })

  it("fails with a typed error in Effect, with the reason in its message", async () => {
    await using at = await start()
    const install = (mountPoint: string) =>
      Client.make(contract, { ...at.options, credentials: { bearer: { token: at.server.credentials.bearer } } }).pipe(
        Effect.flatMap((client) => client.POST(`${admin}/install_tool`, tool(mountPoint))),
        Refusal.when({ success: false }),
        Effect.scoped
      )
    const installed = await Effect.runPromise(install("notes"))
    installed satisfies { success: true; info: string }
    assert.match(installed.info, /was created/)
    const error = await Effect.runPromise(
      install("notes").pipe(Effect.catchTag("OperationRefused", (refused) => Effect.succeed(refused)))
    )
    assert.strictEqual(error instanceof Refusal.OperationRefused && error.body.success, false)
    assert.strictEqual((error as Error).message, "The API refused the operation: Mount point already exists.")
  })
})
