import { randomBytes } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { pink } from "@keyturn/simulators"
import {
  ask,
  authorize,
  authorizeQuery,
  clicked,
  errorOf,
  exchange,
  get,
  redirectUri,
  returned,
  token,
  tokensOf,
  verifier
} from "./support/pink.ts"

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
