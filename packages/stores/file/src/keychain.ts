/**
 * The store's encryption key in the keychain of the operating system: Keychain on macOS, Credential Manager on Windows, the
 * Secret Service (gnome-keyring, KWallet, KeePassXC) on Linux. Needs the package `@napi-rs/keyring`.
 */
import { randomBytes } from "node:crypto"
import { mkdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { KeyRing } from "@keyturn/auth/Encryption"
import { ConfigurationError } from "@keyturn/auth/SessionError"
import * as Redacted from "effect/Redacted"
import { tryLock } from "./alive.ts"
import { defaultPath } from "./location.ts"

/** Which entry of the keychain holds the key. */
export interface KeychainOptions {
  /** The entry's service. Default `keyturn`. */
  readonly service?: string | undefined
  /** The entry's account. Default `sessions`. */
  readonly account?: string | undefined
}

/** How long a keychain may take, in milliseconds: it may ask a person to unlock it. */
const PATIENCE = 60_000
/** How long another process may take to make or rotate the key, in milliseconds, and how often that is looked at. */
const TURN = { longest: 2 * PATIENCE, every: 20 }
/** How many keys before the current one are kept: what they encrypted is written anew with the next renewal. */
const OLDER = 3

const OTHERWISE =
  "Give the key in another way: `key: process.env.KEYTURN_KEY` with 32 random bytes in base64 (`openssl rand -base64 32`)."

const failed = (what: string, cure: string) => new ConfigurationError({ message: `${what} ${cure} ${OTHERWISE}` })

interface Entry {
  readonly get: () => Promise<string | null>
  readonly set: (text: string) => Promise<void>
}

/** Bounds what the keychain does, and explains what it throws. */
const asked = async <A>(call: () => Promise<A>): Promise<A> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not answer within ${PATIENCE / 1000} s`)), PATIENCE)
  })
  try {
    return await Promise.race([call(), late])
  } catch (error) {
    const why = error instanceof Error ? error.message : typeof error
    throw failed(
      `The keychain cannot be used: ${why}.`,
      process.platform === "linux"
        ? "A Secret Service (gnome-keyring, KWallet, KeePassXC) has to run in this D-Bus session and be unlocked; servers and containers have none."
        : "Unlock it, and let this program use it."
    )
  } finally {
    clearTimeout(timer)
  }
}

const open = async ({ account = "sessions", service = "keyturn" }: KeychainOptions): Promise<Entry> => {
  const module = await import("@napi-rs/keyring").catch((error: { readonly code?: string }) => {
    throw error.code === "ERR_MODULE_NOT_FOUND"
      ? failed("The keychain needs a package that is not installed.", "Run: npm install @napi-rs/keyring.")
      : failed(
          `The package @napi-rs/keyring does not load (${error.code ?? "unknown"}).`,
          "It may have no build for this platform."
        )
  })
  // The kernel's keyring, which would be used where there is no Secret Service, forgets the key when the machine restarts.
  const entry = await asked(async () => new module.AsyncEntry(service, account, { linux: { store: "secret-service" } }))
  return {
    get: () => asked(() => entry.getPassword()),
    set: (text) => asked(() => entry.setPassword(text))
  }
}

/** Keys as the entry holds them: in base64, the current one first. */
const parse = (text: string): KeyRing => {
  const [current, ...older] = text.split(" ").map((key) => Redacted.make(key))
  if (current === undefined || !/^[\w+/-]{43}=( [\w+/-]{43}=)*$/.test(text)) {
    throw failed(
      "The keychain's entry is not a key of ours.",
      "Choose another service or account, or delete the entry; then everybody signs in again."
    )
  }
  return { current, older }
}

/** Waits for this process's turn to change the key; closing what it gives ends it. */
const takeTurn = async (): Promise<Disposable> => {
  const folder = dirname(defaultPath())
  const until = performance.now() + TURN.longest
  do {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const lock = tryLock(join(folder, "keychain.lock"))
      if (lock !== undefined) return lock
    } catch (error) {
      const { code = "unknown" } = error as NodeJS.ErrnoException
      throw failed(`The key cannot be made: ${folder} cannot be written (${code}).`, "Check its permissions.")
    }
    await sleep(TURN.every)
  } while (performance.now() < until)
  throw failed("Another process has been changing the key all the time.", "Look for one that hangs.")
}

/** Changes the entry. A keychain has no compare-and-set: processes take turns by a lock of the kernel. */
const change = async (entry: Entry, next: (before: string | null) => string): Promise<KeyRing> => {
  using _ = await takeTurn()
  const before = await entry.get()
  const text = next(before)
  if (text !== before) await entry.set(text)
  return parse(text)
}

const newKey = () => randomBytes(32).toString("base64")

/**
 * A key for `fileStore` that the keychain holds. It is made when it is first asked for, by one process, however many begin at once.
 *
 * When it cannot be had, the store's calls fail with `StoreUnavailable`, which says what to do: the package is missing, no
 * keychain runs (servers and containers have none), it stays locked for 60 seconds, or the entry belongs to something else.
 *
 * @example
 * ```ts
 * const store = fileStore({ key: keychainKey() })
 * ```
 */
export const keychainKey =
  (options: KeychainOptions = {}): (() => Promise<KeyRing>) =>
  async () => {
    const entry = await open(options)
    const text = await entry.get()
    return text === null ? change(entry, (before) => before ?? newKey()) : parse(text)
  }

/**
 * Makes a new key in the keychain. Running processes find it by themselves; what was encrypted with the three keys before can
 * still be read, and is written anew when its session is renewed.
 *
 * Rejects with `ConfigurationError` when the keychain cannot be used.
 *
 * @example
 * ```ts
 * await rotateKeychainKey()
 * ```
 */
export const rotateKeychainKey = async (options: KeychainOptions = {}): Promise<void> => {
  await change(await open(options), (before) => {
    if (before === null) return newKey()
    parse(before)
    return [newKey(), ...before.split(" ").slice(0, OLDER)].join(" ")
  })
}
