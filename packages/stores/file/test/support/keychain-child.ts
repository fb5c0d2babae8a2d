/** A process that uses the keychain: prints, as JSON, what came of it. */
import { createHash } from "node:crypto"
import { fileStore } from "@keyturn/store-file"
import { keychainKey, rotateKeychainKey } from "@keyturn/store-file/keychain"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

const [task, path = ""] = process.argv.slice(2)
const options = { service: "keyturn-test", account: "one" }
const run = Effect.runPromise
const record = (version: number) => ({
  version,
  generation: 1,
  tokens: { accessToken: Redacted.make("canary"), tokenType: "Bearer", issuedAt: 1 }
})

const tasks: Readonly<Record<string, () => Promise<unknown>>> = {
  /** Which keys several callers at once are given: hashes, and how many older ones there are. */
  key: async () => {
    const rings = await Promise.all([1, 2, 3, 4].map(() => keychainKey(options)()))
    const hashes = rings.map(({ current, older }) => {
      const text = Redacted.isRedacted(current) ? String(Redacted.value(current)) : ""
      return `${text.length} ${createHash("sha256").update(text).digest("hex")} ${older?.length}`
    })
    return [...new Set(hashes)]
  },
  /** Another program keeps something under the same name. */
  occupy: async () => {
    const { AsyncEntry } = await import("@napi-rs/keyring")
    await new AsyncEntry(options.service, options.account).setPassword("canary-password")
  },
  rotate: () => rotateKeychainKey(options),
  /** A store that is open while the key is rotated, and one that is opened then. */
  stores: async () => {
    await using before = fileStore({ path, key: keychainKey(options) })
    await run(before.write("key", record(1)))
    await rotateKeychainKey(options)
    await using after = fileStore({ path, key: keychainKey(options) })
    const old = await run(after.read("key"))
    await run(after.write("key", record(2)))
    const found = await run(before.read("key"))
    return [old.version, found.version]
  },
  /** What a store says that has no keychain. */
  fail: async () =>
    (await run(Effect.flip(fileStore({ path, key: keychainKey(options) }).write("key", record(1))))).message
}

console.log(JSON.stringify((await tasks[task ?? ""]?.()) ?? null))
