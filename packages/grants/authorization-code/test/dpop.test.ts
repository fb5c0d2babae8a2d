import { randomBytes } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as Dpop from "@keyturn/auth/Dpop"
import { calculateJwkThumbprint, decodeProtectedHeader } from "./support/jose.ts"
import { type Call, listen, type Referee, secrets } from "./support/referee.ts"
import { codeScheme, commandLine, connect, observed, refusal } from "./support/setting.ts"

const nonces = { features: { dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true } } }

interface Proof {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  readonly iat: number
  readonly ath?: string
  readonly nonce?: string
}

const proofOf = ({ headers }: Call): Proof =>
  JSON.parse(Buffer.from(String(headers.dpop).split(".")[1] ?? "", "base64url").toString())

const at = (server: Referee, path: string) => server.calls.filter((call) => call.path === path)

const policy = { coolDown: 0, displacement: { budget: 100, backOff: 0 } } as const

const endToken = ({ issued, provider }: Referee) =>
  provider.AccessToken.find(issued.at(-1)?.access_token ?? "").then((token) => token?.destroy())

describe("DPoP (RFC 9449)", () => {
  it("O1, O2: every request carries a proof of its own, of the key and of the token, under the scheme DPoP", async () => {
    await using server = await listen()
    const { grant, opened } = commandLine({ dpop: true })
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    for (const query of ["", "?a=1", "?a=2#x"]) {
      const response = await api.session.fetch(`${server.url}/me${query}`)
      assert.deepStrictEqual(await response.json(), { sub: "alice" })
    }
    const [exchange] = server.tokenCalls("authorization_code") as [Call]
    assert.deepInclude(proofOf(exchange), { htm: "POST", htu: `${server.url}/token` })
    assert.isUndefined(proofOf(exchange).ath)
    const token = server.issued[0]?.access_token ?? ""
    const uses = at(server, "/me")
    for (const use of uses) {
      assert.strictEqual(use.headers.authorization, `DPoP ${token}`)
      assert.deepInclude(proofOf(use), { htm: "GET", htu: `${server.url}/me` })
      assert.isDefined(proofOf(use).ath)
      assert.approximately(proofOf(use).iat, Date.now() / 1000, 5)
    }
    assert.strictEqual(new Set([exchange, ...uses].map((call) => proofOf(call).jti)).size, 4)
    const header = decodeProtectedHeader(String(exchange.headers.dpop))
    assert.deepInclude(header, { typ: "dpop+jwt", alg: "ES256" })
    assert.isUndefined(header.jwk.d)
    // RFC 9449 §10: the code was bound to the key as well; §6: the server says so of the token.
    const jkt = await calculateJwkThumbprint(header.jwk)
    assert.strictEqual(new URL(opened[0] as string).searchParams.get("dpop_jkt"), jkt)
    assert.deepStrictEqual((await server.introspect(token)).cnf, { jkt })
  })

  it("O3: a server that wants its nonce gets it, once asked, at the token endpoint and at the API", async () => {
    await using server = await listen(nonces)
    const { grant } = commandLine({ dpop: true })
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), {
      ...observed().options,
      policy,
      grant
    })
    for (let time = 0; time < 3; time++) {
      assert.strictEqual((await api.session.fetch(`${server.url}/me`)).status, 200)
    }
    assert.deepStrictEqual(
      server.tokenCalls("authorization_code").map(({ status }) => status),
      [400, 200]
    )
    // The nonce came with the token already: the API never had to ask.
    assert.deepStrictEqual(
      at(server, "/me").map(({ status }) => status),
      [200, 200, 200]
    )
    assert.isDefined(proofOf(at(server, "/me")[0] as Call).nonce)
  })

  const bodies: ReadonlyArray<readonly [string, () => string | URLSearchParams]> = [
    ["text", () => "a=1&b=2"],
    ["a form", () => new URLSearchParams({ a: "1", b: "2" })]
  ]
  it.each(bodies)(
    "O3: a nonce that the API asks for by itself costs one more request, with the same body: %s",
    async (_, body) => {
      await using server = await listen()
      let asked = 0
      server.fault = (request, response) => {
        if (request.url !== "/me" || proofOf({ headers: request.headers } as Call).nonce === "fresh") return false
        asked++
        response.writeHead(401, {
          "www-authenticate": 'DPoP error="use_dpop_nonce", algs="ES256"',
          "dpop-nonce": "fresh"
        })
        response.end()
        return true
      }
      const { grant } = commandLine({ dpop: true })
      const { options, tags } = observed()
      await using api = await connect(server.contract({ oauth: codeScheme(server) }), { ...options, grant })
      const post = (): Promise<Response> =>
        api.session.fetch(`${server.url}/me`, {
          method: "POST",
          body: body(),
          headers: { "content-type": "application/x-www-form-urlencoded" }
        })
      // What the referee answers to this nonce, which is not its own, does not matter here.
      await post()
      await post()
      assert.strictEqual(asked, 1)
      assert.deepStrictEqual(
        at(server, "/me").map(({ form }) => form.toString()),
        Array(3).fill("a=1&b=2")
      )
      assert.notInclude(tags(), "Challenged")
    }
  )

  it("O3: a streamed body cannot be sent again with the nonce, and says so", async () => {
    await using server = await listen()
    server.fault = (request, response) => {
      if (request.url !== "/me") return false
      request.resume()
      response.writeHead(401, { "www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": "fresh" }).end()
      return true
    }
    const { grant } = commandLine({ dpop: true })
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    const error = await api.session
      .fetch(`${server.url}/me`, {
        method: "POST",
        body: new Blob(["x"]).stream(),
        duplex: "half"
      } as RequestInit)
      .then(
        () => assert.fail("it was answered"),
        (error) => error
      )
    assert.strictEqual(error._tag, "BodyNotReplayable")
    assert.include(error.message, "nonce")
  })

  it("O4: a public client's refresh token is bound to the key, and renews with a new proof", async () => {
    await using server = await listen(nonces)
    const { grant } = commandLine({ dpop: true })
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), {
      ...observed().options,
      policy,
      grant
    })
    for (let time = 0; time < 3; time++) {
      await endToken(server)
      assert.strictEqual((await api.session.fetch(`${server.url}/me`)).status, 200)
    }
    assert.deepStrictEqual(
      server.tokenCalls("refresh_token").map(({ status }) => status),
      [200, 200, 200]
    )
    // A thief with the token alone gets nothing.
    const stolen = server.issued.at(-1)?.refresh_token ?? ""
    const theft = await fetch(`${server.url}/token`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: stolen, client_id: "cli" })
    })
    assert.strictEqual(theft.status, 400)
  })

  it("O4: a key that the program keeps serves the stored session again; another key never gets it", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const { options } = observed()
    const pair = (extractable = false) =>
      crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, extractable, [
        "sign",
        "verify"
      ]) as Promise<CryptoKeyPair>
    const kept = await pair()
    let opened = 0
    const open = async (keyPair: CryptoKeyPair): Promise<number> => {
      const program = commandLine({ dpop: await Dpop.fromKeyPair(keyPair) })
      await using api = await connect(contract, { ...options, policy: { onClose: "keep" }, grant: program.grant })
      assert.strictEqual((await api.session.fetch(`${server.url}/me`)).status, 200)
      opened += program.opened.length
      return opened
    }
    assert.strictEqual(await open(kept), 1)
    assert.strictEqual(await open(kept), 1)
    assert.strictEqual(await open(await pair()), 2)
    assert.strictEqual(await open(kept), 2)
  })

  it("O5: a bearer in place of the bound token is refused", async () => {
    await using server = await listen({ features: { dPoP: { enabled: false } } })
    const { grant } = commandLine({ dpop: true })
    const error = await refusal(
      connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    )
    assert.strictEqual(error._tag, "TokenAnswerInvalid")
    assert.include(error.message, "DPoP")
  })

  it("a contract whose scheme is HTTP authentication dpop needs no option: any grant binds its tokens", async () => {
    await using server = await listen(nonces)
    const contract = server.contract({
      bound: {
        type: "http",
        scheme: "DPoP",
        session: {
          signIn: {
            grant: "client_credentials",
            method: "POST",
            path: "/token",
            contentType: "application/x-www-form-urlencoded",
            clientAuthentication: "basic",
            request: { grant_type: "client_credentials" }
          },
          response: { accessToken: "$response.body#/access_token", tokenType: "$response.body#/token_type" }
        }
      }
    })
    const credentials = { clientId: "machine", clientSecret: secrets.machine } as never
    await using _api = await connect(contract, { ...observed().options, credentials })
    const { cnf, token_type } = await server.introspect(server.issued[0]?.access_token ?? "")
    assert.strictEqual(token_type, "DPoP")
    assert.isString((cnf as { jkt: string }).jkt)
  })

  it("says what a key must be", async () => {
    const rsa = (await crypto.subtle.generateKey(
      { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
      false,
      ["sign", "verify"]
    )) as CryptoKeyPair
    const error = await Dpop.fromKeyPair(rsa).then(
      () => assert.fail("it was taken"),
      (error) => error
    )
    assert.strictEqual(error._tag, "ConfigurationError")
    assert.include(error.message, "P-256")
  })

  it("O1: a proof's time follows the server's clock", async () => {
    const dpop = Dpop.ephemeral()
    const url = "https://api.example/things"
    dpop.learn(url, new Headers({ date: new Date(Date.now() + 3_600_000).toUTCString() }))
    const claims = async (url: string): Promise<Proof> =>
      JSON.parse(Buffer.from((await dpop.proof("GET", url)).split(".")[1] ?? "", "base64url").toString())
    assert.approximately((await claims(url)).iat, Date.now() / 1000 + 3600, 3)
    assert.approximately((await claims("https://other.example/")).iat, Date.now() / 1000, 3)
  })
})
