import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Encryption from "@keyturn/auth/Encryption"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

const run = Effect.runPromise
const bytes = (fill: number) => new Uint8Array(32).fill(fill)
const base64 = (fill: number) => Buffer.from(bytes(fill)).toString("base64")
const text = '{"tokens":"canary +/=ü\u2028"}'
const messageOf = async (effect: Effect.Effect<unknown, { readonly message: string }>) =>
  (await run(Effect.flip(effect))).message

describe("the cipher", () => {
  it("opens what it sealed, whichever way the same key is written", async () => {
    const sealed = await run(Encryption.make(bytes(255)).seal("name", text))
    const hex = Buffer.from(bytes(255)).toString("hex")
    const base64url = Buffer.from(bytes(255)).toString("base64url")
    const keys = [bytes(255), hex, hex.toUpperCase(), base64(255), `${base64(255)}\n`, base64url]
    for (const key of [...keys, ...keys.map((key) => Redacted.make(key))]) {
      assert.strictEqual(await run(Encryption.make(key).open("name", sealed)), text)
    }
    assert.strictEqual(await run(Encryption.make(async () => base64url).open("name", sealed)), text)
    assert.isTrue(Encryption.isSealed(sealed))
    assert.notInclude(sealed, "canary")
  })

  it("never seals the same text alike", async () => {
    const cipher = Encryption.make(bytes(1))
    assert.notStrictEqual(await run(cipher.seal("name", text)), await run(cipher.seal("name", text)))
  })

  it("refuses a text that was moved to another name, changed by one bit anywhere, or cut", async () => {
    const cipher = Encryption.make(bytes(1))
    const sealed = await run(cipher.seal("one", text))
    assert.include(await messageOf(cipher.open("two", sealed)), "changed, cut or moved")
    const body = sealed.lastIndexOf(":") + 1
    for (let at = body; at < sealed.length; at++) {
      const changed = `${sealed.slice(0, at)}${sealed[at] === "0" ? "1" : "0"}${sealed.slice(at + 1)}`
      assert.include(await messageOf(cipher.open("one", changed)), "changed, cut or moved")
    }
    for (const cut of [sealed.slice(0, -2), sealed.slice(0, body), `${sealed}00`, `${sealed}x`]) {
      assert.include(await messageOf(cipher.open("one", cut)), "changed, cut or moved")
    }
  })

  it("reads with older keys and writes with the current one", async () => {
    const before = await run(Encryption.make(bytes(1)).seal("name", text))
    const rotated = Encryption.make({ current: base64(2), older: [Redacted.make(bytes(1))] })
    assert.strictEqual(await run(rotated.open("name", before)), text)
    const after = await run(rotated.seal("name", text))
    assert.strictEqual(await run(Encryption.make(bytes(2)).open("name", after)), text)
    assert.include(await messageOf(Encryption.make(bytes(1)).open("name", after)), "another key")
  })

  it("asks a key function once, and again when a record of an unknown key turns up", async () => {
    let asked = 0
    let current = bytes(1)
    const cipher = Encryption.make(() => {
      asked++
      return current
    })
    const before = await run(cipher.seal("name", text))
    await run(cipher.open("name", before))
    assert.strictEqual(asked, 1)
    current = bytes(2)
    const after = await run(Encryption.make(bytes(2)).seal("name", text))
    assert.strictEqual(await run(cipher.open("name", after)), text)
    assert.strictEqual(asked, 2)
  })

  it("asks a key function again after it failed, and does not repeat what it said", async () => {
    let works = false
    const cipher = Encryption.make(async () => {
      if (!works) throw new RangeError("canary-secret")
      return bytes(1)
    })
    const error = await run(Effect.flip(cipher.seal("name", text)))
    assert.include(error.message, "RangeError")
    assert.notInclude(inspect(error, { depth: null }), "canary")
    works = true
    assert.isTrue(Encryption.isSealed(await run(cipher.seal("name", text))))
  })

  it("refuses keys of another length or form at once, without repeating them", async () => {
    for (const key of ["", "canary passphrase", bytes(1).slice(1), `${base64(1)}=`, "g".repeat(64)]) {
      assert.throws(() => Encryption.make(key), /32 bytes/)
      assert.throws(() => Encryption.make({ current: bytes(1), older: [key] }), /32 bytes/)
      assert.include(await messageOf(Encryption.make(() => key).seal("name", text)), "32 bytes")
    }
    try {
      Encryption.make("canary passphrase")
    } catch (error) {
      assert.notInclude(inspect(error, { depth: null }), "canary")
    }
  })

  const cryptoKey = (length: 128 | 256, usages: ReadonlyArray<KeyUsage> = ["encrypt", "decrypt"]) =>
    crypto.subtle.generateKey({ name: "AES-GCM", length }, false, usages)

  it("takes CryptoKeys that nobody can export, alone, in a ring and from a function", async () => {
    const [one, two, three] = await Promise.all([cryptoKey(256), cryptoKey(256), cryptoKey(256)])
    const before = await run(Encryption.make(one).seal("name", text))
    assert.notInclude(before, "canary")
    assert.strictEqual(await run(Encryption.make(one).open("name", before)), text)
    const rotated = Encryption.make({ current: two, older: [bytes(1), three, one] })
    assert.strictEqual(await run(rotated.open("name", before)), text)
    assert.strictEqual(await run(Encryption.make(two).open("name", await run(rotated.seal("name", text)))), text)
    assert.include(await messageOf(Encryption.make(two).open("name", before)), "CryptoKey that is not among these")
    assert.include(await messageOf(Encryption.make(one).open("other", before)), "or was changed")
    assert.include(await messageOf(Encryption.make(bytes(1)).open("name", before)), "CryptoKey")
    let current = three
    const asked = Encryption.make(() => current)
    await run(asked.seal("name", text))
    current = one
    assert.strictEqual(await run(asked.open("name", before)), text)
  })

  it("refuses a CryptoKey that is for something else, at once", async () => {
    const hmac = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256", length: 256 }, false, ["sign"])
    for (const key of [await cryptoKey(128), await cryptoKey(256, ["encrypt"]), hmac]) {
      assert.throws(() => Encryption.make(key), /AES-GCM, with 256 bits/)
    }
  })
})
