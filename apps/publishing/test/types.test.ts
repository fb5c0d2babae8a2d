/** Types as a product: what compiles, what must not, how the error reads, and what an editor shows. */
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { open } from "../src/editor.ts"
import { root } from "../src/packages.ts"

const right = `
import { contract } from "@keyturn/bench"
import { contract as bits } from "@keyturn/bits"
import * as Effect from "effect/Effect"
import { Client } from "../src/effect.ts"
import { connect } from "../src/index.ts"

const credentials = { login: "a", password: "b" }
const bench = await connect(contract, { credentials })
const { data, error } = await bench.GET("/rp/api/v1/Accounts")
const least = await connect(contract, { operations: ["GET /rp/api/v1/Accounts"], credentials })
await connect(contract, { credentials: { grant: "token", token: "t" } })
await connect(bits, { credentials: { appToken: { clientId: "a", clientSecret: "b" } } })

class Bench extends Client.Service<Bench>()("app/Bench", contract) {}
const program = Effect.flatMap(Bench, (bench) => bench.GET("/rp/api/v1/Accounts"))
const caught = Effect.catchTag(program, "ApiError", (refused) => {
  const { body, status } = refused
  return status === 403 ? Effect.succeed([]) : Effect.fail(body.errors)
})
`

const wrong = `
await connect(contract, { credentials: { login: "missing" } })
await connect(contract, { credentials: { login: "a", pasword: "misspelt" } })
await connect(contract, { credentials: { token: "no grant" } })
await bench.GET("/rp/api/v1/Acounts")
await bench.POST("/rp/api/v1/Accounts")
await bench.GET("/rp/api/v1/accounts/{accountId}/Projects", { params: { path: { accountId: "text" } } })
await least.GET("/rp/api/v1/accounts/{accountId}/Projects", { params: { path: { accountId: 1 } } })
await connect(contract, { credentials, operations: ["GET /rp/api/v1/Acounts"] })
await connect(bits, { credentials: { sessionToken: { clientId: "a", clientSecret: "no claims" } } })
const unknownStatus = Effect.catchTag(program, "ApiError", ({ status }) => Effect.succeed(status === 418))
`

describe("in an editor", { timeout: 120_000 }, () => {
  const editor = open(join(root, "packages/client/test/in-an-editor.ts"), right + wrong)

  it("what is right compiles, and all that is wrong does not", () => {
    assert.deepStrictEqual([...editor.wrong()].sort(), wrong.trim().split("\n").sort())
  })

  it("a client's hover is a line, and names the contract's paths instead of spelling them out", () => {
    assert.strictEqual(editor.hover("bench = await"), "const bench: ConnectedClient<paths>")
    assert.strictEqual(
      editor.hover("least = await"),
      'const least: ConnectedClient<Only<paths, "GET /rp/api/v1/Accounts">>'
    )
    for (const name of ["data,", "error }", "program =", "caught ="])
      assert.isBelow(editor.hover(name).length, 1500, name)
  })

  it("an Effect's error channel has the declared statuses, each with its body", () => {
    const [, statuses = ""] = editor.hover("status } = refused").split(": ")
    assert.deepStrictEqual(statuses.split(" | ").sort(), ["400", "401", "403", "503"])
    assert.match(editor.hover("refused) =>"), /ApiError/)
  })

  it.each([
    ["missing", /'password' is missing/],
    ["misspelt", /'pasword' does not exist/],
    ["no grant", /'grant' is missing/],
    ["text", /Type 'string' is not assignable to type 'number'/],
    ["least.GET", /is not assignable to parameter of type '"\/rp\/api\/v1\/Accounts"'/],
    ["GET /rp/api/v1/Acounts", /Did you mean '"GET \/rp\/api\/v1\/Accounts"'\?/],
    ["no claims", /missing the following properties .*: applicationId, redirectUrl, workflowId/s],
    ["418", /types '[ |0-9]+' and '418' have no overlap/]
  ])("the error of %s says what is wrong, in few lines", (line, message) => {
    const [error = "", ...more] = editor.errors(line)
    assert.match(error, message)
    assert.deepStrictEqual(more, [])
    assert.isAtMost(error.split("\n").length, 4)
    assert.isBelow(error.length, 1200)
  })

  it("checking all of this makes fewer types than the budget", () => {
    // 401,000 when it was set, the errors above included, which spell out what is right.
    assert.isBelow(editor.instantiations(), 500_000)
  })
})
