import { assert, describe, it } from "@effect/vitest"
import { GenerateError, generateApi } from "../src/index.ts"
import { temporary } from "./temporary.ts"

const document = `openapi: 3.1.0
info: { title: Shop, version: "1" }
components:
  securitySchemes:
    shop: { type: oauth2, flows: { clientCredentials: { tokenUrl: https://shop.example/token, scopes: { read: r } } } }
paths:
  /things:
    get:
      operationId: list
      security: [{ shop: [admin] }]
      responses:
        "200": { description: ok, content: { application/json: { schema: { $ref: "#/components/schemas/Thing" } } } }
    post:
      operationId: list
      security: [{ shops: [] }]
      responses: { "201": { descriptions: made } }
`

describe("a document with faults of several kinds", () => {
  it("is told all of them, in reading order", async () => {
    using folder = temporary({ "api.yaml": document })
    const error = await generateApi({ document: "api.yaml", out: "out" }, { cwd: folder.path }).then(
      () => undefined,
      (error: unknown) => error
    )
    assert.instanceOf(error, GenerateError)
    const found = (error as GenerateError).diagnostics
      .filter(({ severity }) => severity === "error")
      .map(({ position, rule }) => `${position?.line ?? "?"} ${rule}`)
    assert.include(found, "10 security-scope")
    assert.include(found, "12 unresolved-ref")
    assert.include(found, "15 security-defined")
    assert.deepStrictEqual(
      found,
      [...found].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    )
    assert.deepStrictEqual(folder.list(), ["api.yaml"])
  })
})
