import { assert, describe, it } from "@effect/vitest"
import { parseExpression, parsePointer, resolvePointer } from "../src/expression.ts"

describe("runtime expressions", () => {
  it("read a body pointer, a header, a credential and a session value", () => {
    assert.deepStrictEqual(parseExpression("$response.body#/data/access~1token"), {
      source: "response-body",
      pointer: ["data", "access/token"]
    })
    assert.deepStrictEqual(parseExpression("$response.header.X-Expires"), {
      source: "response-header",
      name: "X-Expires"
    })
    assert.deepStrictEqual(parseExpression("$credentials.login"), { source: "credentials", name: "login" })
    assert.deepStrictEqual(parseExpression("$session.refreshToken"), { source: "session", name: "refreshToken" })
  })

  it("refuse what the language has no word for", () => {
    for (const text of [
      "$response.status",
      "$session.password",
      "$response.body#token",
      "$credentials.",
      "$",
      "$response.body#/a~2"
    ]) {
      assert.isUndefined(parseExpression(text), text)
    }
  })

  it("resolve own properties only", () => {
    const pointer = parsePointer("/a/0/b")
    assert.strictEqual(resolvePointer({ a: [{ b: 1 }] }, pointer ?? []), 1)
    assert.isUndefined(resolvePointer({}, ["constructor"]))
  })
})
