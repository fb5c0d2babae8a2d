/** The grants that a contract describes by itself, judged by the same server: password and client credentials. */
import { assert, describe, it } from "@effect/vitest"
import type { SessionDescription } from "@keyturn/contract"
import { listen, person, type Referee, secrets } from "./support/referee.ts"
import { connect, observed, refusal } from "./support/setting.ts"

const flow = (server: Referee) => ({ tokenUrl: `${server.url}/token`, scopes: ["read"] })

const machine = { clientId: "machine", clientSecret: secrets.machine }

const oauth = (server: Referee, grant: "clientCredentials" | "password", session?: SessionDescription) =>
  server.contract({
    oauth: { type: "oauth2", flows: { [grant]: flow(server) }, ...(session && { session }) }
  })

const revocation = (server: Referee): SessionDescription => ({
  signOut: {
    method: "POST",
    path: `${server.url}/token/revocation`,
    contentType: "application/x-www-form-urlencoded",
    clientAuthentication: "basic",
    request: { token: "$session.refreshToken", token_type_hint: "refresh_token" }
  }
})

describe("client credentials", () => {
  it("C1, C2: a secret of any characters is form-encoded before Basic, and the scope is asked for", async () => {
    await using server = await listen()
    await using api = await connect(oauth(server, "clientCredentials"), {
      ...observed().options,
      credentials: { ...machine, scope: "read" } as never
    })
    assert.deepStrictEqual(await (await api.session.fetch(`${server.url}/api/me`)).json(), {
      client: "machine",
      account: null
    })
    const [call] = server.tokenCalls("client_credentials")
    assert.strictEqual(call?.form.get("scope"), "read")
    assert.isFalse(call?.form.has("client_secret"))
    assert.deepStrictEqual(api.session.state?.scope, ["read"])
    assert.strictEqual((await server.introspect(server.issued[0]?.access_token ?? "")).scope, "read")
  })

  it("C2: id and secret go into the body where the contract says so", async () => {
    await using server = await listen()
    const contract = oauth(server, "clientCredentials", {
      signIn: {
        grant: "client_credentials",
        method: "POST",
        path: `${server.url}/token`,
        contentType: "application/x-www-form-urlencoded",
        clientAuthentication: "body",
        request: { grant_type: "client_credentials" }
      }
    })
    await using _api = await connect(contract, {
      ...observed().options,
      credentials: { clientId: "post", clientSecret: secrets.post } as never
    })
    const [call] = server.tokenCalls("client_credentials")
    assert.strictEqual(call?.form.get("client_secret"), secrets.post)
    assert.isUndefined(call?.headers.authorization)
  })

  it("C8: has no refresh token, and asks again when the token ends", async () => {
    await using server = await listen()
    await using api = await connect(oauth(server, "clientCredentials"), {
      ...observed().options,
      credentials: machine as never
    })
    const token = await server.provider.ClientCredentials.find(server.issued[0]?.access_token ?? "")
    await token?.destroy()
    assert.strictEqual((await api.session.fetch(`${server.url}/api/me`)).status, 200)
    assert.strictEqual(server.tokenCalls("client_credentials").length, 2)
    assert.strictEqual(server.tokenCalls("refresh_token").length, 0)
  })

  it("C10: a wrong secret is SignInRejected with the server's code, tried once", async () => {
    await using server = await listen()
    const error = await refusal(
      connect(oauth(server, "clientCredentials"), {
        ...observed().options,
        credentials: { ...machine, clientSecret: "guess" } as never
      })
    )
    assert.deepStrictEqual([error._tag, error.code, error.status], ["SignInRejected", "invalid_client", 401])
    assert.notInclude(error.message, "guess")
    assert.strictEqual(server.tokenCalls("client_credentials").length, 1)
  })

  it("C10: a scope that the client may not have is told apart", async () => {
    await using server = await listen()
    const error = await refusal(
      connect(oauth(server, "clientCredentials"), {
        ...observed().options,
        credentials: { ...machine, scope: "write" } as never
      })
    )
    assert.deepStrictEqual([error._tag, error.code], ["SignInRejected", "invalid_scope"])
  })
})

describe("password", () => {
  it("C6, R1: signs in with the client's own credentials, refreshes with them, and revokes at the end", async () => {
    await using server = await listen()
    const { options, tags } = observed()
    {
      await using api = await connect(oauth(server, "password", revocation(server)), {
        ...options,
        credentials: { ...person, ...machine } as never
      })
      const first = await api.session.fetch(`${server.url}/api/me`)
      assert.deepStrictEqual(await first.json(), { client: "machine", account: "alice" })
      const token = await server.provider.AccessToken.find(server.issued[0]?.access_token ?? "")
      await token?.destroy()
      assert.strictEqual((await api.session.fetch(`${server.url}/api/me`)).status, 200)
    }
    assert.strictEqual(server.tokenCalls("password").length, 1)
    const [refresh] = server.tokenCalls("refresh_token")
    assert.match(refresh?.headers.authorization ?? "", /^Basic /)
    assert.strictEqual(refresh?.status, 200)
    assert.deepStrictEqual(tags().slice(-2), ["SignedOut", "Closed"])
    const last = server.issued.at(-1)
    assert.isFalse((await server.introspect(last?.refresh_token ?? "")).active)
    assert.isFalse((await server.introspect(last?.access_token ?? "")).active)
  })

  it("C10: a wrong password is SignInRejected, and says nothing of the password", async () => {
    await using server = await listen()
    const error = await refusal(
      connect(oauth(server, "password"), {
        ...observed().options,
        credentials: { ...person, ...machine, password: "wrong horse" } as never
      })
    )
    assert.deepStrictEqual([error._tag, error.code], ["SignInRejected", "invalid_grant"])
    assert.notInclude(error.message, "wrong horse")
  })

  it("a token made elsewhere is refreshed with the client's credentials", async () => {
    await using server = await listen()
    const form = { grant_type: "password", username: person.login, password: person.password }
    const made = (await (
      await fetch(`${server.url}/token`, {
        method: "POST",
        body: new URLSearchParams({ ...form, client_id: "post", client_secret: secrets.post })
      })
    ).json()) as { access_token: string; refresh_token: string }
    const contract = server.contract({
      oauth: {
        type: "oauth2",
        flows: { authorizationCode: { authorizationUrl: "/auth", tokenUrl: `${server.url}/token`, scopes: [] } },
        session: {
          refresh: {
            method: "POST",
            path: `${server.url}/token`,
            clientAuthentication: "body",
            request: { grant_type: "refresh_token", refresh_token: "$session.refreshToken" }
          }
        }
      }
    })
    await using api = await connect(contract, {
      ...observed().options,
      credentials: {
        grant: "token",
        token: made.access_token,
        refreshToken: made.refresh_token,
        clientId: "post",
        clientSecret: secrets.post
      } as never
    })
    const token = await server.provider.AccessToken.find(made.access_token)
    await token?.destroy()
    assert.strictEqual((await api.session.fetch(`${server.url}/api/me`)).status, 200)
    assert.deepStrictEqual(
      server.tokenCalls("refresh_token").map(({ status }) => status),
      [200]
    )
  })
})
