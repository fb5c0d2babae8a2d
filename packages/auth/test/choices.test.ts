import { assert, describe, it } from "@effect/vitest"
import type { Contract } from "@keyturn/contract"
import * as Redacted from "effect/Redacted"
import { decide } from "../src/Decision.ts"
import * as Lifetime from "../src/Lifetime.ts"
import { choose } from "../src/Requirement.ts"

const contract: Contract = {
  name: "shop",
  servers: [{ url: "https://api.example.com" }],
  schemes: {
    a: { type: "http", scheme: "bearer" },
    old: { type: "http", scheme: "bearer", deprecated: true },
    tls: { type: "mutualTLS" }
  },
  security: { default: [], operations: {} }
}

describe("the choice among security requirements", () => {
  it("takes a client certificate as given: it is the connection's, not the session's", () => {
    assert.deepStrictEqual(choose(contract, [{ tls: [], a: [] }], new Set(["a"])), { tls: [], a: [] })
    assert.isUndefined(choose(contract, [{ tls: [], a: [] }], new Set()))
  })

  it("prefers an alternative without any deprecated scheme, and takes one where there is no other", () => {
    const both = new Set(["a", "old"])
    assert.deepStrictEqual(choose(contract, [{ old: [], a: [] }, { a: [] }], both), { a: [] })
    assert.deepStrictEqual(choose(contract, [{ old: [] }], both), { old: [] })
  })

  it("does not fall over a name that no scheme has", () => {
    assert.isUndefined(choose(contract, [{ missing: [] }], new Set(["a"])))
    assert.deepStrictEqual(choose(contract, [{ missing: [] }], new Set(["missing"])), { missing: [] })
  })
})

describe("the terms of a description that says nothing", () => {
  it("are the strict ones: a token ends when its answer says so, and a refresh token works once", () => {
    assert.deepStrictEqual(Lifetime.terms({}, "headless", true), {
      expiry: "strict",
      idle: undefined,
      accessTtl: undefined,
      refreshTtl: undefined,
      grace: 0,
      refreshable: true,
      signIn: "headless"
    })
  })
})

describe("the life of a token", () => {
  const terms = (ttl?: string) =>
    Lifetime.terms(ttl === undefined ? {} : { lifetime: { access: { ttl } } }, "headless", true)
  const tokens = { accessToken: Redacted.make("a"), tokenType: "Bearer", issuedAt: 1000 }

  it("is the contract's where its answer announced none", () => {
    assert.deepStrictEqual(Lifetime.dated(tokens, terms("PT1M")), { ...tokens, expiresAt: 61_000 })
    assert.deepStrictEqual(Lifetime.dated(tokens, terms()), tokens)
    const announced = { ...tokens, expiresAt: 5000 }
    assert.deepStrictEqual(Lifetime.dated(announced, terms("PT1M")), announced)
    assert.deepStrictEqual(Lifetime.dated(announced, terms()), announced)
  })
})

describe("a refresh whose answer never came, while the access token still works", () => {
  const terms: Lifetime.Terms = {
    expiry: "strict",
    idle: undefined,
    accessTtl: undefined,
    refreshTtl: undefined,
    grace: 0,
    refreshable: true,
    signIn: "headless"
  }
  const record = {
    version: 2,
    generation: 1,
    tokens: {
      accessToken: Redacted.make("a"),
      refreshToken: Redacted.make("r"),
      tokenType: "Bearer",
      issuedAt: 0,
      expiresAt: 1000
    },
    marker: { operation: "refresh", generation: 1, owner: "o", attempt: 1, at: 0, deadline: 10 }
  } as const
  const trigger = {
    _tag: "Renew",
    used: 1,
    lastUsedAt: 0,
    leased: true,
    attended: false,
    urgent: false,
    proven: true
  } as const

  it("is followed by a sign-in where none has to wait for a person, in good time (T25)", () => {
    assert.deepStrictEqual(decide(record, 500, trigger, terms), { _tag: "Renew", method: "signIn", attempt: 1 })
  })

  it("is left alone where a person would have to sign in, until it matters (I1)", () => {
    assert.deepStrictEqual(decide(record, 500, trigger, { ...terms, signIn: "interactive" }), { _tag: "Serve" })
  })
})
