import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import type { Contract } from "@keyturn/contract"
import * as Redacted from "effect/Redacted"
import { connect } from "../src/index.ts"
import { apiKey } from "./own-grant.ts"

const contract = {
  name: "own",
  servers: [{ url: "https://own.example" }],
  schemes: { session: { type: "http", scheme: "bearer" } },
  security: { default: [{ session: [] }], operations: {} }
} as const satisfies Contract

/** Gives tokens for the key `k1`; each is good for one request. */
const serve = async () => {
  let given = 0
  let good = ""
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
    }
    if (request.url === "/session") {
      if (request.headers["x-api-key"] !== "k1") return answer(403, { message: "unknown key" })
      good = `t${++given}`
      return answer(200, { token: good, seconds: 3600 })
    }
    if (request.headers.authorization !== `Bearer ${good}`) return answer(401, {})
    good = ""
    return answer(200, { given })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    given: () => given,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

describe("a grant of one's own", () => {
  it("signs in, and signs in again when its token is refused", async () => {
    await using server = await serve()
    await using api = await connect(contract, { baseUrl: server.url, grant: apiKey("me", Redacted.make("k1")) })
    assert.deepStrictEqual(await (await api.session.fetch("/a")).json(), { given: 1 })
    assert.deepStrictEqual(await (await api.session.fetch("/a")).json(), { given: 2 })
  })

  it("is refused like any other, without its secret in what is said", async () => {
    await using server = await serve()
    const error = await connect(contract, {
      baseUrl: server.url,
      grant: apiKey("me", Redacted.make("wrong-key"))
    }).then(
      () => undefined,
      (error: unknown) => error as Error
    )
    assert.strictEqual((error as { _tag?: string } | undefined)?._tag, "SignInRejected")
    assert.notInclude(String(error?.message), "wrong-key")
  })

  it("is what the README of auth shows", () => {
    const readme = readFileSync(new URL("../../auth/README.md", import.meta.url), "utf8")
    assert.include(readme, readFileSync(new URL("own-grant.ts", import.meta.url), "utf8"))
  })
})
