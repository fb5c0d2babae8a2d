import { createHash, randomBytes } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { type PinkOptions, type PinkSimulator, pink } from "@keyturn/simulators"
import * as oauth from "oauth4webapi"
import { chromium, launch } from "./support/browser.ts"
import { judgeBy } from "./support/document.ts"
import { listenAtLoopback } from "./support/loopback.ts"

const judge = judgeBy("pink")
const redirectUri = "http://127.0.0.1:4999/callback"
type Json = Record<string, unknown>

const ask = async (server: PinkSimulator, path: string, init: RequestInit & { method: string }) => {
  const answer = await fetch(server.url + path, { redirect: "manual", ...init })
  await judge.check(init.method, server.url + path, answer)
  return answer
}

const verifier = randomBytes(32).toString("base64url")
const challenge = createHash("sha256").update(verifier).digest("base64url")

const authorizeQuery = (changes: Record<string, string | undefined> = {}) => {
  const parameters: Record<string, string | undefined> = {
    response_type: "code",
    client_id: "pink-nightly",
    redirect_uri: redirectUri,
    scope: "reports.read reports.write",
    state: "s-1",
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...changes
  }
  return new URLSearchParams(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined)
  )
}

const authorize = (server: PinkSimulator, changes: Record<string, string | undefined> = {}) =>
  ask(server, `/oauth/authorize?${authorizeQuery(changes)}`, { method: "GET" })

/** The parameters that the redirect brings back. */
const returned = (answer: Response) => {
  assert.strictEqual(answer.status, 302)
  return Object.fromEntries(new URL(answer.headers.get("location") ?? "").searchParams)
}

const token = (server: PinkSimulator, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  ask(server, "/oauth/token", { method: "POST", headers, body: new URLSearchParams(fields) })

const exchange = async (
  server: PinkSimulator,
  changes: Record<string, string | undefined> = {},
  fields: Record<string, string> = {}
) => {
  const { code } = returned(await authorize(server, changes))
  return token(server, {
    grant_type: "authorization_code",
    client_id: "pink-nightly",
    redirect_uri: redirectUri,
    code: code as string,
    code_verifier: verifier,
    ...fields
  })
}

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in?: number
  readonly scope?: string
}

const tokensOf = async (answer: Response | Promise<Response>): Promise<Tokens> => {
  const done = await answer
  assert.strictEqual(done.status, 200, await done.clone().text())
  return (await done.json()) as Tokens
}

const refresh = (server: PinkSimulator, refresh_token: string, more: Record<string, string> = {}) =>
  token(server, { grant_type: "refresh_token", client_id: "pink-nightly", refresh_token, ...more })

const errorOf = async (answer: Response): Promise<[number, unknown]> => [
  answer.status,
  ((await answer.json()) as Json).error
]

const get = (server: PinkSimulator, path: string, access?: string) =>
  ask(server, path, { method: "GET", headers: access === undefined ? {} : { authorization: `Bearer ${access}` } })

const clicked = (options: PinkOptions = {}) =>
  pink.listen({ ...options, switches: { consent: "allow", ...options.switches } })

describe("asking for consent", () => {
  it("shows a page with the client, the person and a box for each scope", async () => {
    await using server = await pink.listen()
    const page = await (await authorize(server)).text()
    for (const text of ["Nightly", "Dana Whitfield", "Read your reports", "Publish reports for you"])
      assert.include(page, text)
    assert.notInclude(page, "See who you are")
  })

  it("never redirects for an unknown client or address: the person is told", async () => {
    await using server = await pink.listen()
    for (const changes of [
      { client_id: "nobody" },
      { redirect_uri: "https://evil.example/callback" },
      { redirect_uri: "http://127.0.0.1:1/other" }
    ]) {
      const answer = await authorize(server, changes)
      assert.strictEqual(answer.status, 400)
      assert.isNull(answer.headers.get("location"))
    }
  })

  it("takes any port of a loopback address, and no other variation (RFC 8252 §7.3)", async () => {
    await using server = await clicked()
    for (const [uri, status] of [
      ["http://127.0.0.1:50123/callback", 302],
      ["http://[::1]:50123/callback", 302],
      ["http://127.0.0.1:50123/callback?x=1", 400],
      ["https://127.0.0.1:50123/callback", 400]
    ] as const) {
      assert.strictEqual((await authorize(server, { redirect_uri: uri })).status, status, uri)
    }
    assert.strictEqual(
      (await authorize(server, { client_id: "pink-portal", redirect_uri: "https://portal.example:444/callback" }))
        .status,
      400
    )
  })

  it("brings errors back with the state and the issuer", async () => {
    await using server = await pink.listen()
    for (const [changes, error] of [
      [{ response_type: "token" }, "unsupported_response_type"],
      [{ response_type: undefined }, "invalid_request"],
      [{ scope: "everything" }, "invalid_scope"],
      [{ code_challenge: undefined }, "invalid_request"],
      [{ code_challenge_method: "plain" }, "invalid_request"],
      [{ code_challenge: "short" }, "invalid_request"]
    ] as const) {
      assert.deepInclude(returned(await authorize(server, changes)), { error, state: "s-1", iss: server.url })
    }
    const twice = await ask(server, `/oauth/authorize?${authorizeQuery()}&state=s-2`, { method: "GET" })
    assert.strictEqual(returned(twice).error, "invalid_request")
  })

  it("takes a page's answer once", async () => {
    await using server = await pink.listen()
    const page = await (await authorize(server)).text()
    const ticket = /name="ticket" value="([^"]+)"/.exec(page)?.[1] as string
    const body = new URLSearchParams({ ticket, decision: "allow", scope: "reports.read" })
    const post = () => fetch(`${server.url}/oauth/authorize`, { method: "POST", body, redirect: "manual" })
    assert.isString(returned(await post()).code)
    assert.strictEqual((await post()).status, 400)
    assert.strictEqual(server.stats().consents, 1)
  })
})

describe("a code", () => {
  it("buys tokens once; a second time it ends them (RFC 6749 §4.1.2)", async () => {
    await using server = await clicked()
    const { code } = returned(await authorize(server))
    const fields = {
      grant_type: "authorization_code",
      client_id: "pink-nightly",
      redirect_uri: redirectUri,
      code: code as string,
      code_verifier: verifier
    }
    const answer = await token(server, fields)
    assert.strictEqual(answer.headers.get("cache-control"), "no-store")
    const tokens = await tokensOf(answer)
    assert.strictEqual((await get(server, "/v1/reports", tokens.access_token)).status, 200)
    assert.deepStrictEqual(await errorOf(await token(server, fields)), [400, "invalid_grant"])
    assert.strictEqual((await get(server, "/v1/reports", tokens.access_token)).status, 401)
    assert.include(server.stats(), { signIns: 1, codeReplays: 1, revocations: 1 })
  })

  it("is good for ten minutes, for its client, its redirect URI and its verifier only", async () => {
    await using server = await clicked()
    assert.deepStrictEqual(
      await errorOf(await exchange(server, {}, { redirect_uri: "http://127.0.0.1:5000/callback" })),
      [400, "invalid_grant"]
    )
    assert.deepStrictEqual(
      await errorOf(await exchange(server, {}, { code_verifier: randomBytes(32).toString("base64url") })),
      [400, "invalid_grant"]
    )
    const { clientId, clientSecret } = server.credentials.web
    assert.deepStrictEqual(
      await errorOf(await exchange(server, {}, { client_id: clientId, client_secret: clientSecret })),
      [400, "invalid_grant"]
    )
    const { code } = returned(await authorize(server))
    server.clock.advance({ minutes: 10 })
    const late = {
      grant_type: "authorization_code",
      client_id: "pink-nightly",
      redirect_uri: redirectUri,
      code: code as string,
      code_verifier: verifier
    }
    assert.deepStrictEqual(await errorOf(await token(server, late)), [400, "invalid_grant"])
  })

  it("asked for without a challenge refuses a verifier that comes all the same (RFC 9700 §4.8.2)", async () => {
    await using server = await clicked({ switches: { pkce: "optional" } })
    const bare = { code_challenge: undefined, code_challenge_method: undefined }
    assert.deepStrictEqual(await errorOf(await exchange(server, bare)), [400, "invalid_grant"])
  })
})

describe("a client", () => {
  it("with a secret sends it by Basic, form-encoded, or in the body, never both", async () => {
    await using server = await clicked()
    const { clientId, clientSecret } = server.credentials.web
    const encode = (text: string) => new URLSearchParams({ x: text }).toString().slice(2)
    const authorization = `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString("base64")}`
    const redeem = async (fields: Record<string, string>, headers: Record<string, string>) => {
      const { code } = returned(await authorize(server, { client_id: clientId }))
      return token(
        server,
        {
          grant_type: "authorization_code",
          client_id: clientId,
          redirect_uri: redirectUri,
          code: code as string,
          code_verifier: verifier,
          ...fields
        },
        headers
      )
    }
    assert.strictEqual((await redeem({}, { authorization })).status, 200)
    assert.strictEqual((await redeem({ client_secret: clientSecret }, {})).status, 200)
    assert.deepStrictEqual(await errorOf(await redeem({ client_secret: clientSecret }, { authorization })), [
      400,
      "invalid_request"
    ])
    const wrong = await redeem({ client_secret: "no" }, {})
    assert.isNotNull(wrong.headers.get("www-authenticate"))
    assert.deepStrictEqual(await errorOf(wrong), [401, "invalid_client"])
    assert.deepStrictEqual(await errorOf(await redeem({}, {})), [401, "invalid_client"])
  })
})

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

describe.skipIf(chromium === undefined)("in a real browser", () => {
  it("a click allows what stays checked, lands at the loopback page, and the code is good", async () => {
    await using server = await pink.listen()
    await using loopback = await listenAtLoopback()
    await using browser = await launch()
    await browser.open(`${server.url}/oauth/authorize?${authorizeQuery({ redirect_uri: loopback.redirectUri })}`)
    await browser.evaluate(`document.querySelector("input[value='reports.write']").click()`)
    await browser.click("Allow")
    const parameters = (await loopback.arrived).searchParams
    assert.strictEqual(parameters.get("state"), "s-1")
    const tokens = await tokensOf(
      token(server, {
        grant_type: "authorization_code",
        client_id: "pink-nightly",
        redirect_uri: loopback.redirectUri,
        code: parameters.get("code") as string,
        code_verifier: verifier
      })
    )
    assert.strictEqual(tokens.scope, "reports.read")
    assert.strictEqual((await get(server, "/v1/reports", tokens.access_token)).status, 200)
  })

  it("a click refuses, and the client hears access_denied", async () => {
    await using server = await pink.listen()
    await using loopback = await listenAtLoopback()
    await using browser = await launch()
    await browser.open(`${server.url}/oauth/authorize?${authorizeQuery({ redirect_uri: loopback.redirectUri })}`)
    await browser.click("Deny")
    const parameters = (await loopback.arrived).searchParams
    assert.deepStrictEqual([parameters.get("error"), parameters.get("code")], ["access_denied", null])
    assert.strictEqual(server.stats().denials, 1)
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
