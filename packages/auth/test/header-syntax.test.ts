import { assert, describe, it } from "@effect/vitest"
import { parseHttpDate, parseInstant, parseRetryAfter, parseSeconds, skew } from "../src/internal/time.ts"
import { parse } from "../src/WwwAuthenticate.ts"

const T = Date.parse("2026-01-31T12:00:00Z")

describe("a challenge (RFC 9110 §11.6.1; RFC 6750 §3, B3)", () => {
  it("may have any space that the grammar allows", () => {
    const realm = [{ scheme: "bearer", parameters: { realm: "x" } }]
    for (const header of ['Bearer realm ="x"', "Bearer realm= x", " ,, Bearer   realm = x , ,"]) {
      assert.deepStrictEqual(parse(header), realm, header)
    }
    assert.deepStrictEqual(parse("Negotiate  abc== , Basic realm=x"), [
      { scheme: "negotiate", parameters: {}, token68: "abc==" },
      { scheme: "basic", parameters: { realm: "x" } }
    ])
    assert.deepStrictEqual(parse("Negotiate abc"), [{ scheme: "negotiate", parameters: {}, token68: "abc" }])
  })

  it("has a token68 only after a space, and a parameter only after a scheme", () => {
    assert.deepStrictEqual(parse("Bearer/abc"), [{ scheme: "bearer", parameters: {} }])
    assert.deepStrictEqual(parse("realm=x"), [{ scheme: "realm", parameters: {} }])
  })

  it("ends where it cannot be read, and keeps what could", () => {
    assert.deepStrictEqual(parse("Bearer a=1, realm=,x"), [{ scheme: "bearer", parameters: { a: "1" } }])
    assert.deepStrictEqual(parse('Bearer error="invalid'), [{ scheme: "bearer", parameters: {} }])
  })
})

describe("an HTTP date (RFC 9110 §5.6.7)", () => {
  it("has three forms, all of them GMT", () => {
    const expected = Date.UTC(1994, 10, 6, 8, 49, 37)
    for (const text of [
      "Sun, 06 Nov 1994 08:49:37 GMT",
      "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun Nov  6 08:49:37 1994",
      " Sun, 06 Nov 1994 08:49:37 GMT "
    ]) {
      assert.strictEqual(parseHttpDate(text), expected, text)
    }
  })

  it("is nothing that an engine takes for one", () => {
    for (const text of [
      null,
      "",
      "5 s",
      "-5",
      "1994",
      "Nov 6 1994",
      "x Sun, 06 Nov 1994 08:49:37 GMT",
      "Sun, 99 Foo 08:49:37",
      "Sun, 06 Nov 1994 08:49:37 PST"
    ]) {
      assert.isUndefined(parseHttpDate(text), String(text))
    }
  })
})

describe("times in headers and answers", () => {
  it("ask to wait for whole seconds or a date, and for nothing else", () => {
    assert.strictEqual(parseRetryAfter(" 5 ", T), 5000)
    assert.strictEqual(parseRetryAfter("  120  ", T), 120_000)
    for (const text of ["5 s", "5s", "x5", "x 5", "-5", "1.5"]) assert.isUndefined(parseRetryAfter(text, T), text)
  })

  it("tell a skew from two seconds on", () => {
    const server = new Date(T).toUTCString()
    assert.strictEqual(skew(server, T - 1499, T - 1499), 0)
    assert.strictEqual(skew(server, T - 1500, T - 1500), 2000)
    assert.strictEqual(skew(server, T + 2500, T + 2500), -2000)
    assert.strictEqual(skew(server, T + 2499, T + 2499), 0)
    assert.strictEqual(skew("5", T, T), 0)
  })

  it("are seconds with a fraction, as a number or its text", () => {
    assert.strictEqual(parseSeconds("1.25"), 1.25)
    assert.strictEqual(parseSeconds(" 60 "), 60)
    for (const value of [[5], "1.", "1.x", "x1", "1x"]) assert.isUndefined(parseSeconds(value), String(value))
  })

  it("are an instant as a whole or none", () => {
    assert.strictEqual(parseInstant("2026-01-31t12:00:00.9999z"), T + 999)
    for (const text of ["x2026-01-31T12:00:00Z", "2026-01-31T12:00:00Zx"]) assert.isUndefined(parseInstant(text), text)
  })
})
