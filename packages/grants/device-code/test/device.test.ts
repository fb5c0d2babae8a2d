import { once } from "node:events"
import { assert, describe, it } from "@effect/vitest"
import { connect, memoryStore, type SessionEvent } from "@keyturn/client"
import type { SecurityScheme } from "@keyturn/contract"
import { browser, type Choice, enterCode } from "../../authorization-code/test/support/person.ts"
import { listen, type Referee } from "../../authorization-code/test/support/referee.ts"
import { type DeviceCodeOptions, deviceCode, type UserCode } from "../src/index.ts"

const grantType = "urn:ietf:params:oauth:grant-type:device_code"

const scheme = (server: Referee): SecurityScheme => ({
  type: "oauth2",
  flows: {
    deviceAuthorization: {
      deviceAuthorizationUrl: `${server.url}/device/auth`,
      tokenUrl: `${server.url}/token`,
      scopes: ["openid", "offline_access"]
    }
  }
})

/** Lets the device ask often, so that nobody waits: the server names no interval of its own. */
const impatient = (server: Referee) => {
  server.amend = (path, _grantType, body) => {
    if (path === "/device/auth") body.interval = 0.02
  }
}

const options = () => {
  const events: Array<SessionEvent> = []
  return { events, options: { store: memoryStore(), onEvent: (event: SessionEvent) => void events.push(event) } }
}

const withPerson = (
  choice: Choice,
  shown: Array<UserCode>,
  more: Partial<DeviceCodeOptions> = {},
  ready: Promise<unknown> = Promise.resolve()
) =>
  deviceCode({
    clientId: "cli",
    scope: "openid offline_access",
    onUserCode: (code) => {
      shown.push(code)
      // The person is elsewhere: nobody waits for them here.
      void ready.then(() => enterCode(browser(), code.verificationUri, code.userCode, choice))
    },
    ...more
  })

describe("device code against a real server", () => {
  it("D3, D6: shows where to go and what to enter, waits, and then has a session", async () => {
    await using server = await listen()
    impatient(server)
    const shown: Array<UserCode> = []
    const { events, options: given } = options()
    // The person takes longer than the device's first question.
    const asked = once(server.provider, "grant.error")
    {
      await using api = await connect(server.contract({ oauth: scheme(server) }), {
        ...given,
        grant: withPerson("agree", shown, {}, asked)
      })
      const response = await api.session.fetch(`${server.url}/api/me`)
      assert.deepStrictEqual(await response.json(), { client: "cli", account: "alice" })
    }
    assert.strictEqual(shown.length, 1)
    const [code] = shown as [UserCode]
    assert.strictEqual(code.verificationUri, `${server.url}/device`)
    assert.match(code.userCode, /^[A-Z]{4}-[A-Z]{4}$/)
    assert.strictEqual(code.verificationUriComplete, `${server.url}/device?user_code=${code.userCode}`)
    assert.approximately(code.expiresAt, Date.now() + 60_000, 10_000)
    const statuses = server.tokenCalls(grantType).map(({ status }) => status)
    assert.deepStrictEqual([statuses[0], statuses.at(-1)], [400, 200])
    assert.deepStrictEqual(
      events.map(({ _tag }) => _tag),
      ["SignedIn", "Closed"]
    )
  })

  it("D4: a person who says no ends it", async () => {
    await using server = await listen()
    impatient(server)
    const shown: Array<UserCode> = []
    const error = await connect(server.contract({ oauth: scheme(server) }), {
      ...options().options,
      grant: withPerson("decline", shown)
    }).then(
      () => assert.fail("it connected"),
      (error) => error
    )
    assert.deepStrictEqual([error._tag, error.code], ["SignInRejected", "access_denied"])
    assert.include(error.message, "said no")
  })

  it("endpoints are found by discovery, and the tokens are revoked at the end", async () => {
    await using server = await listen()
    impatient(server)
    const contract = server.contract({
      oidc: { type: "openIdConnect", openIdConnectUrl: `${server.url}/.well-known/openid-configuration` }
    })
    {
      await using _api = await connect(contract, { ...options().options, grant: withPerson("agree", []) })
    }
    assert.isFalse((await server.introspect(server.issued[0]?.access_token ?? "")).active)
    assert.isFalse((await server.introspect(server.issued[0]?.refresh_token ?? "")).active)
  })

  it("C6: renews by its refresh token, and nobody is asked again", async () => {
    await using server = await listen()
    impatient(server)
    const shown: Array<UserCode> = []
    await using api = await connect(server.contract({ oauth: scheme(server) }), {
      ...options().options,
      grant: withPerson("agree", shown)
    })
    await server.provider.AccessToken.find(server.issued[0]?.access_token ?? "").then((token) => token?.destroy())
    assert.strictEqual((await api.session.fetch(`${server.url}/api/me`)).status, 200)
    assert.strictEqual(server.tokenCalls("refresh_token")[0]?.status, 200)
    assert.strictEqual(shown.length, 1)
  })

  it("DPoP: the tokens are bound to the device's key", async () => {
    await using server = await listen()
    impatient(server)
    await using api = await connect(server.contract({ oauth: scheme(server) }), {
      ...options().options,
      grant: withPerson("agree", [], { dpop: true })
    })
    assert.strictEqual((await api.session.fetch(`${server.url}/me`)).status, 200)
    assert.strictEqual((await server.introspect(server.issued[0]?.access_token ?? "")).token_type, "DPoP")
  })

  it("with several schemes it signs in for the one that has the flow", async () => {
    await using server = await listen()
    impatient(server)
    const contract = server.contract({
      key: { type: "apiKey", in: "header", name: "x-key" },
      oauth: scheme(server)
    })
    await using api = await connect(contract, { ...options().options, grant: withPerson("agree", []) })
    assert.strictEqual((await api.session.fetch(`${server.url}/api/me`)).status, 200)
  })

  it("aborting connect stops the asking", async () => {
    await using server = await listen()
    impatient(server)
    const controller = new AbortController()
    const error = await connect(server.contract({ oauth: scheme(server) }), {
      ...options().options,
      signal: controller.signal,
      grant: deviceCode({ clientId: "cli", onUserCode: () => controller.abort(new Error("switched off")) })
    }).then(
      () => assert.fail("it connected"),
      (error) => error
    )
    assert.strictEqual(error.message, "switched off")
    const before = server.calls.length
    await fetch(server.url).then((response) => response.text())
    assert.strictEqual(server.calls.filter(({ path }) => path === "/token").length, 0)
    assert.strictEqual(server.calls.length, before + 1)
  })

  it("says what is wrong when the code cannot be shown, or the server has no such endpoint", async () => {
    await using server = await listen()
    const attempt = (contract: ReturnType<Referee["contract"]>) =>
      connect(contract, {
        ...options().options,
        grant: deviceCode({
          clientId: "cli",
          onUserCode: () => {
            throw new RangeError("no display")
          }
        })
      }).then(
        () => assert.fail("it connected"),
        (error) => error
      )
    const shown = await attempt(server.contract({ oauth: scheme(server) }))
    assert.strictEqual(shown._tag, "SignInRejected")
    assert.include(shown.message, "onUserCode failed (RangeError)")
    const none = await attempt(
      server.contract({
        oauth: { type: "oauth2", flows: { deviceAuthorization: { tokenUrl: `${server.url}/token`, scopes: [] } } }
      })
    )
    assert.include(none.message, "deviceAuthorizationUrl")
  })
})
