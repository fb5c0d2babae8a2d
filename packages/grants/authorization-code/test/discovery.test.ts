import type { ServerResponse } from "node:http"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import type { SecurityScheme } from "@keyturn/contract"
import * as Schedule from "effect/Schedule"
import { authorizationCode } from "../src/index.ts"
import { browser, signIn } from "./support/person.ts"
import { flows, listen, type Referee, secrets } from "./support/referee.ts"
import { commandLine, connect, discovered, observed, scope } from "./support/setting.ts"

/** A server of metadata: what it says is a function of its own URL. */
const describing = async (metadata: (url: string) => Record<string, Record<string, unknown>>) => {
  const asked: Array<string> = []
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? "")
    const found = metadata(url)[request.url ?? ""]
    response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" })
    response.end(JSON.stringify(found ?? { error: "not_found" }))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve()))
  }
}

const begin = (server: Referee, scheme: SecurityScheme, issuer?: string) =>
  authorizationCode({
    clientId: "web",
    redirect: "https://app.example/callback",
    ...(issuer !== undefined && { issuer })
  }).begin(server.contract({ oauth: scheme }))

const rejection = (attempt: Promise<unknown>): Promise<Error & { _tag?: string }> =>
  attempt.then(
    () => assert.fail("it began"),
    (error) => error
  )

describe("discovery", () => {
  it("finds every endpoint by the URL that an openIdConnect scheme names", async () => {
    await using server = await listen()
    const { grant } = commandLine()
    await using api = await connect(server.contract({ oidc: discovered(server) }), { ...observed().options, grant })
    assert.strictEqual((await api.session.fetch(`${server.url}/api/me`)).status, 200)
    assert.strictEqual(server.calls.filter(({ path }) => path.startsWith("/.well-known")).length, 1)
  })

  it("C6: spends each new refresh token of a discovered server in its turn, and knows when its tokens end", async () => {
    await using server = await listen()
    const { grant, opened } = commandLine()
    await using api = await connect(server.contract({ oidc: discovered(server) }), {
      ...observed().options,
      policy: { displacement: { budget: 100, backOff: 0 } },
      grant
    })
    for (let time = 0; time < 3; time++) {
      await server.provider.AccessToken.find(server.issued.at(-1)?.access_token ?? "").then((token) => token?.destroy())
      assert.strictEqual((await api.session.fetch(`${server.url}/api/me`)).status, 200)
      assert.approximately(api.session.state?.expiresAt ?? 0, Date.now() + 60_000, 5000)
    }
    assert.deepStrictEqual(
      server.tokenCalls("refresh_token").map(({ form }) => form.get("refresh_token")),
      server.issued.slice(0, 3).map(({ refresh_token }) => refresh_token ?? "none")
    )
    assert.lengthOf(opened, 1)
  })

  it("M2: puts the well-known name of RFC 8414 between host and path, and tries OpenID Connect's place after it", async () => {
    await using server = await listen()
    await using oauth = await describing((url) => ({
      "/.well-known/oauth-authorization-server/tenant": { issuer: `${url}/tenant`, authorization_endpoint: `${url}/in` }
    }))
    const { url } = await begin(server, {
      type: "oauth2",
      flows: {},
      metadataUrl: `${oauth.url}/.well-known/oauth-authorization-server/tenant`
    })
    assert.match(url, /\/in\?/)
    await using oidc = await describing((url) => ({
      "/tenant/.well-known/openid-configuration": { issuer: `${url}/tenant`, authorization_endpoint: `${url}/in` }
    }))
    const scheme: SecurityScheme = {
      type: "http",
      scheme: "bearer",
      session: { signIn: { grant: "authorization_code", method: "POST", path: "/unused" } }
    }
    assert.match((await begin(server, scheme, `${oidc.url}/tenant`)).url, /\/in\?/)
    assert.deepStrictEqual(oidc.asked, [
      "/.well-known/oauth-authorization-server/tenant",
      "/tenant/.well-known/openid-configuration"
    ])
  })

  it("M1: metadata of another issuer than its URL says is not believed", async () => {
    await using server = await listen()
    await using lying = await describing((url) => ({
      "/.well-known/openid-configuration": { issuer: "https://other.example", authorization_endpoint: `${url}/in` },
      "/tenant/.well-known/openid-configuration": { issuer: url, authorization_endpoint: `${url}/in` },
      "/.well-known/oauth-authorization-server": { authorization_endpoint: `${url}/in` },
      "/metadata": { issuer: "https://other.example", authorization_endpoint: `${url}/in` },
      "/own": { issuer: `${url}/anything`, authorization_endpoint: `${url}/in` }
    }))
    const at = (path: string) => begin(server, { type: "openIdConnect", openIdConnectUrl: `${lying.url}${path}` })
    for (const path of [
      "/.well-known/openid-configuration",
      "/tenant/.well-known/openid-configuration",
      "/.well-known/oauth-authorization-server",
      "/metadata"
    ]) {
      const error = await rejection(at(path))
      assert.strictEqual(error._tag, "TokenAnswerInvalid", path)
      assert.include(error.message, "issuer")
    }
    assert.match((await at("/own")).url, /\/in\?/)
  })

  it("M4: an endpoint that is neither https nor on this machine spoils all of the metadata", async () => {
    await using server = await listen()
    for (const name of ["authorization_endpoint", "token_endpoint", "revocation_endpoint"]) {
      await using careless = await describing((url) => ({
        "/.well-known/openid-configuration": {
          issuer: url,
          authorization_endpoint: `${url}/in`,
          [name]: "http://login.example/x"
        }
      }))
      const error = await rejection(
        begin(server, {
          type: "openIdConnect",
          openIdConnectUrl: `${careless.url}/.well-known/openid-configuration`
        })
      )
      assert.include(error.message, name)
    }
  })

  it("M3: a client authenticates as the metadata allows", async () => {
    await using server = await listen({
      clientAuthMethods: ["client_secret_post", "none"],
      clients: [
        {
          client_id: "post",
          client_secret: secrets.post,
          token_endpoint_auth_method: "client_secret_post",
          redirect_uris: ["https://app.example/callback"],
          grant_types: ["authorization_code", "refresh_token"]
        }
      ]
    })
    const grant = authorizationCode({
      clientId: "post",
      clientSecret: secrets.post,
      redirect: "https://app.example/callback",
      scope,
      parameters: { prompt: "consent" }
    })
    const contract = server.contract({ oidc: discovered(server) })
    const { pending, url } = await grant.begin(contract)
    let callback = ""
    await signIn(
      browser((outside) => {
        callback = outside
      }),
      url
    )
    await using _api = await connect(contract, { ...observed().options, grant: grant.complete(callback, pending) })
    const [exchange] = server.tokenCalls("authorization_code")
    assert.strictEqual(exchange?.form.get("client_secret"), secrets.post)
  })

  it("what the metadata says comes before what the document says of the same endpoint", async () => {
    await using server = await listen()
    const { grant } = commandLine()
    const stale = { ...flows(server.url), authorizationUrl: `${server.url}/old`, tokenUrl: `${server.url}/old` }
    await using api = await connect(
      server.contract({
        oauth: {
          type: "oauth2",
          flows: { authorizationCode: stale },
          metadataUrl: `${server.url}/.well-known/oauth-authorization-server`
        }
      }),
      { ...observed().options, grant }
    )
    assert.strictEqual(api.session.state?.status, "active")
  })

  it("I1: a refresh that cannot find the server spends nothing, and works once the server is back", async () => {
    await using server = await listen()
    const contract = server.contract({ oidc: discovered(server) })
    const { options } = observed()
    const policy = { onClose: "keep", coolDown: 0, retry: Schedule.recurs(0), displacement: { backOff: 0 } } as const
    const me = `${server.url}/api/me`
    {
      await using _api = await connect(contract, { ...options, policy, grant: commandLine().grant })
    }
    // Another process, later: it takes the session over, whose token has ended, and knows nothing of the server yet.
    const { grant, opened } = commandLine()
    await using api = await connect(contract, { ...options, policy, grant })
    await server.provider.AccessToken.find(server.issued[0]?.access_token ?? "").then((token) => token?.destroy())
    const failures: ReadonlyArray<(response: ServerResponse) => void> = [
      (response) => response.writeHead(404).end(),
      (response) => response.writeHead(503).end(),
      (response) => response.destroy(),
      (response) =>
        response.writeHead(200, { "content-type": "application/json" }).end('{"issuer":"https://other.example"}')
    ]
    for (const fail of failures) {
      server.fault = (request, response) => {
        if (!request.url?.startsWith("/.well-known")) return false
        fail(response)
        return true
      }
      const error = await api.session.fetch(me).then(
        () => assert.fail("it was answered"),
        (error) => error
      )
      assert.strictEqual(error._tag, "AuthUnavailable")
    }
    assert.strictEqual(server.tokenCalls("refresh_token").length, 0)
    server.fault = undefined
    assert.strictEqual((await api.session.fetch(me)).status, 200)
    assert.deepStrictEqual(
      server.tokenCalls("refresh_token").map(({ status }) => status),
      [200]
    )
    assert.deepStrictEqual(opened, [])
  })
})
