import { createHmac } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { type BitsSimulator, bits } from "@keyturn/simulators"
import { judgeBy } from "./support/document.ts"

const judge = judgeBy("bits")

const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`

const ask = async (server: BitsSimulator, path: string, init: RequestInit & { method: string }) => {
  const answer = await fetch(server.url + path, init)
  await judge.check(init.method, server.url + path, answer)
  return answer
}

const token = (
  server: BitsSimulator,
  fields: Record<string, string> = { grant_type: "client_credentials" },
  authorization = basic(server.credentials.client.clientId, server.credentials.client.clientSecret)
) => ask(server, "/v1/oauth2/token", { method: "POST", headers: { authorization }, body: new URLSearchParams(fields) })

const accessToken = async (server: BitsSimulator, scope?: string): Promise<string> => {
  const answer = await token(server, { grant_type: "client_credentials", ...(scope !== undefined && { scope }) })
  return ((await answer.json()) as { access_token: string }).access_token
}

const post = (server: BitsSimulator, access: string, method: string, body: unknown) =>
  ask(server, `/v1/applications.${method}`, {
    method: "POST",
    headers: { authorization: `Bearer ${access}`, "content-type": "application/json" },
    body: JSON.stringify(body)
  })

const userinfo = (server: BitsSimulator, authorization: string) =>
  ask(server, "/oauth2/userinfo", { method: "GET", headers: { authorization } })

const application = {
  workflowId: "bits:workflow::8abe317f-6d54-4949-8ecd-245efb4fa05d",
  countryCode: "SE",
  redirectUrl: "https://example.com/done"
}

describe("the token endpoint", () => {
  it("gives a token for an hour, and calls its kind type rather than token_type", async () => {
    await using server = await bits.listen()
    const body = (await (await token(server)).json()) as Record<string, unknown>
    assert.hasAllKeys(body, ["type", "access_token", "expires_in", "scope"])
    assert.include(body, { type: "Bearer", expires_in: 3600, scope: "application" })
  })

  it("takes Basic with plain parts, and form-encoded ones when that is switched on", async () => {
    const encode = (text: string) => new URLSearchParams({ x: text }).toString().slice(2)
    for (const [basicEncoding, plain, encoded] of [
      ["plain", 200, 401],
      ["form", 401, 200]
    ] as const) {
      await using server = await bits.listen({ switches: { basicEncoding } })
      const { clientId, clientSecret } = server.credentials.client
      assert.strictEqual((await token(server)).status, plain)
      assert.strictEqual(
        (await token(server, undefined, basic(encode(clientId), encode(clientSecret)))).status,
        encoded
      )
    }
  })

  it("refuses a wrong secret with 401 and a challenge, and says what Basic should hold", async () => {
    await using server = await bits.listen()
    const answer = await token(server, undefined, basic("halden-onboarding", "wrong"))
    assert.strictEqual(answer.status, 401)
    assert.strictEqual(answer.headers.get("www-authenticate"), 'Basic realm="bits"')
    assert.strictEqual(((await answer.json()) as { error: string }).error, "invalid_client")
    assert.strictEqual(server.stats().failedSignIns, 1)
  })

  it("refuses credentials in the body, JSON, another grant and another scope", async () => {
    await using server = await bits.listen()
    const { clientId, clientSecret } = server.credentials.client
    const error = async (answer: Response) => [answer.status, ((await answer.json()) as { error: string }).error]
    const inBody = await ask(server, "/v1/oauth2/token", {
      method: "POST",
      body: new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret })
    })
    assert.deepStrictEqual(await error(inBody), [401, "invalid_client"])
    const json = await ask(server, "/v1/oauth2/token", {
      method: "POST",
      headers: { authorization: basic(clientId, clientSecret), "content-type": "application/json" },
      body: "{}"
    })
    assert.deepStrictEqual(await error(json), [400, "invalid_request"])
    assert.deepStrictEqual(await error(await token(server, { grant_type: "password" })), [
      400,
      "unsupported_grant_type"
    ])
    const scope = await token(server, { grant_type: "client_credentials", scope: "everything" })
    assert.deepStrictEqual(await error(scope), [400, "invalid_scope"])
  })

  it("wants the three claims with application.session", async () => {
    await using server = await bits.listen()
    const fields = { grant_type: "client_credentials", scope: "application.session" }
    assert.strictEqual((await token(server, fields)).status, 400)
    const answer = await token(server, {
      ...fields,
      application_id: "bits:application::4d72cbf4-070c-4b64-b8a6-86baaee34100",
      workflow_id: application.workflowId,
      redirect_url: application.redirectUrl
    })
    assert.strictEqual(((await answer.json()) as { scope: string }).scope, "application.session")
  })
})

describe("a token", () => {
  it("is good for an hour whether used or not, and nothing renews it", async () => {
    await using server = await bits.listen()
    const access = await accessToken(server)
    server.clock.advance({ minutes: 59 })
    assert.strictEqual((await userinfo(server, `Bearer ${access}`)).status, 200)
    server.clock.advance({ minutes: 1 })
    assert.strictEqual((await userinfo(server, `Bearer ${access}`)).status, 401)
    assert.strictEqual(server.stats().rejected.expired, 1)
  })

  it("lives beside others of its client; a switch makes it the only one", async () => {
    for (const [oneTokenPerClient, status] of [
      [false, 200],
      [true, 401]
    ] as const) {
      await using server = await bits.listen({ switches: { oneTokenPerClient } })
      const first = await accessToken(server)
      await accessToken(server)
      assert.strictEqual((await userinfo(server, `Bearer ${first}`)).status, status)
    }
  })

  it("is read from the header with the scheme in any letter case", async () => {
    await using server = await bits.listen()
    const access = await accessToken(server)
    const answer = await userinfo(server, `bearer ${access}`)
    assert.match(((await answer.json()) as { customerId: string }).customerId, /^bits:customer::/)
    assert.strictEqual(
      (await fetch(`${server.url}/v1/oauth2/userinfo`, { headers: { authorization: `Bearer ${access}` } })).status,
      404
    )
  })

  it("does what its scope says: create, read, or neither", async () => {
    await using server = await bits.listen()
    const [all, read] = [await accessToken(server), await accessToken(server, "application.read")]
    const created = (await (await post(server, all, "create", application)).json()) as {
      id: string
      sessionToken: string
    }
    const reference = { applicationId: created.id }
    const status = async (access: string, method: string, body: unknown) =>
      (await post(server, access, method, body)).status
    assert.deepStrictEqual(
      [
        await status(all, "get", reference),
        await status(read, "get", reference),
        await status(created.sessionToken, "get", reference)
      ],
      [200, 200, 403]
    )
    assert.strictEqual(await status(read, "create", application), 403)
    assert.strictEqual(await status(created.sessionToken, "create", application), 403)
    assert.strictEqual((await userinfo(server, `Bearer ${created.sessionToken}`)).status, 200)
    assert.strictEqual(server.stats().forbidden, 3)
  })

  it("can be revoked, and evicted by a fault", async () => {
    await using server = await bits.listen()
    const first = await accessToken(server)
    server.revoke(first)
    assert.strictEqual((await userinfo(server, `Bearer ${first}`)).status, 401)
    const second = await accessToken(server)
    server.faults.add({ on: "api", kind: "evict" })
    assert.strictEqual((await userinfo(server, `Bearer ${second}`)).status, 401)
    assert.strictEqual(server.stats().rejected.revoked, 2)
  })
})

describe("applications", () => {
  it("are created, decided and read", async () => {
    await using server = await bits.listen()
    const access = await accessToken(server)
    const { id } = (await (await post(server, access, "create", application)).json()) as { id: string }
    assert.deepStrictEqual(await (await post(server, access, "get", { applicationId: id })).json(), {
      id,
      status: "NOT_STARTED"
    })
    await server.decide(id, "APPROVED")
    assert.deepStrictEqual(await (await post(server, access, "get", { applicationId: id })).json(), {
      id,
      status: "APPROVED"
    })
    const organization = (await (
      await post(server, access, "organization.get", { applicationId: id })
    ).json()) as object
    assert.hasAllKeys(organization, ["organizationName", "organizationNumber", "legalType"])
    assert.strictEqual((await post(server, access, "bankAccounts.list", { applicationId: id })).status, 200)
  })

  it("are refused when a field is missing, and when there is none of the name", async () => {
    await using server = await bits.listen()
    const access = await accessToken(server)
    for (const field of ["workflowId", "countryCode", "redirectUrl"]) {
      const answer = await post(server, access, "create", { ...application, [field]: undefined })
      assert.strictEqual(answer.status, 400)
      assert.include(((await answer.json()) as { message: string }).message, field)
    }
    const unknown = { applicationId: "bits:application::4d72cbf4-070c-4b64-b8a6-86baaee34100" }
    assert.strictEqual((await post(server, access, "get", unknown)).status, 400)
  })

  it("are there from the start, some of them waiting for long, the same for a seed", async () => {
    const start = "2026-03-02T08:00:00Z"
    const [one, again] = [bits.create({ seed: 5, start }), bits.create({ seed: 5, start })]
    assert.deepStrictEqual(one.applications(), again.applications())
    const waiting = one
      .applications()
      .filter(({ status, createdAt }) => status === "IN_PROGRESS" && createdAt < "2026-02-20")
    assert.isAtLeast(waiting.length, 1)
  })
})

describe("the hosted page", () => {
  const page = (server: BitsSimulator, sessionToken: string) =>
    fetch(`${server.url}/?${new URLSearchParams({ token: sessionToken })}`)
  const finish = (server: BitsSimulator, sessionToken: string) =>
    fetch(server.url, { method: "POST", redirect: "manual", body: new URLSearchParams({ token: sessionToken }) })
  const apply = async (server: BitsSimulator, redirectUrl = application.redirectUrl) => {
    const access = await accessToken(server)
    const created = await post(server, access, "create", { ...application, redirectUrl })
    const { id, sessionToken } = (await created.json()) as { id: string; sessionToken: string }
    const status = async () =>
      ((await (await post(server, access, "get", { applicationId: id })).json()) as { status: string }).status
    return { id, sessionToken, status }
  }

  it("begins the flow, and its end sends the applicant on with the application's id, once", async () => {
    await using server = await bits.listen()
    const { id, sessionToken, status } = await apply(server, "https://example.com/done?from=bits")
    const shown = await page(server, sessionToken)
    assert.strictEqual(shown.status, 200)
    assert.include(await shown.text(), "<button>Finish</button>")
    assert.strictEqual(await status(), "IN_PROGRESS")
    const done = await finish(server, sessionToken)
    assert.strictEqual(done.status, 302)
    const there = new URL(done.headers.get("location") ?? "")
    assert.strictEqual(there.origin + there.pathname, "https://example.com/done")
    assert.deepStrictEqual(Object.fromEntries(there.searchParams), { from: "bits", applicationId: id })
    assert.strictEqual((await finish(server, sessionToken)).status, 401)
    assert.strictEqual((await page(server, sessionToken)).status, 401)
  })

  it("is for the session token of an application that waits, and for no other token", async () => {
    await using server = await bits.listen()
    const { id, sessionToken } = await apply(server)
    for (const token of [await accessToken(server), "made-up", ""])
      assert.strictEqual((await page(server, token)).status, 401)
    await server.decide(id, "CANCELLED")
    assert.strictEqual((await page(server, sessionToken)).status, 401)
    const late = await apply(server)
    server.clock.advance({ minutes: 60 })
    assert.strictEqual((await page(server, late.sessionToken)).status, 401)
  })
})

describe("versions", () => {
  it("by media type are ignored, and 415 when that is live and the version is not there", async () => {
    for (const [mediaTypeVersions, status] of [
      [false, 200],
      [true, 415]
    ] as const) {
      await using server = await bits.listen({ switches: { mediaTypeVersions } })
      const headers = { authorization: `Bearer ${await accessToken(server)}`, accept: "application/vnd.bits.v2.0+json" }
      assert.strictEqual((await fetch(`${server.url}/oauth2/userinfo`, { headers })).status, status)
    }
  })
})

describe("the webhook", () => {
  it("hears of each step, signed over the raw bytes, as often as told, each copy with the same eventId", async () => {
    const heard: Array<{ body: string; hmac: string | undefined }> = []
    const receiver = createServer((request, response) => {
      let body = ""
      request.on("data", (piece) => (body += piece))
      request.on("end", () => {
        heard.push({ body, hmac: request.headers["content-hmac"] as string | undefined })
        response.end()
      })
    }).listen(0, "127.0.0.1")
    await new Promise((resolve) => receiver.once("listening", resolve))
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
    await using server = await bits.listen({ webhook: { url, secret: "shared", copies: 2 } })
    const id = server.applications()[0]?.id as string
    await server.decide(id, "IN_PROGRESS")
    await server.decide(id, "APPROVED")
    receiver.close()
    assert.lengthOf(heard, 4)
    const ids = heard.map(({ body }) => (JSON.parse(body) as { eventId: string }).eventId)
    assert.strictEqual(new Set(ids).size, 2)
    const [first, second] = heard as [(typeof heard)[0], (typeof heard)[0]]
    assert.strictEqual(first.hmac, createHmac("sha256", "shared").update(first.body).digest("base64"))
    assert.strictEqual(first.body, second.body)
    assert.deepInclude(JSON.parse(first.body), { event: { type: "APPLICATION_STARTED", applicationId: id } })
    assert.deepStrictEqual(
      server.deliveries().map(({ status }) => status),
      [200, 200, 200, 200]
    )
  })
})

describe("the document", () => {
  it("has no operation that was not answered above with success and found valid", () => {
    assert.deepStrictEqual(
      judge.all.filter((operation) => !judge.seen.has(operation)),
      []
    )
  })
})
