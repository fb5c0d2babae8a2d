import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { authorizationCode } from "../src/index.ts"
import { listen, person, type Referee, secrets } from "./support/referee.ts"
import { codeScheme, commandLine, connect, observed } from "./support/setting.ts"

/** Ends the newest access token on the server: the next request with it gets a 401. */
const endToken = async ({ issued, provider }: Referee) => {
  const token = await provider.AccessToken.find(issued.at(-1)?.access_token ?? "")
  assert.isDefined(token)
  await token?.destroy()
}

/** Renewals after a 401 are what these tests are about, so many of them are no war with a stranger here. */
const policy = { coolDown: 0, displacement: { budget: 10_000, backOff: 0 } } as const

const failure = (attempt: Promise<unknown>): Promise<Error & { _tag?: string; why?: string }> =>
  attempt.then(
    () => assert.fail("it was answered"),
    (error) => error
  )

/** Lets the server do its work and loses what it answered. */
const loseAnswer = (server: Referee, path: string) => {
  server.fault = (request, response) => {
    if (request.url !== path) return false
    server.fault = undefined
    response.end = (() => response.destroy()) as unknown as typeof response.end
    return false
  }
}

describe("refresh", () => {
  it("I1, C6: of twenty requests that find their token ended at once, one renews, time after time", async () => {
    await using server = await listen()
    const { options, events } = observed()
    const { grant, opened } = commandLine()
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), { ...options, policy, grant })
    for (let time = 0; time < 50; time++) {
      await endToken(server)
      const requests = Array.from({ length: 20 }, () => api.session.fetch(`${server.url}/api/me`))
      for (const response of await Promise.all(requests)) {
        if (response.status !== 200) assert.fail(`${response.status} at ${time}`)
        await response.body?.cancel()
      }
    }
    const refreshes = server.tokenCalls("refresh_token")
    assert.isTrue(refreshes.every(({ status }) => status === 200))
    assert.strictEqual(new Set(refreshes.map(({ form }) => form.get("refresh_token"))).size, 50)
    assert.strictEqual(events.filter(({ _tag }) => _tag === "Refreshed").length, 50)
    assert.strictEqual(opened.length, 1)
  })

  it("C6: a refresh token that the answer repeats, or leaves out, is kept and used again", async () => {
    for (const omit of [false, true]) {
      await using server = await listen({ rotateRefreshToken: false })
      server.amend = (_path, grantType, body) => {
        if (omit && grantType === "refresh_token") delete body.refresh_token
      }
      const { grant } = commandLine()
      await using api = await connect(server.contract({ oauth: codeScheme(server) }), {
        ...observed().options,
        policy,
        grant
      })
      for (let time = 0; time < 3; time++) {
        await endToken(server)
        assert.strictEqual((await api.session.fetch(`${server.url}/api/me`)).status, 200)
      }
      assert.strictEqual(server.issued.at(-1)?.refresh_token === undefined, omit)
      const sent = server.tokenCalls("refresh_token").map(({ form }) => form.get("refresh_token"))
      assert.deepStrictEqual(sent, Array(3).fill(server.issued[0]?.refresh_token))
    }
  })

  it("without a refresh token, the end of the token is the end of a session that needs a person", async () => {
    await using server = await listen()
    const { grant, opened } = commandLine({ scope: "openid", parameters: {} })
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), {
      ...observed().options,
      policy,
      grant
    })
    await endToken(server)
    const error = await failure(api.session.fetch(`${server.url}/api/me`))
    assert.deepStrictEqual([error._tag, error.why], ["SessionLost", "interaction-required"])
    assert.strictEqual(opened.length, 1)
  })

  it("S4: a stolen refresh token ends the family: a session that needs a person is lost, and nobody is sent a browser", async () => {
    await using server = await listen()
    const { grant, opened } = commandLine()
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), {
      ...observed().options,
      policy,
      grant
    })
    const stolen = server.issued[0]?.refresh_token ?? ""
    const theft = await fetch(`${server.url}/token`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: stolen, client_id: "cli" })
    })
    const thief = (await theft.json()) as { access_token: string }
    assert.isTrue((await server.introspect(thief.access_token)).active)
    await server.provider.AccessToken.find(server.issued[0]?.access_token ?? "").then((token) => token?.destroy())
    const error = await failure(api.session.fetch(`${server.url}/api/me`))
    assert.deepStrictEqual([error._tag, error.why], ["SessionLost", "refresh-rejected"])
    assert.isFalse((await server.introspect(thief.access_token)).active)
    assert.strictEqual(opened.length, 1)
  })

  it("I1: an answer that is lost after the rotation: at most one more try with the same token, never a third", async () => {
    await using server = await listen()
    const { options, tags } = observed()
    const { grant } = commandLine()
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), { ...options, policy, grant })
    await endToken(server)
    loseAnswer(server, "/token")
    const error = await failure(api.session.fetch(`${server.url}/api/me`))
    assert.strictEqual(error._tag, "SessionLost")
    assert.deepStrictEqual(
      server.tokenCalls("refresh_token").map(({ status }) => status),
      [0, 400]
    )
    assert.include(tags(), "AnswerLost")
  })

  it("I1, I4: with a password the same loss costs one sign-in, and no caller sees it", async () => {
    await using server = await listen()
    const contract = server.contract({
      oauth: { type: "oauth2", flows: { password: { tokenUrl: `${server.url}/token`, scopes: [] } } }
    })
    await using api = await connect(contract, {
      ...observed().options,
      policy,
      credentials: { ...person, clientId: "machine", clientSecret: secrets.machine } as never
    })
    await endToken(server)
    loseAnswer(server, "/token")
    assert.strictEqual((await api.session.fetch(`${server.url}/api/me`)).status, 200)
    assert.strictEqual(server.tokenCalls("refresh_token").length, 1)
    assert.strictEqual(server.tokenCalls("password").length, 2)
  })

  it("I7: no secret is in any error, event, state or value of a sign-in that fails and one that is lost", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const { events, options } = observed()
    const { grant } = commandLine()
    const web = authorizationCode({
      clientId: "web",
      clientSecret: secrets.web,
      redirect: "https://app.example/callback",
      dpop: true
    })
    const { pending, url } = await web.begin(contract)
    const completed = web.complete(`/callback?code=code-canary&state=${pending.state}`, pending)
    const refused = await failure(connect(contract, { ...options, grant: completed }))
    assert.strictEqual(refused._tag, "SignInRejected")
    await using api = await connect(contract, { ...options, policy, grant })
    await endToken(server)
    loseAnswer(server, "/token")
    const lost = await failure(api.session.fetch(`${server.url}/api/me`))
    const text = [refused, lost, events, api.session, api.session.state, grant, web, completed, new URL(url).pathname]
      .flatMap((value) => [
        inspect(value, { depth: null, showHidden: true }),
        JSON.stringify(value) ?? "",
        value instanceof Error ? (value.stack ?? "") : ""
      ])
      .join("\n")
    const canaries = [
      secrets.web,
      "code-canary",
      pending.codeVerifier,
      ...server.issued.flatMap(({ access_token, refresh_token }) => [access_token, refresh_token]),
      ...server.calls.flatMap(({ form, headers }) => [
        form.get("code"),
        form.get("code_verifier"),
        form.get("refresh_token"),
        headers.authorization?.replace(/^\w+ /, "")
      ])
    ].filter((canary) => typeof canary === "string")
    assert.isAtLeast(new Set(canaries).size, 8)
    const found = (haystack: string) => [...new Set(canaries.filter((canary) => haystack.includes(canary)))]
    assert.deepStrictEqual(found(text), [])
    assert.deepStrictEqual(found(`${text} ${canaries[2]}`), [canaries[2]])
  })
})
