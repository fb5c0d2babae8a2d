import { assert, describe, it } from "@effect/vitest"
import type { Contract, SecurityScheme } from "@keyturn/contract"
import * as Redacted from "effect/Redacted"
import { describe as descriptionOf, grantsOf } from "../src/Description.ts"
import { fingerprint, isProvedBy, prove } from "../src/internal/digest.ts"
import { scrub } from "../src/internal/scrub.ts"
import { parseInstant, parseRetryAfter, parseSeconds, skew } from "../src/internal/time.ts"
import * as Lifetime from "../src/Lifetime.ts"
import { apply, headers, place } from "../src/Placement.ts"
import * as Policy from "../src/Policy.ts"
import { choose } from "../src/Requirement.ts"
import { decode, encode, next, type SessionRecord } from "../src/SessionRecord.ts"
import { merge, type TokenSet, withoutRefreshToken } from "../src/TokenSet.ts"
import { asksForNewToken, parse } from "../src/WwwAuthenticate.ts"

const secret = (text: string) => Redacted.make(text)
const T = Date.parse("2026-01-31T12:00:00Z")
const tokens: TokenSet = {
  accessToken: secret("a"),
  refreshToken: secret("r"),
  tokenType: "Bearer",
  issuedAt: T,
  refreshIssuedAt: T,
  expiresAt: T + 3_600_000
}

describe("instants", () => {
  it("are RFC 3339 with any number of fraction digits", () => {
    assert.strictEqual(parseInstant("2026-01-31T12:00:00Z"), T)
    assert.strictEqual(parseInstant("2026-01-31T12:00:00.123456789Z"), T + 123)
    assert.strictEqual(parseInstant("2026-01-31t13:00:00.1+01:00"), T + 100)
  })
  it("are nothing else", () => {
    for (const text of [
      "",
      "2026-01-31",
      "2026-01-31T12:00:00",
      "31.1.2026",
      "next Tuesday",
      "1769860800",
      "2026-13-31T12:00:00Z"
    ]) {
      assert.isUndefined(parseInstant(text), text)
    }
  })
})

describe("seconds of life (T42)", () => {
  it("are positive numbers or their text, at most a century", () => {
    assert.strictEqual(parseSeconds(3600), 3600)
    assert.strictEqual(parseSeconds("3600"), 3600)
    assert.strictEqual(parseSeconds(1e300), 100 * 365 * 86_400)
    assert.strictEqual(parseSeconds(Number.POSITIVE_INFINITY), 100 * 365 * 86_400)
  })
  it("are unknown when they say nothing", () => {
    for (const value of [0, -1, Number.NaN, "", "soon", "0", "-5", "1e3", null, undefined, {}, true]) {
      assert.isUndefined(parseSeconds(value), String(value))
    }
  })
})

describe("Retry-After", () => {
  it("is seconds or a date (RFC 9110 §10.2.3)", () => {
    assert.strictEqual(parseRetryAfter("120", T), 120_000)
    assert.strictEqual(parseRetryAfter(" 0 ", T), 0)
    assert.strictEqual(parseRetryAfter(new Date(T + 90_000).toUTCString(), T), 90_000)
    assert.strictEqual(parseRetryAfter(new Date(T - 90_000).toUTCString(), T), 0)
    for (const text of [null, "", "soon"]) assert.isUndefined(parseRetryAfter(text, T))
  })
})

describe("skew (T40, T41)", () => {
  it("is how far the server is ahead, and nothing below what the header can say", () => {
    const date = (millis: number) => new Date(millis).toUTCString()
    assert.strictEqual(skew(date(T + 3_600_000), T, T), 3_600_500)
    assert.strictEqual(skew(date(T - 3_600_000), T, T), -3_599_500)
    assert.strictEqual(skew(date(T), T, T + 1000), 0)
    assert.strictEqual(skew(null, T, T), 0)
    assert.strictEqual(skew("yesterday", T, T), 0)
  })
})

describe("scrubbing (T49)", () => {
  it("takes a secret out in every form it travels in", () => {
    const value = 'p&ss "wörd"/+='
    for (const form of [
      value,
      encodeURIComponent(value),
      new URLSearchParams({ v: value }).toString().slice(2),
      JSON.stringify(value).slice(1, -1)
    ]) {
      assert.strictEqual(scrub(`before ${form} after`, [secret(value)]), "before <redacted> after")
    }
  })
  it("takes out control characters and what is too long, and lets an empty secret be", () => {
    assert.strictEqual(scrub("a\u001b[31m\nb", [secret("")]), "a [31m b")
    assert.strictEqual(scrub("x".repeat(500), []).length, 200)
  })
})

describe("digests", () => {
  it("tell tokens apart and prove a secret without showing it", () => {
    assert.strictEqual(fingerprint(secret("a")), "ca978112ca1b")
    const proof = prove(secret("pw"))
    assert.isTrue(isProvedBy(proof, secret("pw")))
    assert.isFalse(isProvedBy(proof, secret("pw ")))
    assert.notStrictEqual(prove(secret("pw")), proof)
    assert.isFalse(isProvedBy("nonsense", secret("pw")))
  })
})

describe("a record", () => {
  const record: SessionRecord = {
    version: 4,
    generation: 2,
    tokens: { ...tokens, scope: ["a", "b"] },
    proof: "p",
    marker: { operation: "refresh", generation: 2, owner: "o", attempt: 1, at: T, deadline: T }
  }
  it("is the same after it was stored", () => {
    const back = decode(encode(record))
    assert.strictEqual(encode(back as SessionRecord), encode(record))
    assert.isTrue(Redacted.isRedacted(back?.tokens?.accessToken))
    assert.notInclude(String(back?.tokens?.refreshToken), "r>")
    assert.deepStrictEqual(decode(encode({ version: 1, generation: 0 })), { version: 1, generation: 0 })
  })
  it("is not read from anything else (T20)", () => {
    const cut = encode(record)
    for (const text of [
      "",
      "null",
      "[]",
      "{",
      cut.slice(0, -2),
      "{}",
      '{"version":1}',
      '{"version":"1","generation":0}',
      '{"version":1,"generation":0,"tokens":null}',
      '{"version":1,"generation":0,"tokens":{"accessToken":1,"issuedAt":1}}',
      '{"version":1,"generation":0,"tokens":{"accessToken":"a"}}'
    ]) {
      assert.isUndefined(decode(text), text)
    }
  })
  it("grows its version with every change, and loses what is taken away", () => {
    const after = next(record, { marker: undefined, tokens: undefined })
    assert.deepStrictEqual(after, { version: 5, generation: 2, proof: "p" })
  })
})

describe("tokens after a refresh (RFC 6749 §6)", () => {
  it("keep what the answer leaves out and take what it brings", () => {
    const { refreshToken: _, refreshIssuedAt: __, ...bare } = tokens
    const kept = merge({ ...tokens, scope: ["a"] }, { ...bare, issuedAt: T + 1 })
    assert.strictEqual(kept.refreshToken && Redacted.value(kept.refreshToken), "r")
    assert.strictEqual(kept.refreshIssuedAt, T)
    assert.deepStrictEqual(kept.scope, ["a"])
    const brought = merge(tokens, { ...bare, refreshToken: secret("s"), refreshIssuedAt: T + 1, scope: ["b"] })
    assert.strictEqual(brought.refreshToken && Redacted.value(brought.refreshToken), "s")
    assert.strictEqual(brought.refreshIssuedAt, T + 1)
    assert.isUndefined(withoutRefreshToken(tokens).refreshToken)
  })
  it("do not keep an expiry that the answer does not repeat", () => {
    const { expiresAt: _, ...bare } = tokens
    assert.isUndefined(merge(tokens, { ...bare, issuedAt: T + 1 }).expiresAt)
  })
})

describe("the schedule of a token", () => {
  const policy = Policy.make()
  const terms = Lifetime.terms({}, "headless", true)
  it("is a margin before its end: a minute, or a fifth of a short life (T36)", () => {
    assert.strictEqual(Lifetime.renewAt(tokens, terms, policy, 0), T + 3_540_000)
    assert.strictEqual(Lifetime.renewAt({ ...tokens, expiresAt: T + 10_000 }, terms, policy, 0), T + 8000)
  })
  it("is up to a quarter of the margin earlier, by one draw a token (T35)", () => {
    assert.strictEqual(
      Lifetime.renewAt(tokens, terms, policy, 0.999_999),
      Math.floor(T + 3_600_000 - 60_000 * (1 + 0.999_999 * 0.25))
    )
  })
  it("is none for a life that is unknown, none or over", () => {
    const { expiresAt: _, ...unknown } = tokens
    assert.isUndefined(Lifetime.renewAt(unknown, terms, policy, 0))
    assert.isUndefined(Lifetime.renewAt({ ...tokens, expiresAt: T }, terms, policy, 0))
    const none = Lifetime.terms({ lifetime: { access: { expiry: "none" } } }, "headless", true)
    assert.isUndefined(Lifetime.renewAt(tokens, none, policy, 0))
    assert.strictEqual(Lifetime.serveUntil(unknown, T, terms), Number.POSITIVE_INFINITY)
  })
  it("reads the contract's words as milliseconds", () => {
    const read = Lifetime.terms(
      {
        refresh: { method: "POST", path: "/", reuse: { grace: "PT30S" } },
        lifetime: { access: { idle: "PT24H", expiry: "hint", ttl: "PT1H" }, refresh: { ttl: "P7D" } }
      },
      "interactive",
      false
    )
    assert.deepStrictEqual(read, {
      expiry: "hint",
      idle: 86_400_000,
      accessTtl: 3_600_000,
      refreshTtl: 604_800_000,
      grace: 30_000,
      refreshable: false,
      signIn: "interactive"
    })
  })
})

describe("WWW-Authenticate (RFC 9110 §11.6.1)", () => {
  it("is several challenges, with parameters or a token68", () => {
    assert.deepStrictEqual(parse('Negotiate abc==, Bearer realm="a, \\"b\\"", error=invalid_token,Basic'), [
      { scheme: "negotiate", parameters: {}, token68: "abc==" },
      { scheme: "bearer", parameters: { realm: 'a, "b"', error: "invalid_token" } },
      { scheme: "basic", parameters: {} }
    ])
  })
  it("is nothing when it cannot be read, and never more than linear work", () => {
    for (const text of ["", ",,,", '"', "=", '"Bearer"']) assert.deepStrictEqual(parse(text), [], text)
    assert.deepStrictEqual(parse('Bearer realm="open'), [{ scheme: "bearer", parameters: {} }])
    // Of the processor's time, for the machine may be busy with something else.
    const started = process.cpuUsage()
    parse(`Bearer ${"a=b, ".repeat(100_000)}`)
    parse('"'.repeat(500_000))
    parse(`Bearer realm="${"\\a".repeat(250_000)}`)
    assert.isBelow(process.cpuUsage(started).user, 1_000_000)
  })
  it("asks for a new token unless it names another error (T32)", () => {
    for (const header of [
      null,
      "Bearer",
      'Bearer error="invalid_token"',
      'Basic realm="x", Bearer error="invalid_token"'
    ]) {
      assert.isTrue(asksForNewToken(header), String(header))
    }
    for (const header of [
      'Bearer error="insufficient_scope", scope="a"',
      'Bearer error="invalid_request"',
      'Basic, Bearer error="insufficient_scope"'
    ]) {
      assert.isFalse(asksForNewToken(header), header)
    }
  })
})

describe("placement", () => {
  const bearer: SecurityScheme = { type: "http", scheme: "BEARER" }
  const key = (place: "header" | "query" | "cookie"): SecurityScheme => ({ type: "apiKey", in: place, name: "X-Key" })
  const applied = async (scheme: SecurityScheme, request = new Request("https://a/")): Promise<Request> => {
    const placed = place(scheme, secret("s 1"))
    return apply(request, placed === undefined ? [] : [placed])
  }
  it("is the header, the query or the cookie that the scheme names", async () => {
    const oauth = await applied({ type: "oauth2", flows: {} })
    const header = await applied(key("header"))
    const query = await applied(key("query"), new Request("https://a/p?x=1&X-Key=old"))
    const cookie = await applied(
      key("cookie"),
      new Request("https://a/", { headers: { cookie: "a=1; X-Key=old; b=2" } })
    )
    const none = await applied({ type: "mutualTLS" })
    assert.strictEqual((await applied(bearer)).headers.get("authorization"), "Bearer s 1")
    assert.strictEqual(oauth.headers.get("authorization"), "Bearer s 1")
    assert.strictEqual(header.headers.get("x-key"), "s 1")
    assert.strictEqual(query.url, "https://a/p?x=1&X-Key=s+1")
    assert.strictEqual(query.headers.get("cache-control"), "no-store")
    assert.strictEqual(cookie.headers.get("cookie"), "a=1; b=2; X-Key=s%201")
    assert.deepStrictEqual([...none.headers], [])
  })
  it("of a call of the session itself has no query", () => {
    assert.deepStrictEqual(headers(key("query"), secret("s")), {})
    assert.deepStrictEqual(headers(bearer, secret("s")), { authorization: "Bearer s" })
  })
})

describe("requirements", () => {
  const contract: Contract = {
    name: "x",
    servers: [],
    schemes: {
      a: { type: "http", scheme: "bearer" },
      b: { type: "apiKey", in: "query", name: "b" },
      old: { type: "http", scheme: "basic", deprecated: true },
      tls: { type: "mutualTLS" }
    },
    security: { default: [], operations: {} }
  }
  const names = (requirements: Parameters<typeof choose>[1], ...configured: ReadonlyArray<string>) => {
    const chosen = choose(contract, requirements, new Set(configured))
    return chosen === undefined ? undefined : Object.keys(chosen)
  }
  it("are met by the first alternative that is configured whole", () => {
    assert.deepStrictEqual(names([{ a: [] }, { b: [] }], "b"), ["b"])
    assert.deepStrictEqual(names([{ a: [], b: [] }, { b: [] }], "b"), ["b"])
    assert.deepStrictEqual(names([{ a: [], b: [] }], "a", "b"), ["a", "b"])
    assert.isUndefined(names([{ a: [], b: [] }], "b"))
    assert.deepStrictEqual(names([{ old: [] }, { a: [] }], "a", "old"), ["a"])
    assert.deepStrictEqual(names([{ old: [] }], "old"), ["old"])
  })
  it("are met by nothing only when nothing else fits and nothing is allowed", () => {
    assert.deepStrictEqual(names([{}, { a: [] }], "a"), ["a"])
    assert.deepStrictEqual(names([{}, { a: [] }]), [])
    assert.deepStrictEqual(names([]), [])
    assert.isUndefined(names([{ a: [] }]))
  })
})

describe("a description", () => {
  const oauth: SecurityScheme = {
    type: "oauth2",
    flows: {
      clientCredentials: { tokenUrl: "/t", scopes: [] },
      password: { tokenUrl: "/t", refreshUrl: "/r", scopes: [] }
    }
  }
  it("needs no x-session where a standard says it all", () => {
    assert.deepStrictEqual(grantsOf(oauth), ["client_credentials", "password"])
    const password = descriptionOf(oauth, "password", "https://api.example/v2")
    assert.strictEqual(password.signIn?.request?.grant_type, "password")
    // Relative to the server as a URL is, not appended to it as a path is.
    assert.strictEqual(password.refresh?.path, "https://api.example/r")
    // RFC 6749 §4.4.3: client credentials come without a refresh token.
    const client = descriptionOf(oauth, "client_credentials", "https://api.example/v2")
    assert.isUndefined(client.refresh)
    assert.isDefined(client.signIn?.clientAuthentication)
  })
  it("says otherwise where x-session does, and only for its own grant", () => {
    const said: SecurityScheme = {
      ...oauth,
      session: {
        signIn: { grant: "password", method: "POST", path: "/mine", request: { u: "$credentials.login" } },
        response: { accessToken: "$response.body#/tok" }
      }
    }
    assert.strictEqual(descriptionOf(said, "password", "https://api.example/v2").signIn?.path, "/mine")
    assert.strictEqual(
      descriptionOf(said, "password", "https://api.example/v2").response?.accessToken,
      "$response.body#/tok"
    )
    assert.strictEqual(
      descriptionOf(said, "client_credentials", "https://api.example/v2").signIn?.path,
      "https://api.example/t"
    )
  })
})
