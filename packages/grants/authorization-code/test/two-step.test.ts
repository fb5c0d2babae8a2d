import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { type AuthorizationCodeOptions, authorizationCode } from "../src/index.ts"
import { loopback } from "../src/loopback.ts"
import { browser, signIn } from "./support/person.ts"
import { listen, type Referee, secrets } from "./support/referee.ts"
import { codeScheme, connect, discovered, observed, refusal, scope } from "./support/setting.ts"

const web = (more: Partial<AuthorizationCodeOptions> = {}) =>
  authorizationCode({
    clientId: "web",
    clientSecret: secrets.web,
    redirect: "https://app.example/callback",
    scope,
    parameters: { prompt: "consent" },
    ...more
  })

/** A person follows the URL; where they come back to is the application's callback. */
const visit = async (url: string, login?: string): Promise<string> => {
  let callback = ""
  await signIn(
    browser((outside) => {
      callback = outside
    }),
    url,
    "agree",
    login
  )
  assert.match(callback, /^https:\/\/app\.example\/callback\?/)
  return callback
}

const whoIs = async (server: Referee, api: { session: { fetch: typeof fetch } }) =>
  ((await (await api.session.fetch(`${server.url}/api/me`)).json()) as { account: string }).account

describe("authorization code in two steps", () => {
  it("a web application sends a person away and signs in with what they bring back", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const grant = web()
    const { pending, url } = await grant.begin(contract)
    const callback = await visit(url)
    // A server sees its own request as a path, and keeps what is pending as text.
    const path = callback.slice("https://app.example".length)
    const kept = JSON.parse(JSON.stringify(pending)) as typeof pending
    await using api = await connect(contract, { ...observed().options, grant: grant.complete(path, kept) })
    assert.strictEqual(await whoIs(server, api), "alice")
  })

  it("begins as an effect too, which fails as the promise rejects, and can be interrupted", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: discovered(server) })
    const grant = web()
    const { pending, url } = await Effect.runPromise(grant.beginEffect(contract))
    const callback = await visit(url)
    await using api = await connect(contract, { ...observed().options, grant: grant.complete(callback, pending) })
    assert.strictEqual(await whoIs(server, api), "alice")
    const local = web({ redirect: loopback() })
    const error = await Effect.runPromise(Effect.flip(local.beginEffect(contract)))
    assert.strictEqual(error._tag, "ConfigurationError")
    assert.deepStrictEqual(await local.begin(contract).catch((error: unknown) => error), error)
    let stopped = false
    const never: typeof globalThis.fetch = (_input, init) =>
      new Promise((_resolve, reject) =>
        init?.signal?.addEventListener("abort", () => {
          stopped = true
          reject(init.signal?.reason)
        })
      )
    const asking = Effect.runFork(web().beginEffect(contract, { fetch: never }))
    await new Promise(setImmediate)
    await Effect.runPromise(Fiber.interrupt(asking))
    assert.isTrue(stopped)
  })

  it("C2: a secret of any characters goes form-encoded into Basic, and nowhere else", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const grant = web()
    const { pending, url } = await grant.begin(contract)
    const callback = await visit(url)
    await using _api = await connect(contract, { ...observed().options, grant: grant.complete(callback, pending) })
    const [exchange] = server.tokenCalls("authorization_code")
    assert.match(exchange?.headers.authorization ?? "", /^Basic /)
    assert.isFalse(exchange?.form.has("client_secret"))
    assert.strictEqual(exchange?.status, 200)
  })

  it("C2: a client that is to authenticate in the body does so, and only there", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const grant = web({ clientId: "post", clientSecret: secrets.post, clientAuthentication: "body" })
    const { pending, url } = await grant.begin(contract)
    const callback = await visit(url)
    await using _api = await connect(contract, { ...observed().options, grant: grant.complete(callback, pending) })
    const [exchange] = server.tokenCalls("authorization_code")
    assert.isUndefined(exchange?.headers.authorization)
    assert.strictEqual(exchange?.form.get("client_secret"), secrets.post)
  })

  it("C9: a callback with another state is refused without a call to the token endpoint", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const grant = web()
    const mine = await grant.begin(contract)
    const theirs = await grant.begin(contract)
    const callback = await visit(theirs.url)
    const error = await refusal(
      connect(contract, { ...observed().options, grant: grant.complete(callback, mine.pending) })
    )
    assert.strictEqual(error._tag, "SignInRejected")
    assert.include(error.message, "state")
    assert.strictEqual(server.calls.filter(({ path }) => path === "/token").length, 0)
  })

  it("I1, I2 of RFC 9207: an answer of another issuer, or of none, is refused also when it is an error", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: discovered(server) })
    const grant = web()
    const { pending, url } = await grant.begin(contract)
    const callback = new URL(await visit(url))
    assert.strictEqual(callback.searchParams.get("iss"), server.url)
    const changed = (change: (parameters: URLSearchParams) => void) => {
      const copy = new URL(callback)
      change(copy.searchParams)
      return copy
    }
    const wrong = [
      changed((given) => given.delete("iss")),
      changed((given) => given.set("iss", `${server.url}/`)),
      changed((given) => given.set("iss", "https://attacker.example")),
      changed((given) => given.append("iss", server.url)),
      changed((given) => {
        given.delete("code")
        given.set("error", "access_denied")
        given.set("iss", "https://attacker.example")
      })
    ]
    for (const each of wrong) {
      const error = await refusal(connect(contract, { ...observed().options, grant: grant.complete(each, pending) }))
      assert.strictEqual(error._tag, "SignInRejected")
      assert.include(error.message, "iss")
      assert.isUndefined(error.code)
    }
    assert.strictEqual(server.calls.filter(({ path }) => path === "/token").length, 0)
    await using _api = await connect(contract, { ...observed().options, grant: grant.complete(callback, pending) })
  })

  it("C9: error answers become typed errors with the server's code and a cure, and are never exchanged", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const grant = web()
    const { pending } = await grant.begin(contract)
    const answer = (error: string) =>
      refusal(
        connect(contract, {
          ...observed().options,
          grant: grant.complete(
            `/callback?error=${error}&error_description=because%0Anot&state=${pending.state}`,
            pending
          )
        })
      )
    const denied = await answer("invalid_scope")
    assert.deepStrictEqual([denied._tag, denied.code], ["SignInRejected", "invalid_scope"])
    assert.include(denied.message, "invalid_scope (because not)")
    assert.include(denied.message, "Check the scopes")
    assert.strictEqual((await answer("temporarily_unavailable"))._tag, "AuthUnavailable")
    const none = await refusal(
      connect(contract, {
        ...observed().options,
        grant: grant.complete(`/callback?state=${pending.state}`, pending)
      })
    )
    assert.include(none.message, "code")
    assert.strictEqual(server.calls.filter(({ path }) => path === "/token").length, 0)
  })

  it("C9: a code is used once: a second sign-in with the same callback sends nothing", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const grant = web()
    const { pending, url } = await grant.begin(contract)
    const completed = grant.complete(await visit(url), pending)
    {
      await using _api = await connect(contract, { ...observed().options, grant: completed })
    }
    const error = await refusal(connect(contract, { ...observed().options, grant: completed }))
    assert.strictEqual(error._tag, "SignInRejected")
    assert.include(error.message, "used already")
    assert.strictEqual(server.tokenCalls("authorization_code").length, 1)
  })

  it("two people who sign in at one application never get each other's session", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const grant = web()
    const { options } = observed()
    const one = await grant.begin(contract)
    const two = await grant.begin(contract)
    const [back, again] = [await visit(one.url, "alice"), await visit(two.url, "bob")]
    await using alice = await connect(contract, { ...options, grant: grant.complete(back, one.pending) })
    await using bob = await connect(contract, { ...options, grant: grant.complete(again, two.pending) })
    assert.deepStrictEqual([await whoIs(server, alice), await whoIs(server, bob)], ["alice", "bob"])
  })

  it("a named account's session is replaced by a new sign-in, and adopted by every later connect", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const { options, tags } = observed()
    const grant = web({ account: "visitor-17" })
    const first = await refusal(connect(contract, { ...options, grant }))
    assert.strictEqual(first._tag, "SignInRejected")
    assert.include(first.message, "begin()")
    for (const login of ["alice", "bob"]) {
      const { pending, url } = await grant.begin(contract)
      const callback = await visit(url, login)
      await using api = await connect(contract, {
        ...options,
        policy: { onClose: "keep" },
        grant: grant.complete(callback, pending)
      })
      assert.strictEqual(await whoIs(server, api), login)
    }
    const later = await connect(contract, { ...options, grant: web({ account: "visitor-17" }) })
    assert.strictEqual(await whoIs(server, later), "bob")
    await later[Symbol.asyncDispose]()
    assert.strictEqual(tags().filter((tag) => tag === "SignedIn").length, 2)
    const stranger = await refusal(connect(contract, { ...options, grant: web({ account: "visitor-18" }) }))
    assert.strictEqual(stranger._tag, "SignInRejected")
  })

  it("A1: a pushed request shows the browser a reference and nothing else", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: discovered(server) })
    const grant = web({ pushed: true })
    const { pending, url } = await grant.begin(contract)
    assert.deepStrictEqual([...new URL(url).searchParams.keys()].sort(), ["client_id", "request_uri"])
    const [push] = server.calls.filter(({ path }) => path === "/request")
    assert.strictEqual(push?.form.get("state"), pending.state)
    assert.match(push?.headers.authorization ?? "", /^Basic /)
    const callback = await visit(url)
    await using api = await connect(contract, { ...observed().options, grant: grant.complete(callback, pending) })
    assert.strictEqual(await whoIs(server, api), "alice")
  })

  it("A1: a server that requires pushed requests gets them without being asked", async () => {
    await using server = await listen({
      features: { pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true } }
    })
    const { url } = await web().begin(server.contract({ oauth: discovered(server) }))
    assert.isTrue(new URL(url).searchParams.has("request_uri"))
  })

  it("further parameters are sent, and cannot replace the grant's own", async () => {
    await using server = await listen()
    const grant = web({ parameters: { audience: "https://api.example", state: "mine", code_challenge: "plain" } })
    const { pending, url } = await grant.begin(server.contract({ oauth: codeScheme(server) }))
    const { searchParams } = new URL(url)
    assert.strictEqual(searchParams.get("audience"), "https://api.example")
    assert.strictEqual(searchParams.get("state"), pending.state)
    assert.notStrictEqual(searchParams.get("code_challenge"), "plain")
  })

  it("what cannot work says so before anybody is sent anywhere", async () => {
    await using server = await listen()
    assert.throws(() => web({ redirect: "/callback" }), /absolute URL/)
    const rejection = (attempt: Promise<unknown>): Promise<Error & { _tag?: string }> =>
      attempt.then(
        () => assert.fail("it began"),
        (error) => error
      )
    const contract = server.contract({ oauth: codeScheme(server) })
    assert.include((await rejection(web({ redirect: loopback() }).begin(contract))).message, "connect does both")
    assert.include((await rejection(web({ clientId: "" }).begin(contract))).message, "clientId")
    assert.include((await rejection(web({ clientSecret: "" }).begin(contract))).message, "clientSecret is empty")
    const key = server.contract({ key: { type: "apiKey", in: "header", name: "x-key" } })
    assert.include((await rejection(web().begin(key))).message, "authorization_code")
    const insecure = server.contract({
      oauth: {
        type: "oauth2",
        flows: { authorizationCode: { authorizationUrl: "http://login.example/auth", tokenUrl: "/token", scopes: [] } }
      }
    })
    assert.include((await rejection(web().begin(insecure))).message, "https")
    assert.strictEqual(server.calls.length, 0)
  })
})
