import { sha256 } from "@noble/hashes/sha2.js"
import { randomBytes, utf8ToBytes } from "@noble/hashes/utils.js"
import * as Redacted from "effect/Redacted"

/** Joined at once: text that is added up piece by piece stays in its pieces, and a session keeps some of it for long. */
const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

const hex = (text: string): string => toHex(sha256(utf8ToBytes(text)))

/** Twelve hexadecimal digits of a token's SHA-256: the same in every process, and of no use to a thief. */
export const fingerprint = (token: Redacted.Redacted<string>): string => hex(Redacted.value(token)).slice(0, 12)

/** A proof that the maker knew `secret`, worth nothing to who does not: `salt:hash`. */
export const prove = (secret: Redacted.Redacted<string>, salt: string = toHex(randomBytes(16))): string =>
  `${salt}:${hex(`${salt}\n${Redacted.value(secret)}`)}`

/** Whether a proof was made with this secret. */
export const isProvedBy = (proof: string, secret: Redacted.Redacted<string>): boolean =>
  proof === prove(secret, proof.slice(0, proof.indexOf(":")))

/** A name that no other process will choose. */
export const randomId = (): string => toHex(randomBytes(12))
