import { assert, describe, it } from "@effect/vitest"
import { Ajv2020 } from "ajv/dist/2020.js"
import { parseDuration } from "../src/duration.ts"
import schema from "../x-session.schema.json" with { type: "json" }

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema)

/** The example of every key, as a document would write it. */
const whole = {
  signIn: {
    operationId: "signIn",
    grant: "password",
    request: { username: "$credentials.login", password: "$credentials.password", remember: true, version: 2 },
    clientAuthentication: "basic",
    response: { accessToken: "$response.header.X-Token" }
  },
  refresh: {
    operationId: "refresh",
    request: { refresh_token: "$session.refreshToken" },
    clientAuthentication: "body",
    reuse: { grace: "PT30S" }
  },
  signOut: { operationId: "signOut", request: { token: "$session.accessToken" } },
  response: {
    accessToken: "$response.body#/access_token",
    refreshToken: "$response.body#/refresh_token",
    expiresAt: "$response.body#/expiry",
    expiresIn: "$response.body#/expires_in",
    tokenType: "$response.body#/token_type",
    scope: "$response.body#/scope"
  },
  lifetime: { access: { idle: "PT24H", expiry: "hint", ttl: "P1D" }, refresh: { ttl: "P7D" } },
  limit: { sessions: 3, serviceAccounts: 1, onExcess: "evict-oldest" }
}

const without = (path: ReadonlyArray<string>, value?: unknown): unknown => {
  const copy = structuredClone(whole) as Record<string, unknown>
  let at = copy
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>
  const last = path.at(-1) as string
  if (value === undefined) delete at[last]
  else at[last] = value
  return copy
}

describe("the JSON Schema of x-session", () => {
  it("takes every key of the vocabulary together, and each part alone", () => {
    assert.isTrue(validate(whole), JSON.stringify(validate.errors))
    for (const [key, part] of Object.entries(whole)) assert.isTrue(validate({ [key]: part }), key)
  })

  it("refuses a key it does not know, wherever it stands", () => {
    const places = [
      [],
      ["signIn"],
      ["refresh"],
      ["signOut"],
      ["response"],
      ["lifetime"],
      ["lifetime", "access"],
      ["limit"]
    ]
    for (const place of places) assert.isFalse(validate(without([...place, "unknown"], "x")), place.join("."))
  })

  it("refuses a part without what it is for", () => {
    for (const path of [
      ["signIn", "operationId"],
      ["signIn", "grant"],
      ["refresh", "operationId"],
      ["response", "accessToken"]
    ]) {
      assert.isFalse(validate(without(path)), path.join("."))
    }
    assert.isFalse(validate({}))
  })

  it("agrees with parseDuration on what a duration is", () => {
    for (const text of [
      "PT24H",
      "P7D",
      "P1W",
      "PT0.5S",
      "P1DT2H3M4S",
      "P",
      "PT",
      "P1DT",
      "P1Y",
      "P1M",
      "24h",
      "PT1",
      "",
      "P1D ",
      "p1d",
      "PT-1S"
    ]) {
      const valid = validate({ lifetime: { access: { idle: text } } })
      assert.strictEqual(valid, parseDuration(text) !== undefined, JSON.stringify(text))
    }
  })
})
