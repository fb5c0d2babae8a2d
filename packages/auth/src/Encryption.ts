/**
 * Encryption at rest for stores: AES-256-GCM (NIST SP 800-38D) by WebCrypto, so it works in Node and in browsers. The name
 * under which a record is kept is authenticated with it: a record moved to another name does not open.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, concatBytes, hexToBytes, randomBytes, utf8ToBytes } from "@noble/hashes/utils.js"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ConfigurationError, StoreUnavailable } from "./SessionError.ts"

/**
 * 32 random bytes, as they are or written in base64, base64url or hexadecimal: `openssl rand -base64 32` makes them. Or a
 * WebCrypto key for AES-GCM with 256 bits that may encrypt and decrypt; it need not be extractable.
 */
export type Key = Uint8Array | string | Redacted.Redacted<string | Uint8Array> | CryptoKey

/** The key that is written with, and older ones that are still read: a rotation moves `current` to `older`. */
export interface KeyRing {
  readonly current: Key
  /** Default: none. */
  readonly older?: ReadonlyArray<Key>
}

/**
 * What a store takes as its `key`. A function is asked when the first record is read or written, and again when one turns
 * up that its keys do not open: so a rotation needs no restart.
 */
export type KeySource = Key | KeyRing | (() => Key | KeyRing | Promise<Key | KeyRing>)

/** Makes a text unreadable for whoever has no key, and back. `name` is what it is kept under. */
export interface Cipher {
  /** Fails with `StoreUnavailable` when the key cannot be had. */
  readonly seal: (name: string, text: string) => Effect.Effect<string, StoreUnavailable>
  /** Fails with `StoreUnavailable` when no key opens it, or it was changed or moved. */
  readonly open: (name: string, sealed: string) => Effect.Effect<string, StoreUnavailable>
}

interface OpenedKey {
  /** Tells the keys of a ring apart; 8 hexadecimal digits of a hash, of no use to a thief, or `OPAQUE`. */
  readonly id: string
  readonly key: CryptoKey
}

const PREFIX = "aes256gcm"
/** The nonce's length: random ones of 96 bits are safe for 2^32 records a key (SP 800-38D §8.3). */
const NONCE = 12

/** What stands for the id of a key that does not show its bytes: those are tried one after the other. */
const OPAQUE = "opaque"

const BAD_KEY =
  "The key must be 32 bytes, as they are or written in base64 or hexadecimal. `openssl rand -base64 32` makes one."
const BAD_CRYPTO_KEY =
  "A CryptoKey for the store must be for AES-GCM, with 256 bits, and allowed to encrypt and decrypt."

const isCryptoKey = (key: unknown): key is CryptoKey => typeof CryptoKey === "function" && key instanceof CryptoKey

const checkCryptoKey = (key: CryptoKey): CryptoKey => {
  const { length, name } = key.algorithm as AesKeyAlgorithm
  const fits = name === "AES-GCM" && length === 256 && key.usages.includes("encrypt") && key.usages.includes("decrypt")
  if (!fits) throw new ConfigurationError({ message: BAD_CRYPTO_KEY })
  return key
}

const bytesOf = (key: Exclude<Key, CryptoKey>): Uint8Array<ArrayBuffer> => {
  const value = Redacted.isRedacted(key) ? Redacted.value(key) : key
  let bytes: Uint8Array | undefined
  if (typeof value !== "string") bytes = value
  else if (/^[0-9a-f]{64}$/i.test(value.trim())) bytes = hexToBytes(value.trim())
  else if (/^[\w+/-]{43}=?$/.test(value.trim())) {
    const binary = atob(value.trim().replaceAll("-", "+").replaceAll("_", "/"))
    bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
  }
  if (!(bytes instanceof Uint8Array) || bytes.length !== 32) throw new ConfigurationError({ message: BAD_KEY })
  return Uint8Array.from(bytes)
}

const isRing = (value: Key | KeyRing): value is KeyRing =>
  typeof value === "object" && !(value instanceof Uint8Array) && !Redacted.isRedacted(value) && !isCryptoKey(value)

/** The keys, checked. */
const keysOf = (value: Key | KeyRing): ReadonlyArray<Uint8Array<ArrayBuffer> | CryptoKey> =>
  (isRing(value) ? [value.current, ...(value.older ?? [])] : [value]).map((key) =>
    isCryptoKey(key) ? checkCryptoKey(key) : bytesOf(key)
  )

const openKey = async (key: Uint8Array<ArrayBuffer> | CryptoKey): Promise<OpenedKey> =>
  isCryptoKey(key)
    ? { id: OPAQUE, key }
    : {
        id: bytesToHex(sha256(concatBytes(utf8ToBytes("keyturn key id\n"), key))).slice(0, 8),
        key: await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"])
      }

const parametersOf = (name: string, nonce: Uint8Array<ArrayBuffer>): AesGcmParams => ({
  name: "AES-GCM",
  iv: nonce,
  additionalData: Uint8Array.from(utf8ToBytes(`keyturn record\n${name}`))
})

/** Opens what one of the keys sealed; `undefined` when none of them did. */
const openWith = async (keys: ReadonlyArray<OpenedKey>, name: string, body: string): Promise<string | undefined> => {
  for (const { key } of keys) {
    try {
      const bytes = Uint8Array.from(hexToBytes(body))
      const parameters = parametersOf(name, bytes.slice(0, NONCE))
      return new TextDecoder().decode(await crypto.subtle.decrypt(parameters, key, bytes.slice(NONCE)))
    } catch {
      // not this key, or no key at all
    }
  }
  return undefined
}

/** Whether a text is one that a cipher sealed. */
export const isSealed = (text: string): boolean => text.startsWith(`${PREFIX}:`)

const unavailable = (message: string) => new StoreUnavailable({ message })

/**
 * Makes a cipher. A key that is given (not a function) is checked at once.
 *
 * Throws `ConfigurationError` when a given key is not 32 bytes.
 */
export const make = (source: KeySource): Cipher => {
  if (typeof source !== "function") keysOf(source)
  let ring: Promise<ReadonlyArray<OpenedKey>> | undefined
  const load = (again: boolean): Promise<ReadonlyArray<OpenedKey>> => {
    if (ring === undefined || (again && typeof source === "function")) {
      const loading = (async () =>
        Promise.all(keysOf(typeof source === "function" ? await source() : source).map(openKey)))()
      ring = loading
      loading.catch(() => {
        if (ring === loading) ring = undefined
      })
    }
    return ring
  }
  const keys = (again = false) =>
    Effect.tryPromise({
      try: () => load(again),
      catch: (cause) =>
        cause instanceof ConfigurationError
          ? unavailable(cause.message)
          : unavailable(
              `The store's encryption key could not be had: the key function failed (${cause instanceof Error ? cause.name : typeof cause}).`
            )
    })
  return {
    seal: Effect.fnUntraced(function* (name, text) {
      const [current] = (yield* keys()) as [OpenedKey]
      const nonce = Uint8Array.from(randomBytes(NONCE))
      const sealed = yield* Effect.promise(() =>
        crypto.subtle.encrypt(parametersOf(name, nonce), current.key, Uint8Array.from(utf8ToBytes(text)))
      )
      return `${PREFIX}:${current.id}:${bytesToHex(concatBytes(nonce, new Uint8Array(sealed)))}`
    }),
    open: Effect.fnUntraced(function* (name, sealed) {
      const [, id = "", body = ""] = sealed.split(":")
      let fitting: ReadonlyArray<OpenedKey> = []
      for (const again of [false, true]) {
        fitting = (yield* keys(again)).filter((key) => key.id === id)
        const text = yield* Effect.promise(() => openWith(fitting, name, body))
        if (text !== undefined) return text
        if (fitting.length > 0 && id !== OPAQUE) break
      }
      if (id === OPAQUE) {
        return yield* unavailable(
          "The stored session was encrypted with a CryptoKey that is not among these, or was changed since. Give that key as an older one, or delete the stored session."
        )
      }
      return yield* unavailable(
        fitting.length === 0
          ? `The stored session was encrypted with another key (${/^[0-9a-f]{8}$/.test(id) ? id : "unreadable"}). Give that key as an older one, or delete the stored session.`
          : "The stored session was changed, cut or moved since it was written: its encryption does not verify. Delete it, and find out who else writes to the store."
      )
    })
  }
}
