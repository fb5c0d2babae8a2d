/** What the vendors' pages say to check when something fails, provoked: the error says it too. */
import { assert, describe, it } from "@effect/vitest"
import { contract } from "@keyturn/bench"
import { contract as bitsContract } from "@keyturn/bits"
import { contract as pinkContract } from "@keyturn/pink"
import { bench, bits, pink } from "@keyturn/simulators"
import * as Effect from "effect/Effect"
import { Client } from "../../src/effect.ts"
import { connect } from "../../src/index.ts"
import { failure, observed, spying } from "./support/observed.ts"

const path = "/rp/api/v1/Accounts"

const start = async (switches: NonNullable<Parameters<typeof bench.listen>[0]>["switches"] = {}) => {
  const server = await bench.listen({ switches })
  return { server, ...observed(server.url), [Symbol.asyncDispose]: () => server.close() }
}

/** Bench as somebody describes it who errs. */
const mistaken = (signIn: { readonly path?: string; readonly contentType?: string }) => {
  const { session } = contract.schemes
  const changed = { ...session, session: { ...session.session, signIn: { ...session.session.signIn, ...signIn } } }
  return { ...contract, schemes: { session: changed } } as unknown as typeof contract
}

describe("Bench's page", () => {
  it("if sign-in fails, confirm that the request goes to /auth/signin", async () => {
    await using at = await start()
    const credentials = at.server.credentials.service
    for (const [wrong, baseUrl] of [
      [mistaken({ path: "/rp/api/v1/auth/signin" }), at.server.url],
      [contract, `${at.server.url}/rp`]
    ] as const) {
      const error = await failure(connect(wrong, { ...at.options, baseUrl, credentials }))
      assert.strictEqual(error._tag, "SignInRejected")
      assert.match(error.message, /POST http\S+\/auth\/signin answered 40\d/)
      assert.match(error.message, /no sign-in at this URL: check the base URL|that this URL is where the API signs in/)
    }
  })

  it.each([
    ["oauth", 400],
    ["oauth", 415],
    ["bench", 400],
    ["bench", 415]
  ] as const)(
    "if the request is rejected, confirm that the body is a form and says so (errors as %s, %i)",
    async (authErrorBody, encodingFailureStatus) => {
      await using at = await start({ authErrorBody, encodingFailureStatus })
      const error = await failure(
        connect(mistaken({ contentType: "application/json" }), {
          ...at.options,
          credentials: at.server.credentials.service
        })
      )
      assert.strictEqual(error._tag, "SignInRejected")
      assert.match(error.message, /sends the media type .* usually as application\/x-www-form-urlencoded/)
    }
  )

  it.each([
    ["oauth", 401],
    ["oauth", 400],
    ["bench", 401],
    ["bench", 400]
  ] as const)(
    "if sign-in fails, check login and password (errors as %s, %i)",
    async (authErrorBody, signInFailureStatus) => {
      await using at = await start({ authErrorBody, signInFailureStatus })
      const { login } = at.server.credentials.service
      const error = await failure(connect(contract, { ...at.options, credentials: { login, password: "guess" } }))
      assert.match(error.message, /Check the login and the password/)
      assert.notInclude(error.message, "guess")
    }
  )

  it("if authenticated requests fail, confirm that Authorization: Bearer is sent", async () => {
    await using at = await start()
    const call = (headers: Record<string, string | null>, token?: string) =>
      Client.make(contract, {
        ...at.options,
        credentials: token === undefined ? at.server.credentials.service : { grant: "token", token }
      }).pipe(
        Effect.flatMap((client) => client.GET(path, { headers })),
        Effect.flip,
        Effect.scoped,
        Effect.runPromise
      )
    const own = await call({ Authorization: "Token abc" })
    assert.match(own.message, /header of its own: leave it out, and the session sends Authorization: Bearer/)
    assert.match((await call({ authorization: null })).message, /leave it out/)
    assert.match((await call({}, "bench-stale")).message, /refuses the credential: check that it is still good/)
  })

  it.each([
    ["at once", 0],
    ["by default", undefined]
  ])(
    "if a 401 follows another sign-in, confirm that nobody else signs in with the account (tried again %s)",
    async (_when, coolDown) => {
      await using at = await start()
      const { service } = at.server.credentials
      await using api = await connect(contract, {
        ...at.options,
        policy: { displacement: { budget: 2, backOff: 0 }, ...(coolDown !== undefined && { coolDown }) },
        credentials: service
      })
      const attempts = async () => {
        for (let time = 0; time < 5; time++) {
          at.server.stranger(service.login)
          await api.GET(path)
        }
      }
      const error = await failure(attempts())
      assert.strictEqual(error._tag, "SessionDisplaced")
      assert.match(error.message, /something else signs in with the same account/)
      assert.match(error.message, /its own account, or let them share one store/)
    }
  )

  it("if a refresh fails after one that succeeded, use the newest refresh token", async () => {
    await using at = await start()
    const { login, password } = at.server.credentials.service
    const form = (path: string, fields: Record<string, string>) =>
      fetch(`${at.server.url}${path}`, { method: "POST", body: new URLSearchParams(fields) }).then(
        (answer) => answer.json() as Promise<{ access_token: string; refresh_token: string }>
      )
    const old = await form("/auth/signin", { username: login, password })
    await form("/auth/token", { grant_type: "refresh_token", refresh_token: old.refresh_token })
    await using api = await connect(contract, {
      ...at.options,
      credentials: { grant: "token", token: old.access_token, refreshToken: old.refresh_token }
    })
    const error = await failure(api.GET(path))
    assert.deepStrictEqual([error._tag, error.why], ["SessionLost", "refresh-rejected"])
    assert.match(error.message, /an earlier refresh has used it up\. Use the newest one/)
    assert.notInclude(error.message, old.refresh_token)
  })
})

describe("the other pages", () => {
  it("Bits: id and secret are the dashboard's, or the token request is refused", async () => {
    await using server = await bits.listen()
    const error = await failure(
      connect(bitsContract, {
        ...observed(server.url).options,
        credentials: { appToken: { ...server.credentials.client, clientSecret: "guess" } }
      })
    )
    assert.match(error.message, /client id and secret/)
  })

  it("Bits: after an hour the client must generate a new token; nobody has to", async () => {
    await using server = await bits.listen()
    await using api = await connect(bitsContract, {
      ...observed(server.url).options,
      credentials: { appToken: server.credentials.client }
    })
    server.clock.advance({ hours: 1, minutes: 1 })
    assert.strictEqual((await api.GET("/oauth2/userinfo")).response.status, 200)
  })

  it("pink, SourceForge: always over https", async () => {
    const error = await failure(
      connect(pinkContract, { baseUrl: "http://pink.example", credentials: { personalAccessToken: { token: "t" } } })
    )
    assert.strictEqual(error._tag, "ConfigurationError")
    assert.match(error.message, /credentials travel over https only/)
  })

  it("pink: a token is kept confidential, so one with a line break from a copied file is not sent, nor shown", async () => {
    await using server = await pink.listen()
    const { fetch, sent } = spying()
    const error = await failure(
      connect(pinkContract, {
        ...observed(server.url).options,
        fetch,
        credentials: { personalAccessToken: { token: "pink-pat.abc\n" } }
      })
    )
    assert.match(error.message, /Check where it is read from/)
    assert.notInclude(error.message, "pink-pat.abc")
    assert.strictEqual(sent.length, 0)
  })
})
