import { assert, describe, it } from "@effect/vitest"
import { pink } from "@keyturn/simulators"
import * as oauth from "oauth4webapi"
import {
  ask,
  authorizeQuery,
  clicked,
  errorOf,
  exchange,
  get,
  type Json,
  judge,
  redirectUri,
  refresh,
  tokensOf
} from "./support/pink.ts"

describe("refreshing", () => {
  it("rotates: the old token is spent, and coming again it ends everything (RFC 9700 §4.14)", async () => {
    await using server = await clicked()
    const first = await tokensOf(exchange(server))
    const second = await tokensOf(refresh(server, first.refresh_token))
    assert.notStrictEqual(second.refresh_token, first.refresh_token)
    assert.strictEqual((await get(server, "/v1/reports", second.access_token)).status, 200)
    assert.deepStrictEqual(await errorOf(await refresh(server, first.refresh_token)), [400, "invalid_grant"])
    assert.strictEqual((await get(server, "/v1/reports", second.access_token)).status, 401)
    assert.deepStrictEqual(await errorOf(await refresh(server, second.refresh_token)), [400, "invalid_grant"])
    assert.include(server.stats(), { refreshes: 1, refreshReuses: 1, revocations: 1 })
  })

  it("can leave the others alone when a spent token comes again", async () => {
    await using server = await clicked({ switches: { reuseEndsAll: false } })
    const first = await tokensOf(exchange(server))
    const second = await tokensOf(refresh(server, first.refresh_token))
    await refresh(server, first.refresh_token)
    assert.strictEqual((await get(server, "/v1/reports", second.access_token)).status, 200)
  })

  it("can answer a spent token as it did the first time, for a while", async () => {
    await using server = await clicked({ switches: { refreshGrace: 30_000 } })
    const first = await tokensOf(exchange(server))
    const second = await tokensOf(refresh(server, first.refresh_token))
    server.clock.advance({ seconds: 29 })
    assert.deepStrictEqual(await tokensOf(refresh(server, first.refresh_token)), second)
    server.clock.advance({ seconds: 2 })
    assert.deepStrictEqual(await errorOf(await refresh(server, first.refresh_token)), [400, "invalid_grant"])
    assert.include(server.stats(), { refreshes: 1, refreshReplays: 1, refreshReuses: 1 })
  })

  it("can keep the token, or give none at all", async () => {
    await using keep = await clicked({ switches: { refresh: "keep" } })
    const first = await tokensOf(exchange(keep))
    for (let n = 0; n < 2; n++) {
      assert.doesNotHaveAnyKeys(await tokensOf(refresh(keep, first.refresh_token)), ["refresh_token"])
    }
    await using none = await clicked({ switches: { refresh: "none" } })
    assert.doesNotHaveAnyKeys(await tokensOf(exchange(none)), ["refresh_token"])
  })

  it("may ask for less, and not for more, than was granted", async () => {
    await using server = await clicked()
    const first = await tokensOf(exchange(server))
    const less = await tokensOf(refresh(server, first.refresh_token, { scope: "reports.read" }))
    const write = await ask(server, "/v1/reports", {
      method: "POST",
      headers: { authorization: `Bearer ${less.access_token}` }
    })
    assert.strictEqual(write.status, 403)
    assert.deepStrictEqual(await errorOf(await refresh(server, less.refresh_token, { scope: "profile" })), [
      400,
      "invalid_scope"
    ])
  })

  it("is for the client that the token was issued to", async () => {
    await using server = await clicked()
    const first = await tokensOf(exchange(server))
    const { clientId, clientSecret } = server.credentials.web
    const stolen = await refresh(server, first.refresh_token, { client_id: clientId, client_secret: clientSecret })
    assert.deepStrictEqual(await errorOf(stolen), [400, "invalid_grant"])
    assert.strictEqual((await refresh(server, first.refresh_token)).status, 200)
  })

  it("ends when the refresh token has an end", async () => {
    await using server = await clicked({ lifetimes: { refresh: { days: 30 } } })
    const first = await tokensOf(exchange(server))
    server.clock.advance({ days: 30 })
    assert.deepStrictEqual(await errorOf(await refresh(server, first.refresh_token)), [400, "invalid_grant"])
  })
})

describe("tokens", () => {
  it("name the scope when less was granted than asked, and can leave out their life", async () => {
    await using server = await clicked({ switches: { grantScopes: ["reports.read"], announceExpiry: false } })
    const tokens = await tokensOf(exchange(server))
    assert.strictEqual(tokens.scope, "reports.read")
    assert.isUndefined(tokens.expires_in)
    await using whole = await clicked()
    assert.isUndefined((await tokensOf(exchange(whole))).scope)
  })

  it("expire after an hour: 401 invalid_token; without a token the challenge has no error", async () => {
    await using server = await clicked()
    const { access_token, expires_in } = await tokensOf(exchange(server))
    assert.strictEqual(expires_in, 3600)
    server.clock.advance({ hours: 1 })
    assert.strictEqual(
      (await get(server, "/v1/reports", access_token)).headers.get("www-authenticate"),
      'Bearer error="invalid_token"'
    )
    assert.strictEqual((await get(server, "/v1/reports")).headers.get("www-authenticate"), "Bearer")
    assert.include(server.stats().rejected, { total: 2, expired: 1, missing: 1 })
  })

  it("of too little scope get 403 insufficient_scope, which names the scope", async () => {
    await using server = await clicked()
    const { access_token } = await tokensOf(exchange(server))
    const answer = await get(server, "/v1/me", access_token)
    assert.strictEqual(answer.status, 403)
    assert.strictEqual(answer.headers.get("www-authenticate"), 'Bearer error="insufficient_scope", scope="profile"')
  })

  it("are revoked: the refresh token with all that came of it, the access token alone (RFC 7009)", async () => {
    await using server = await clicked()
    const revoke = (fields: Record<string, string>) =>
      ask(server, "/oauth/revoke", {
        method: "POST",
        body: new URLSearchParams({ client_id: "pink-nightly", ...fields })
      })
    const one = await tokensOf(exchange(server))
    assert.strictEqual((await revoke({ token: one.access_token })).status, 200)
    assert.strictEqual((await get(server, "/v1/reports", one.access_token)).status, 401)
    const two = await tokensOf(refresh(server, one.refresh_token))
    assert.strictEqual((await revoke({ token: two.refresh_token, token_type_hint: "refresh_token" })).status, 200)
    assert.strictEqual((await get(server, "/v1/reports", two.access_token)).status, 401)
    assert.strictEqual((await revoke({ token: "never-issued" })).status, 200)
    assert.strictEqual(server.stats().signOuts, 2)
    await using strict = await clicked({ switches: { revokeAccessTokens: false } })
    const { access_token } = await tokensOf(exchange(strict))
    const refused = await ask(strict, "/oauth/revoke", {
      method: "POST",
      body: new URLSearchParams({ client_id: "pink-nightly", token: access_token })
    })
    assert.deepStrictEqual(await errorOf(refused), [400, "unsupported_token_type"])
  })
})

describe("a personal access token", () => {
  it("has all rights of its owner and no end, until it is withdrawn", async () => {
    await using server = await pink.listen()
    const { personalAccessToken } = server.credentials
    server.clock.advance({ days: 400 })
    assert.strictEqual(
      ((await (await get(server, "/v1/me", personalAccessToken)).json()) as Json).name,
      "Dana Whitfield"
    )
    server.withdraw(personalAccessToken)
    assert.strictEqual((await get(server, "/v1/me", personalAccessToken)).status, 401)
  })
})

describe("reports", () => {
  it("are published and listed page by page, the newest first, even while others are published", async () => {
    await using server = await pink.listen()
    const { personalAccessToken } = server.credentials
    const publish = (title: unknown) =>
      ask(server, "/v1/reports", {
        method: "POST",
        headers: { authorization: `Bearer ${personalAccessToken}`, "content-type": "application/json" },
        body: JSON.stringify({ title, data: { utilisation: 71 } })
      })
    const made = (await (await publish("Week 10")).json()) as Json
    assert.deepStrictEqual(await (await get(server, `/v1/reports/${made.id}`, personalAccessToken)).json(), made)
    assert.strictEqual((await publish("")).status, 400)
    const titles: Array<unknown> = []
    let cursor = ""
    do {
      const page = (await (await get(server, `/v1/reports?limit=7${cursor}`, personalAccessToken)).json()) as {
        items: ReadonlyArray<Json>
        next?: string
      }
      titles.push(...page.items.map((item) => item.title))
      cursor = page.next === undefined ? "" : `&cursor=${page.next}`
      await publish("Meanwhile")
    } while (cursor !== "")
    assert.strictEqual(titles[0], "Week 10")
    assert.strictEqual(new Set(titles).size, 31)
    assert.strictEqual(
      (await get(server, "/v1/reports/5f7d1c58-3c0e-4f0b-9f53-1de0c9a8b6e2", personalAccessToken)).status,
      404
    )
    assert.strictEqual((await get(server, "/v1/reports?limit=0", personalAccessToken)).status, 400)
  })
})

describe("faults", () => {
  it("tell a code exchange from a refresh, though both go to the token endpoint", async () => {
    await using server = await clicked()
    const first = await tokensOf(exchange(server))
    const fault = server.faults.add({ on: "refresh", kind: "status", status: 503 })
    await tokensOf(exchange(server))
    assert.strictEqual(fault.fired, 0)
    const answer = await fetch(`${server.url}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "refresh_token",
        client_id: "pink-nightly",
        refresh_token: first.refresh_token
      })
    })
    assert.strictEqual(answer.status, 503)
    assert.strictEqual((await refresh(server, first.refresh_token)).status, 200)
  })
})

describe("an independent client", () => {
  it("gets through the whole flow: consent, code, PKCE, issuer, refresh, revocation", async () => {
    await using server = await clicked()
    const as: oauth.AuthorizationServer = {
      issuer: server.url,
      authorization_endpoint: `${server.url}/oauth/authorize`,
      token_endpoint: `${server.url}/oauth/token`,
      revocation_endpoint: `${server.url}/oauth/revoke`,
      authorization_response_iss_parameter_supported: true
    }
    const client: oauth.Client = { client_id: server.credentials.web.clientId }
    const insecure = { [oauth.allowInsecureRequests]: true }
    const authentication = oauth.ClientSecretBasic(server.credentials.web.clientSecret)
    const verifier = oauth.generateRandomCodeVerifier()
    const state = oauth.generateRandomState()
    const url = new URL(as.authorization_endpoint as string)
    url.search = authorizeQuery({
      client_id: client.client_id,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier)
    }).toString()
    const location = (await fetch(url, { redirect: "manual" })).headers.get("location") as string
    const callback = oauth.validateAuthResponse(as, client, new URL(location), state)
    const tokens = await oauth.processAuthorizationCodeResponse(
      as,
      client,
      await oauth.authorizationCodeGrantRequest(as, client, authentication, callback, redirectUri, verifier, insecure)
    )
    const renewed = await oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token as string, insecure)
    )
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, client, authentication, renewed.refresh_token as string, insecure)
    )
    assert.include(server.stats(), { signIns: 1, refreshes: 1, signOuts: 1, liveTokens: 0 })
  })
})

describe("the document", () => {
  it("has no operation that was not answered above and found valid", () => {
    assert.deepStrictEqual(
      judge.all.filter((operation) => !judge.seen.has(operation)),
      []
    )
  })
})
