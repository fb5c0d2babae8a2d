/** A generated contract against a second server, which can be told to differ: refresh, grace, scopes, authentication, faults. */
import { assert, describe, it } from "@effect/vitest"
import { memoryStore, type SessionEvent } from "@keyturn/client"
import type { RefreshReuse } from "@keyturn/contract"
import { contract } from "@keyturn/pink"
import { pink } from "@keyturn/simulators"
import { authorizationCode } from "../src/index.ts"
import { loopback } from "../src/loopback.ts"
import { connect, refusal } from "./support/setting.ts"

type Options = NonNullable<Parameters<typeof pink.listen>[0]>

const listen = (switches: Options["switches"] = {}, more: Options = {}) =>
  pink.listen({ ...more, switches: { consent: "allow", ...switches } })

const native = (client: { readonly clientId: string; readonly clientSecret?: string } = { clientId: "pink-nightly" }) =>
  authorizationCode({ ...client, redirect: loopback({ open: (url) => void fetch(url) }) })

const observed = (baseUrl: string) => {
  const events: Array<SessionEvent> = []
  return {
    tags: () => events.map(({ _tag }) => _tag),
    options: {
      baseUrl,
      store: memoryStore(),
      onEvent: (event: SessionEvent) => void events.push(event),
      policy: { coolDown: 0, displacement: { budget: 100, backOff: 0 } } as const
    }
  }
}

const reads = ["GET /v1/reports"] as const

/** The contract of a service that differs in this. */
const changed = (difference: { readonly clientAuthentication?: "basic" | "body"; readonly reuse?: RefreshReuse }) => {
  const { oauth, ...others } = contract.schemes
  const { refresh, signOut, ...session } = oauth.session
  const changedOauth = {
    ...oauth,
    session: { ...session, refresh: { ...refresh, ...difference }, signOut: { ...signOut, ...difference } }
  }
  return { ...contract, schemes: { oauth: changedOauth, ...others } } as unknown as typeof contract
}

describe("a generated contract", () => {
  it("C4, S5: asks for the least scopes that the chosen operations need, and knows what it got though nobody says", async () => {
    await using server = await listen()
    const { options } = observed(server.url)
    await using api = await connect(contract, { ...options, operations: reads, grant: native() })
    assert.deepStrictEqual(api.session.state?.scope, ["reports.read"])
    const { response } = await api.GET("/v1/reports")
    assert.strictEqual(response.status, 200)
  })

  it("C4: a scope that was granted in part is what counts: an operation outside it is not even sent", async () => {
    await using server = await listen({ grantScopes: ["profile"] })
    const { options } = observed(server.url)
    await using api = await connect(contract, {
      ...options,
      operations: ["GET /v1/me", "GET /v1/reports"],
      grant: native()
    })
    assert.strictEqual((await api.GET("/v1/me")).response.status, 200)
    const error = await api.GET("/v1/reports").then(
      () => assert.fail("it was sent"),
      (error) => error
    )
    assert.strictEqual(error._tag, "InsufficientScope")
    assert.strictEqual(server.stats().forbidden, 0)
  })

  it.each(["rotate", "keep", "none"] as const)(
    "C6: lives through the end of its token when refresh is %s",
    async (refresh) => {
      await using server = await listen({ refresh })
      const { options } = observed(server.url)
      await using api = await connect(contract, { ...options, operations: ["GET /v1/me"], grant: native() })
      for (let time = 0; time < 3; time++) {
        server.clock.advance({ hours: 2 })
        const attempt = api.GET("/v1/me")
        if (refresh === "none") {
          const error = await attempt.then(
            () => assert.fail("it was answered"),
            (error) => error
          )
          assert.strictEqual(error._tag, "SessionLost")
        } else assert.strictEqual((await attempt).response.status, 200)
      }
      assert.strictEqual(server.stats().refreshes, refresh === "none" ? 0 : 3)
      assert.strictEqual(server.stats().refreshReuses, 0)
      assert.strictEqual(server.stats().signIns, 1)
    }
  )

  it("I1: a thousand waiting requests at the token's end are one refresh", async () => {
    await using server = await listen()
    const { options } = observed(server.url)
    await using api = await connect(contract, { ...options, operations: ["GET /v1/me"], grant: native() })
    server.clock.advance({ hours: 2 })
    const answers = await Promise.all(Array.from({ length: 1000 }, () => api.GET("/v1/me")))
    assert.isTrue(answers.every(({ response }) => response.status === 200))
    assert.deepStrictEqual([server.stats().refreshes, server.stats().peakRenewals], [1, 1])
  })

  it("I1: after a lost answer an interactive session tries once more, is told of the reuse, and is lost", async () => {
    await using server = await listen()
    const { options, tags } = observed(server.url)
    await using api = await connect(contract, { ...options, operations: ["GET /v1/me"], grant: native() })
    server.clock.advance({ hours: 2 })
    server.faults.add({ on: "refresh", kind: "lose" })
    const error = await api.GET("/v1/me").then(
      () => assert.fail("it was answered"),
      (error) => error
    )
    assert.strictEqual(error._tag, "SessionLost")
    assert.deepStrictEqual([server.stats().refreshes, server.stats().refreshReuses], [1, 1])
    assert.include(tags(), "AnswerLost")
    assert.strictEqual(server.stats().signIns, 1)
  })

  it("I1: within a declared grace the lost answer is asked for again, and nobody has to sign in", async () => {
    await using server = await listen({ refreshGrace: 30_000 })
    const { options } = observed(server.url)
    await using api = await connect(changed({ reuse: { grace: "PT30S" } }), {
      ...options,
      operations: ["GET /v1/me"],
      grant: native()
    })
    server.clock.advance({ hours: 2 })
    server.faults.add({ on: "refresh", kind: "lose" })
    assert.strictEqual((await api.GET("/v1/me")).response.status, 200)
    const { refreshes, refreshReplays, refreshReuses, signIns } = server.stats()
    assert.deepStrictEqual([refreshes, refreshReplays, refreshReuses, signIns], [1, 1, 0, 1])
  })

  it.each(["basic", "body"] as const)(
    "C2: a client with a secret signs in, renews and signs out where %s is asked for",
    async (clientAuthentication) => {
      await using server = await listen({ clientAuthentication })
      const { options, tags } = observed(server.url)
      {
        await using api = await connect(changed({ clientAuthentication }), {
          ...options,
          operations: ["GET /v1/me"],
          grant: native(server.credentials.web)
        })
        server.clock.advance({ hours: 2 })
        assert.strictEqual((await api.GET("/v1/me")).response.status, 200)
      }
      assert.deepStrictEqual(tags().slice(-2), ["SignedOut", "Closed"])
      assert.deepStrictEqual([server.stats().failedTokens, server.stats().liveTokens], [0, 0])
    }
  )

  it("C9: an exchange whose answer is lost, broken or late is made once", async () => {
    for (const fault of [
      { kind: "lose" },
      { kind: "reset" },
      { kind: "status", status: 503 },
      { kind: "body", body: "html" },
      { kind: "body", body: "truncated" },
      { kind: "rewrite", remove: ["access_token"] },
      { kind: "rewrite", set: { token_type: "mac" } }
    ] as const) {
      await using server = await listen()
      server.faults.add({ on: "signIn", ...fault })
      const { options } = observed(server.url)
      const error = await refusal(connect(contract, { ...options, operations: ["GET /v1/me"], grant: native() }))
      assert.include(["AuthUnavailable", "TokenAnswerInvalid"], error._tag, JSON.stringify(fault))
      assert.strictEqual(server.stats().codeReplays, 0)
      assert.strictEqual(server.stats().operations["POST /oauth/token"] ?? 1, 1)
    }
  })

  it("C9: what the page's Deny button brings back is access_denied", async () => {
    await using server = await listen({ consent: "deny" })
    const { options } = observed(server.url)
    const error = await refusal(connect(contract, { ...options, operations: ["GET /v1/me"], grant: native() }))
    assert.deepStrictEqual([error._tag, error.code], ["SignInRejected", "access_denied"])
  })
})
