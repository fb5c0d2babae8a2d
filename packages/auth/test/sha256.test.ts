import { createHash, randomBytes } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { sha256 } from "../src/internal/sha256.ts"

const hex = (words: Uint32Array) => Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("")

describe("SHA-256", () => {
  it("is that of the standard's own examples (FIPS 180-4)", () => {
    const of = (text: string) => hex(sha256(new TextEncoder().encode(text)))
    assert.strictEqual(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    assert.strictEqual(
      of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    )
    assert.strictEqual(of("a".repeat(1_000_000)), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  })

  it("is that of the platform for a message of any length around a block's", () => {
    for (let length = 0; length < 300; length++) {
      const message = randomBytes(length)
      assert.strictEqual(hex(sha256(message)), createHash("sha256").update(message).digest("hex"), `${length} bytes`)
    }
  })
})
