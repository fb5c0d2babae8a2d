import * as Redacted from "effect/Redacted"
import { sha256 } from "./sha256.ts"

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** Joined at once: text that is added up piece by piece stays in its pieces, and a session keeps some of it for long. */
const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => digits[byte]).join("")

const hex = (text: string): string =>
  Array.from(sha256(new TextEncoder().encode(text)), (word) => word.toString(16).padStart(8, "0")).join("")

/** Twelve hexadecimal digits of a token's SHA-256: the same in every process, and of no use to a thief. */
export const fingerprint = (token: Redacted.Redacted<string>): string => hex(Redacted.value(token)).slice(0, 12)

const randomHex = (bytes: number): string => toHex(crypto.getRandomValues(new Uint8Array(bytes)))

/** A proof that the maker knew `secret`, worth nothing to who does not: `salt:hash`, of 128 bits each. */
export const prove = (secret: Redacted.Redacted<string>, salt: string = randomHex(16)): string =>
  [salt, hex(`${salt}\n${Redacted.value(secret)}`).slice(0, 32)].join(":")

/** Whether a proof was made with this secret. */
export const isProvedBy = (proof: string, secret: Redacted.Redacted<string>): boolean =>
  proof === prove(secret, proof.slice(0, proof.indexOf(":")))

/** A name that no other process will choose. */
export const randomId = (): string => randomHex(12)
