import { randomBytes } from "node:crypto"
import type { IncomingMessage } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import * as Dpop from "@keyturn/auth/Dpop"
import type { SessionEvent } from "@keyturn/client"
import { type Call, listen, person, type Referee, secrets } from "./support/referee.ts"
import { codeScheme, commandLine, connect, observed } from "./support/setting.ts"

/** A server that gives nonces away, and takes none but its own. */
const listenWithNonces = () => listen({ features: { dPoP: { enabled: true, nonceSecret: randomBytes(32) } } })

const nonceOf = ({ headers }: Pick<Call | IncomingMessage, "headers">): string | undefined =>
  JSON.parse(Buffer.from(String(headers.dpop).split(".")[1] ?? "", "base64url").toString()).nonce

const policy = { coolDown: 0, displacement: { budget: 100, backOff: 0 } } as const

const endToken = ({ issued, provider }: Referee) =>
  provider.AccessToken.find(issued.at(-1)?.access_token ?? "").then((token) => token?.destroy())

const key = async () =>
  Dpop.fromKeyPair(
    (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, [
      "sign",
      "verify"
    ])) as CryptoKeyPair
  )

const refreshes = (server: Referee) => server.tokenCalls("refresh_token")
const statuses = (calls: ReadonlyArray<Call>) => calls.map(({ status }) => status)

const withNonce = (nonce: string) => new Headers({ "dpop-nonce": nonce })

/** Keeps the server's nonce back until a refresh: that is done, and then refused for want of the nonce. */
const consumeThenAsk = (server: Referee): void => {
  server.fault = (request, response) => {
    if (request.url === "/token" && server.issued.length > 0) {
      server.fault = undefined
      const end = response.end.bind(response)
      response.end = (() => {
        const body = JSON.stringify({ error: "use_dpop_nonce" })
        response.statusCode = 400
        response.setHeader("content-length", body.length)
        return end(body)
      }) as typeof response.end
    } else {
      const setHeader = response.setHeader.bind(response)
      response.setHeader = (name, value) => (name === "dpop-nonce" ? response : setHeader(name, value))
    }
    return false
  }
}

/** Refuses one call for want of this nonce, though the server had not asked for it. */
const ask = (server: Referee, nonce: string, meanwhile: () => void = () => {}): void => {
  server.fault = (request, response) => {
    if (request.url !== "/token") return false
    server.fault = undefined
    request.on("end", () => {
      meanwhile()
      response.writeHead(400, { "content-type": "application/json", "dpop-nonce": nonce })
      response.end(JSON.stringify({ error: "use_dpop_nonce" }))
    })
    return true
  }
}

/** How a request fails. */
const failure = (attempt: Promise<Response>): Promise<{ readonly _tag: string; readonly why?: string }> =>
  attempt.then(
    ({ status }) => assert.fail(`answered ${status}`),
    (error) => error
  )

describe("a nonce that the server wants (RFC 9449 §8, §9)", () => {
  it("T28, I1: a refresh refused for want of it is made once more with it: the token is spent once, and no answer counts as lost", async () => {
    await using server = await listenWithNonces()
    const dpop = await key()
    const tags: Array<SessionEvent["_tag"]> = []
    const { grant, opened } = commandLine({ dpop })
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), {
      ...observed().options,
      policy,
      grant,
      onEvent: ({ _tag }) => {
        tags.push(_tag)
        if (_tag === "Challenged") dpop.learn(server.url, withNonce("of another time"))
      }
    })
    await endToken(server)
    assert.strictEqual((await api.session.fetch(`${server.url}/me`)).status, 200)
    assert.deepStrictEqual(statuses(refreshes(server)), [400, 200])
    assert.strictEqual(new Set(refreshes(server).map(({ form }) => form.get("refresh_token"))).size, 1)
    assert.deepStrictEqual(
      tags.filter((tag) => tag === "Refreshed" || tag === "AnswerLost" || tag === "CallFailed"),
      ["Refreshed"]
    )
    assert.lengthOf(opened, 1)
  })

  it("T28: the nonce of a second refusal is kept too: the next renewal has it at once", async () => {
    await using server = await listenWithNonces()
    const { grant } = commandLine({ dpop: true })
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), {
      ...observed().options,
      policy,
      grant
    })
    await endToken(server)
    ask(server, "of no use")
    assert.strictEqual((await failure(api.session.fetch(`${server.url}/me`)))._tag, "AuthUnavailable")
    assert.strictEqual((await api.session.fetch(`${server.url}/me`)).status, 200)
    assert.deepStrictEqual(statuses(refreshes(server)), [400, 400, 200])
  })

  it("T28: one that another answer has brought meanwhile is no reason to give up", async () => {
    await using server = await listenWithNonces()
    const dpop = await key()
    const { grant } = commandLine({ dpop })
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), {
      ...observed().options,
      policy,
      grant,
      onEvent: ({ _tag }) => {
        if (_tag === "Challenged") dpop.learn(server.url, withNonce("of another time"))
      }
    })
    await api.session.fetch(`${server.url}/me`)
    const current = nonceOf(server.calls.at(-1) as Call) ?? ""
    await endToken(server)
    ask(server, current, () => dpop.learn(server.url, withNonce(current)))
    assert.strictEqual((await api.session.fetch(`${server.url}/me`)).status, 200)
    assert.deepStrictEqual(statuses(refreshes(server)), [400, 200])
  })

  it("O3: many requests that are asked for it at once are each sent once more", async () => {
    await using server = await listenWithNonces()
    const { options, tags } = observed()
    const { grant } = commandLine({ dpop: true })
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), { ...options, policy, grant })
    let asked = 0
    server.fault = (request, response) => {
      if (request.url !== "/api/many") return false
      const fresh = nonceOf(request) === "fresh"
      if (!fresh) asked++
      response.writeHead(fresh ? 200 : 401, {
        "dpop-nonce": "fresh",
        ...(!fresh && { "www-authenticate": 'DPoP error="use_dpop_nonce"' })
      })
      response.end()
      return true
    }
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.session.fetch(`${server.url}/api/many`)))
    assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [200])
    assert.isAbove(asked, 1)
    assert.notInclude(tags(), "Challenged")
  })

  it("T28: a server that spent the refresh token before it asked gets it once more and never again: only a person can go on", async () => {
    await using server = await listenWithNonces()
    const { grant, opened } = commandLine({ dpop: true })
    consumeThenAsk(server)
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), {
      ...observed().options,
      policy,
      grant
    })
    await endToken(server)
    const error = await failure(api.session.fetch(`${server.url}/me`))
    assert.deepStrictEqual([error._tag, error.why], ["SessionLost", "refresh-rejected"])
    for (let time = 0; time < 3; time++) {
      assert.strictEqual((await failure(api.session.fetch(`${server.url}/me`)))._tag, "SessionLost")
    }
    assert.deepStrictEqual(statuses(refreshes(server)), [400, 400])
    assert.lengthOf(opened, 1)
  })

  it("T28, I4: where no person is needed the same server costs one sign-in, and no caller sees it", async () => {
    await using server = await listenWithNonces()
    const form = { method: "POST", path: "/token", contentType: "application/x-www-form-urlencoded" } as const
    const contract = server.contract({
      bound: {
        type: "http",
        scheme: "DPoP",
        session: {
          signIn: {
            ...form,
            grant: "password",
            clientAuthentication: "basic",
            request: { grant_type: "password", username: "$credentials.login", password: "$credentials.password" }
          },
          refresh: {
            ...form,
            clientAuthentication: "basic",
            request: { grant_type: "refresh_token", refresh_token: "$session.refreshToken" }
          },
          response: {
            accessToken: "$response.body#/access_token",
            refreshToken: "$response.body#/refresh_token",
            tokenType: "$response.body#/token_type"
          }
        }
      }
    })
    consumeThenAsk(server)
    const credentials = { ...person, clientId: "machine", clientSecret: secrets.machine } as never
    await using api = await connect(contract, { ...observed().options, policy, credentials })
    await endToken(server)
    assert.strictEqual((await api.session.fetch(`${server.url}/me`)).status, 200)
    assert.deepStrictEqual(statuses(refreshes(server)), [400, 400])
    assert.deepStrictEqual(statuses(server.tokenCalls("password")), [200, 200])
  })
})
