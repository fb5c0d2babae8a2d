import { assert, describe, it } from "@effect/vitest"
import { listen } from "./support/referee.ts"
import { commandLine, connect, discovered, observed } from "./support/setting.ts"

const revocations = (server: Awaited<ReturnType<typeof listen>>) =>
  server.calls.filter(({ path }) => path === "/token/revocation")

describe("revocation at the end of a session (RFC 7009)", () => {
  it("R1, R5: the refresh token first, then the access token, with the client's identity; both are dead", async () => {
    await using server = await listen()
    const { options, tags } = observed()
    {
      await using _api = await connect(server.contract({ oidc: discovered(server) }), {
        ...options,
        grant: commandLine().grant
      })
    }
    const { access_token, refresh_token } = server.issued[0] as { access_token: string; refresh_token: string }
    assert.deepStrictEqual(
      revocations(server).map(({ form }) => [form.get("token"), form.get("token_type_hint"), form.get("client_id")]),
      [
        [refresh_token, "refresh_token", "cli"],
        [access_token, "access_token", "cli"]
      ]
    )
    for (const token of [access_token, refresh_token]) assert.isFalse((await server.introspect(token)).active)
    assert.deepStrictEqual(tags().slice(-2), ["SignedOut", "Closed"])
  })

  it("R2: a token that the server does not know any more is revoked as well as can be", async () => {
    await using server = await listen()
    const { options, tags } = observed()
    {
      await using _api = await connect(server.contract({ oidc: discovered(server) }), {
        ...options,
        grant: commandLine().grant
      })
      const { issued, provider } = server
      await provider.AccessToken.find(issued[0]?.access_token ?? "").then((token) => token?.destroy())
      await provider.RefreshToken.find(issued[0]?.refresh_token ?? "").then((token) => token?.destroy())
    }
    assert.deepStrictEqual(
      revocations(server).map(({ status }) => status),
      [200, 200]
    )
    assert.deepStrictEqual(tags().slice(-2), ["SignedOut", "Closed"])
  })

  it("R3: a server that revokes only one kind of token is no failure", async () => {
    for (const kind of ["refresh_token", "access_token"]) {
      await using server = await listen()
      let at = 0
      server.fault = (request, response) => {
        if (request.url !== "/token/revocation") return false
        if ((at++ === 0) !== (kind === "refresh_token")) return false
        response.writeHead(400, { "content-type": "application/json" })
        response.end(JSON.stringify({ error: "unsupported_token_type" }))
        return true
      }
      const { options, tags } = observed()
      {
        await using _api = await connect(server.contract({ oidc: discovered(server) }), {
          ...options,
          grant: commandLine().grant
        })
      }
      assert.strictEqual(revocations(server).length, 2, kind)
      assert.deepStrictEqual(tags().slice(-2), ["SignedOut", "Closed"])
    }
  })

  it("R4: a busy server leaves the tokens alive: that is reported, bounded, and no error to anybody", async () => {
    await using server = await listen()
    server.fault = (request, response) => {
      if (request.url !== "/token/revocation") return false
      response.writeHead(503, { "retry-after": "3600" }).end()
      return true
    }
    const { events, options, tags } = observed()
    {
      await using _api = await connect(server.contract({ oidc: discovered(server) }), {
        ...options,
        grant: commandLine().grant
      })
    }
    assert.deepStrictEqual(tags().slice(-2), ["SignOutFailed", "Closed"])
    assert.include(JSON.stringify(events), "503")
    assert.isTrue((await server.introspect(server.issued[0]?.access_token ?? "")).active)
  })

  it("a session that is kept is not revoked", async () => {
    await using server = await listen()
    {
      await using _api = await connect(server.contract({ oidc: discovered(server) }), {
        ...observed().options,
        policy: { onClose: "keep" },
        grant: commandLine().grant
      })
    }
    assert.deepStrictEqual(revocations(server), [])
  })
})
