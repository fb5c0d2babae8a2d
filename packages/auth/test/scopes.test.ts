import { assert, describe, it } from "@effect/vitest"
import type { Contract } from "@keyturn/contract"
import * as Scopes from "../src/Scopes.ts"

const contract: Contract = {
  name: "shop",
  servers: [{ url: "https://api.example.com" }],
  schemes: {
    oauth: { type: "oauth2", flows: {} },
    oidc: { type: "openIdConnect", openIdConnectUrl: "https://id.example.com/.well-known/openid-configuration" },
    key: { type: "http", scheme: "bearer" }
  },
  security: {
    default: [{ oauth: ["read"] }],
    operations: {
      "PUT /pets": [{ key: ["admin"] }, { oauth: ["write", "read"] }],
      "GET /open": [],
      "GET /b c": [{ oauth: ["b"] }],
      "GET /me": [{ oidc: ["profile"] }]
    }
  }
}

describe("the scopes of a requirement", () => {
  it("are its names where the scheme has scopes, and none where they are roles", () => {
    assert.deepStrictEqual(Scopes.needed(contract, { oauth: ["a"] }, "oauth"), ["a"])
    assert.deepStrictEqual(Scopes.needed(contract, { oidc: ["a"] }, "oidc"), ["a"])
    assert.deepStrictEqual(Scopes.needed(contract, { key: ["a"] }, "key"), [])
    assert.deepStrictEqual(Scopes.needed(contract, { unknown: ["a"] }, "unknown"), [])
    assert.deepStrictEqual(Scopes.needed(contract, { oidc: ["a"] }, "oauth"), [])
  })

  it("are asked for once each, in an order that does not depend on the operations", () => {
    assert.deepStrictEqual(Scopes.least(contract, [{ oauth: ["c", "a"] }, { oauth: ["b", "a"] }], "oauth"), [
      "a",
      "b",
      "c"
    ])
  })
})

describe("the scopes to ask for", () => {
  const configured = new Set(["oauth"])
  const of = (operations: ReadonlyArray<string> | undefined, names: ReadonlySet<string> = configured) =>
    Scopes.forOperations(contract, "oauth", names, operations)

  it("are what the chosen operations need and no more", () => {
    assert.deepStrictEqual(of(["GET /pets"]), ["read"])
    assert.deepStrictEqual(of(["GET /pets", "PUT /pets"]), ["read", "write"])
    assert.deepStrictEqual(of(["GET /open"]), [])
    assert.deepStrictEqual(of(["GET /b c"]), ["b"])
  })

  it("are those of the alternative that is configured", () => {
    assert.deepStrictEqual(of(["PUT /pets"], new Set(["oauth", "key"])), [])
    assert.deepStrictEqual(of(["GET /me"]), [])
  })

  it("are left to the server where no operation is named", () => {
    assert.deepStrictEqual(of(undefined), [])
    assert.deepStrictEqual(of([]), [])
  })
})

describe("the scopes that are missing", () => {
  it("are those that were not granted, and none as far as is known when the grant does not say", () => {
    assert.deepStrictEqual(Scopes.missing(["a", "b"], ["b", "c"]), ["a"])
    assert.deepStrictEqual(Scopes.missing(["a"], []), ["a"])
    assert.deepStrictEqual(Scopes.missing(["a"], undefined), [])
  })
})
