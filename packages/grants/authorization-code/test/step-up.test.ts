import { assert, describe, it } from "@effect/vitest"
import { InsufficientScope } from "@keyturn/client"
import { Client } from "@keyturn/client/effect"
import * as Effect from "effect/Effect"
import { listen } from "./support/referee.ts"
import { codeScheme, commandLine, connect, observed } from "./support/setting.ts"

const failure = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => assert.fail("it was answered"),
    (error: unknown) => error
  )

describe("a request that needs a scope which was not granted (RFC 6750 §3.1, B3)", () => {
  it("T32: fails with what is needed and what there is, by every face, and renews nothing", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const { options } = observed()
    const { grant } = commandLine()
    await using api = await connect(contract, { ...options, grant })
    const { GET } = api as unknown as { GET: (path: string) => Promise<unknown> }
    const byEffect = Effect.gen(function* () {
      const client = yield* Client.make(contract, { ...options, grant } as never)
      return yield* (client as unknown as { GET: (path: string) => Effect.Effect<never, unknown> }).GET("/api/write")
    })
    const errors = [
      await failure(api.session.fetch(`${server.url}/api/write`)),
      await failure(GET("/api/write")),
      await Effect.runPromise(Effect.flip(Effect.scoped(byEffect)))
    ]
    for (const error of errors) {
      if (!(error instanceof InsufficientScope)) return assert.fail(String(error))
      assert.deepStrictEqual(error.needed, ["read", "write"])
      assert.deepStrictEqual([...(error.granted ?? [])].sort(), ["offline_access", "openid", "read"])
      assert.include(error.message, "read write")
    }
    assert.lengthOf(server.tokenCalls("refresh_token"), 0)
    assert.strictEqual((await api.session.fetch(`${server.url}/api/me`)).status, 200)
  })

  it("T32: a program that has a person at hand asks them once, for the old scopes and the new ones", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const { options } = observed()
    const opened: Array<string> = []
    const open = (scope?: string) => {
      const program = commandLine(scope === undefined ? {} : { scope })
      return connect(contract, { ...options, grant: program.grant }).finally(() => opened.push(...program.opened))
    }
    await using api = await open()
    const error = await failure(api.session.fetch(`${server.url}/api/write`))
    if (!(error instanceof InsufficientScope)) return assert.fail(String(error))
    const all = new Set([...(error.granted ?? []), ...error.needed])
    await using more = await open([...all].join(" "))
    assert.strictEqual((await more.session.fetch(`${server.url}/api/write`)).status, 200)
    assert.strictEqual((await api.session.fetch(`${server.url}/api/me`)).status, 200)
    assert.lengthOf(opened, 2)
    const asked = new URL(opened[1] ?? "").searchParams.get("scope")?.split(" ").sort()
    assert.deepStrictEqual(asked, ["offline_access", "openid", "read", "write"])
  })
})
