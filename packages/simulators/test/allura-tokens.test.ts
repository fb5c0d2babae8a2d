import { createHash, randomBytes } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { type AlluraSimulator, allura } from "@keyturn/simulators"
import { as, ask, form, json, judge, P } from "./support/allura.ts"
import { hasOauthlib, sign } from "./support/oauthlib.ts"

const verifier = randomBytes(32).toString("base64url")
const challenge = createHash("sha256").update(verifier).digest("base64url")

const clicked = () => allura.listen({ switches: { consent: "allow" } })

const authorizePath = (server: AlluraSimulator, changes: Record<string, string> = {}) =>
  `/auth/oauth2/authorize?${form({
    client_id: server.credentials.oauth2.clientId,
    response_type: "code",
    redirect_uri: server.credentials.oauth2.redirectUri,
    state: "s-1",
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...changes
  })}`

const codeOf = async (server: AlluraSimulator, changes: Record<string, string> = {}) => {
  const answer = await ask(server, "GET", authorizePath(server, changes))
  assert.strictEqual(answer.status, 302)
  const { searchParams } = new URL(answer.headers.get("location") ?? "")
  assert.strictEqual(searchParams.get("state"), "s-1")
  return searchParams.get("code") as string
}

const tokenFields = (server: AlluraSimulator, fields: Record<string, string>) => ({
  client_id: server.credentials.oauth2.clientId,
  client_secret: server.credentials.oauth2.clientSecret,
  ...fields
})

const token = (server: AlluraSimulator, fields: Record<string, string>, init: RequestInit = {}) =>
  ask(server, "POST", "/rest/oauth2/token", { body: form(tokenFields(server, fields)), ...init })

const exchange = async (server: AlluraSimulator, fields: Record<string, string> = {}) =>
  token(server, {
    grant_type: "authorization_code",
    code: await codeOf(server),
    redirect_uri: server.credentials.oauth2.redirectUri,
    code_verifier: verifier,
    ...fields
  })

describe("a bearer token", () => {
  it("is taken in the header, and still in the query or in a form", async () => {
    await using server = await allura.listen()
    const { bearer } = server.credentials
    const path = `${P}/admin/export_status`
    assert.strictEqual((await ask(server, "GET", path, as(bearer))).status, 200)
    assert.strictEqual((await ask(server, "GET", `${path}?access_token=${bearer}`)).status, 200)
    const inForm = form({ access_token: bearer, grouping_threshold: "4" })
    assert.strictEqual((await ask(server, "POST", `${P}/admin/configure_tool_grouping`, { body: inForm })).status, 200)
  })

  it("wants the scheme in this letter case, and the header wins over the parameter", async () => {
    await using server = await allura.listen()
    const { bearer } = server.credentials
    const lower = await ask(server, "GET", `${P}/admin/export_status`, {
      headers: { authorization: `bearer ${bearer}` }
    })
    assert.strictEqual(lower.status, 401)
    assert.strictEqual(
      (await ask(server, "GET", `${P}/admin/export_status?access_token=${bearer}`, as("wrong"))).status,
      401
    )
  })

  it("is refused when it is wrong even where nobody needs one; without one public data is read", async () => {
    await using server = await allura.listen()
    assert.strictEqual((await ask(server, "GET", P)).status, 200)
    const answer = await ask(server, "GET", P, as("wrong"))
    assert.strictEqual(answer.status, 401)
    assert.isNull(answer.headers.get("www-authenticate"))
    assert.strictEqual(server.stats().rejected.unknown, 1)
  })

  it("wants https when the site does, as a proxy in front tells", async () => {
    await using server = await allura.listen({ switches: { requireHttps: true } })
    const { bearer } = server.credentials
    const plain = await ask(server, "GET", P, as(bearer))
    assert.strictEqual(plain.status, 401)
    assert.include((await json(plain)).message, "HTTPS is required to use bearer tokens")
    assert.strictEqual(
      (await ask(server, "GET", P, as(bearer, { headers: { "x-forwarded-proto": "https" } }))).status,
      200
    )
  })

  it("of somebody without the right gets 403, as a page of HTML; nobody gets 401", async () => {
    await using server = await allura.listen()
    const path = `${P}/admin/installable_tools`
    const forbidden = await ask(server, "GET", path, as(server.credentials.guestBearer))
    assert.strictEqual(forbidden.status, 403)
    assert.include(forbidden.headers.get("content-type"), "text/html")
    assert.strictEqual((await ask(server, "GET", path)).status, 401)
    assert.include(server.stats(), { forbidden: 1 })
  })

  it("is good until it is revoked", async () => {
    await using server = await allura.listen()
    server.clock.advance({ days: 4000 })
    assert.strictEqual((await ask(server, "GET", P, as(server.credentials.bearer))).status, 200)
    server.revoke(server.credentials.bearer)
    assert.strictEqual((await ask(server, "GET", P, as(server.credentials.bearer))).status, 401)
    assert.strictEqual(server.stats().rejected.revoked, 1)
  })
})

describe("OAuth 2", () => {
  it("exchanges a code once, by a form or by JSON, for a token of an hour", async () => {
    await using server = await clicked()
    const answer = await exchange(server)
    assert.strictEqual(answer.headers.get("pragma"), "no-cache")
    const tokens = await json(answer)
    assert.include(tokens, { token_type: "Bearer", expires_in: 3600 })
    assert.hasAllKeys(tokens, ["access_token", "expires_in", "token_type", "refresh_token"])
    assert.strictEqual((await ask(server, "GET", `${P}/admin/export_status`, as(tokens.access_token))).status, 200)
    const fields = tokenFields(server, {
      grant_type: "authorization_code",
      code: await codeOf(server),
      redirect_uri: server.credentials.oauth2.redirectUri,
      code_verifier: verifier
    })
    const asJson = () =>
      ask(server, "POST", "/rest/oauth2/token", {
        body: JSON.stringify(fields),
        headers: { "content-type": "application/json" }
      })
    assert.strictEqual((await asJson()).status, 200)
    assert.deepStrictEqual(await json(asJson()), { error: "invalid_grant" })
  })

  it("has one token a client and user: the second ends the first", async () => {
    await using server = await clicked()
    const first = await json(exchange(server))
    const second = await json(exchange(server))
    assert.strictEqual((await ask(server, "GET", P, as(first.access_token))).status, 401)
    assert.strictEqual((await ask(server, "GET", P, as(second.access_token))).status, 200)
    server.stranger(server.credentials.oauth2.clientId)
    assert.strictEqual((await ask(server, "GET", P, as(second.access_token))).status, 401)
    assert.include(server.stats(), { evictions: 2, liveTokens: 1 })
    assert.strictEqual(server.stats().rejected.evicted, 2)
  })

  it("refreshes without end, each refresh token once", async () => {
    await using server = await clicked()
    const first = await json(exchange(server))
    server.clock.advance({ days: 400 })
    assert.strictEqual((await ask(server, "GET", P, as(first.access_token))).status, 401)
    const renew = (refresh_token: string) => token(server, { grant_type: "refresh_token", refresh_token })
    const second = await json(renew(first.refresh_token))
    assert.strictEqual((await ask(server, "GET", P, as(second.access_token))).status, 200)
    assert.deepStrictEqual(await json(renew(first.refresh_token)), { error: "invalid_grant" })
    assert.include(server.stats(), { refreshes: 1, evictions: 0 })
  })

  it("refuses the client by Basic, and names what is missing", async () => {
    await using server = await clicked()
    const { clientId, clientSecret } = server.credentials.oauth2
    const basic = await ask(server, "POST", "/rest/oauth2/token", {
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}` },
      body: form({ grant_type: "authorization_code", code: await codeOf(server) })
    })
    assert.strictEqual(basic.status, 401)
    assert.strictEqual(basic.headers.get("www-authenticate"), 'Bearer error="invalid_client"')
    assert.deepStrictEqual(await json(basic), { error: "invalid_client" })
    const says = async (fields: Record<string, string>) => (await json(token(server, fields))).error_description
    assert.strictEqual(await says({ grant_type: "authorization_code" }), "Missing code parameter.")
    assert.strictEqual(await says({ grant_type: "refresh_token" }), "Missing refresh token parameter.")
    assert.deepStrictEqual(await json(token(server, { grant_type: "password" })), { error: "unsupported_grant_type" })
    assert.strictEqual(
      (await json(exchange(server, { redirect_uri: "https://nightly.example/other" }))).error_description,
      "Mismatching redirect URI."
    )
    assert.strictEqual(
      (await json(exchange(server, { code_verifier: "" }))).error_description,
      "Code verifier required."
    )
    assert.deepStrictEqual(await json(exchange(server, { code_verifier: "x".repeat(43) })), { error: "invalid_grant" })
  })

  it("takes a code for ten minutes, and the newest one of a client and user only", async () => {
    await using server = await clicked()
    const [old, code] = [await codeOf(server), await codeOf(server)]
    const redeem = (value: string) => exchange(server, { code: value })
    assert.strictEqual(
      (
        await token(server, {
          grant_type: "authorization_code",
          code: old,
          redirect_uri: server.credentials.oauth2.redirectUri,
          code_verifier: verifier
        })
      ).status,
      400
    )
    server.clock.advance({ minutes: 10, seconds: 1 })
    assert.strictEqual((await redeem(code)).status, 400)
  })

  it("fails with a page, and never redirects, for an unknown client or an http address", async () => {
    await using server = await clicked()
    for (const changes of [
      { client_id: "nobody" },
      { redirect_uri: "https://evil.example/" },
      { redirect_uri: "http://127.0.0.1:9/callback" }
    ]) {
      const answer = await ask(server, "GET", authorizePath(server, changes))
      assert.strictEqual(answer.status, 500)
      assert.isNull(answer.headers.get("location"))
    }
  })

  it("is refused as a parameter, and everywhere where the site has it switched off", async () => {
    await using server = await clicked()
    const { access_token } = await json(exchange(server))
    const answer = await ask(server, "GET", `${P}?access_token=${access_token}`)
    assert.strictEqual(answer.status, 401)
    assert.include((await json(answer)).message, "Do not use tokens in URL")
    await using off = await allura.listen({ switches: { oauth2: false, consent: "allow" } })
    const other = await json(exchange(off))
    assert.strictEqual((await ask(off, "GET", P, as(other.access_token))).status, 401)
  })

  it("answers a GET of the token endpoint with 405 and Allow", async () => {
    await using server = await allura.listen()
    const answer = await fetch(`${server.url}/rest/oauth2/token`)
    assert.deepStrictEqual([answer.status, answer.headers.get("allow")], [405, "POST"])
  })
})

const formOf = async (answer: Response): Promise<Record<string, string>> =>
  Object.fromEntries(new URLSearchParams(await answer.text()))

const canSign = hasOauthlib()

describe.skipIf(!canSign)("OAuth 1.0a, signed by Python's oauthlib", () => {
  const send = (
    server: AlluraSimulator,
    http: string,
    path: string,
    more: Partial<Parameters<typeof sign>[0]> = {}
  ) => {
    const { consumerKey: key, consumerSecret: secret } = server.credentials.oauth1
    const { uri, headers, body } = sign({ key, secret, uri: server.url + path, http, ...more })
    return ask(server, http, uri.slice(server.url.length), { headers, ...(body ? { body } : {}) })
  }
  const own = (server: AlluraSimulator) => ({
    token: server.credentials.oauth1.token,
    tokenSecret: server.credentials.oauth1.tokenSecret
  })
  const encoded = { "Content-Type": "application/x-www-form-urlencoded" }

  it("takes signed requests: header, query and body, SHA-1 and SHA-256, with whatever parameters", async () => {
    await using server = await allura.listen()
    const status = async (...given: Parameters<typeof send>) => (await send(...given)).status
    const search = `${P}/tickets/search?q=status%3Aopen%20AND%20a%2Bb%26c&q2=%C3%BC%7E&sort=&a=2&a=1`
    assert.strictEqual(await status(server, "GET", search, own(server)), 200)
    assert.strictEqual(await status(server, "GET", search, { ...own(server), method: "HMAC-SHA256" }), 200)
    assert.strictEqual(await status(server, "GET", search, { ...own(server), type: "QUERY" }), 200)
    const grouping = { body: "grouping_threshold=3&note=a%20%2B%20b+c", headers: encoded }
    assert.strictEqual(
      await status(server, "POST", `${P}/admin/configure_tool_grouping`, { ...own(server), ...grouping }),
      200
    )
    assert.strictEqual(
      await status(server, "POST", `${P}/admin/configure_tool_grouping`, { ...own(server), ...grouping, type: "BODY" }),
      200
    )
  })

  it("refuses a wrong secret, a changed parameter, an old time, and the token as a bearer", async () => {
    await using server = await allura.listen()
    assert.strictEqual((await send(server, "GET", P, { ...own(server), tokenSecret: "wrong" })).status, 401)
    assert.strictEqual((await send(server, "GET", P, { ...own(server), secret: "wrong" })).status, 401)
    assert.strictEqual((await send(server, "GET", P, { ...own(server), key: "nobody" })).status, 401)
    const { consumerKey: key, consumerSecret: secret, token } = server.credentials.oauth1
    const { headers } = sign({ key, secret, ...own(server), uri: `${server.url}${P}?a=1`, http: "GET" })
    assert.strictEqual((await ask(server, "GET", `${P}?a=2`, { headers })).status, 401)
    assert.strictEqual((await ask(server, "GET", `${P}?a=1`, { headers })).status, 200)
    server.clock.advance({ minutes: 11 })
    assert.strictEqual((await ask(server, "GET", `${P}?a=1`, { headers })).status, 401)
    assert.strictEqual((await ask(server, "GET", P, as(token))).status, 401)
  })

  it("goes through the three steps, with a callback or with a PIN", async () => {
    await using server = await clicked()
    for (const callback of ["http://127.0.0.1:4999/callback?x=1", undefined]) {
      const answer = await send(server, "POST", "/rest/oauth/request_token", callback === undefined ? {} : { callback })
      const request = Object.fromEntries(form(await formOf(answer)))
      assert.strictEqual(request.oauth_callback_confirmed, "true")
      const path = `/rest/oauth/authorize?oauth_token=${request.oauth_token}`
      // With a callback the page is skipped here, which the document does not know.
      const shown =
        callback === undefined ? await ask(server, "GET", path) : await fetch(server.url + path, { redirect: "manual" })
      const pin =
        callback === undefined
          ? (/<code>(\w+)<\/code>/.exec(await shown.text())?.[1] as string)
          : (new URL(shown.headers.get("location") ?? "").searchParams.get("oauth_verifier") as string)
      const legs = { token: request.oauth_token as string, tokenSecret: request.oauth_token_secret as string }
      assert.strictEqual(
        (await send(server, "POST", "/rest/oauth/access_token", { ...legs, verifier: "wrong" })).status,
        401
      )
      const access = Object.fromEntries(
        form(await formOf(await send(server, "POST", "/rest/oauth/access_token", { ...legs, verifier: pin })))
      )
      const own = { token: access.oauth_token as string, tokenSecret: access.oauth_token_secret as string }
      assert.strictEqual((await send(server, "GET", `${P}/admin/export_status`, own)).status, 200)
      assert.strictEqual(
        (await send(server, "POST", "/rest/oauth/access_token", { ...legs, verifier: pin })).status,
        401
      )
    }
    assert.strictEqual(server.stats().signIns, 2)
  })

  it("says what is missing with 400, and nothing at all with 401", async () => {
    await using server = await allura.listen()
    const missing = await ask(server, "POST", "/rest/oauth/request_token")
    assert.strictEqual(missing.status, 400)
    assert.strictEqual(
      await missing.text(),
      "error=invalid_request&error_description=Missing+mandatory+OAuth+parameters."
    )
    const refused = await send(server, "POST", "/rest/oauth/request_token", { key: "nobody" })
    assert.deepStrictEqual([refused.status, await refused.text()], [401, ""])
    assert.strictEqual((await ask(server, "GET", "/rest/oauth/authorize?oauth_token=nothing")).status, 401)
  })
})

describe("the document", () => {
  it("has no operation of this part that was not answered above and found valid", () => {
    const missing = judge.tagged((tag) => tag === "Authorization").filter((operation) => !judge.seen.has(operation))
    // Without oauthlib nothing here can sign.
    assert.deepStrictEqual(canSign ? missing : missing.filter((operation) => !operation.includes("/rest/oauth/")), [])
  })
})
