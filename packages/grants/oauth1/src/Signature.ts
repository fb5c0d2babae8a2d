/** Signatures (RFC 5849 §3.4) and the `Authorization` header that carries them (§3.5.1). */
import type { UnsignedRequest } from "@keyturn/auth/RequestSigner"
import type { ServerClock } from "@keyturn/auth/ServerClock"
import * as Redacted from "effect/Redacted"
import { baseString, percentEncode } from "./SignatureBase.ts"

/**
 * How requests are signed. `PLAINTEXT` sends the secrets themselves, so that https is all that protects them. `HMAC-SHA256`
 * is not in RFC 5849 but is what servers take that no longer take SHA-1.
 */
export type SignatureMethod = "HMAC-SHA1" | "HMAC-SHA256" | "PLAINTEXT"

/** Who signs: a client that the server knows, which OAuth 1.0 calls a consumer. */
export interface Signatory {
  readonly consumerKey: string
  readonly consumerSecret: Redacted.Redacted<string>
  readonly signatureMethod: SignatureMethod
  /** The servers' time: a timestamp far from it is refused. */
  readonly clock: ServerClock
}

const utf8 = (text: string) => new TextEncoder().encode(text)
const hashes = { "HMAC-SHA1": "SHA-1", "HMAC-SHA256": "SHA-256" } as const

/** The signature of a base string (§3.4.2, §3.4.4). `key` is the two secrets, encoded and joined. */
const signatureOf = async (method: SignatureMethod, key: string, base: () => Promise<string>): Promise<string> => {
  if (method === "PLAINTEXT") return key
  const algorithm = { name: "HMAC", hash: hashes[method] }
  const imported = await crypto.subtle.importKey("raw", utf8(key), algorithm, false, ["sign"])
  const bytes = new Uint8Array(await crypto.subtle.sign("HMAC", imported, utf8(await base())))
  return btoa(String.fromCharCode(...bytes))
}

/** Thirty characters of letters and digits: what the strictest servers take. */
const nonce = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(15)), (byte) => byte.toString(16).padStart(2, "0")).join("")

/**
 * The `Authorization` header for one sending of a request. The timestamp is the server's, and the nonce is a new one each
 * time (§3.3). `parameters` are those that the request adds, such as `oauth_token`.
 */
export const authorization = async (
  { clock, consumerKey, consumerSecret, signatureMethod }: Signatory,
  request: UnsignedRequest,
  parameters: Readonly<Record<string, string>>,
  tokenSecret: Redacted.Redacted<string> | undefined
): Promise<string> => {
  const oauth = {
    oauth_consumer_key: consumerKey,
    ...parameters,
    oauth_signature_method: signatureMethod,
    oauth_timestamp: String(Math.floor(clock.now(request.url) / 1000)),
    oauth_nonce: nonce(),
    oauth_version: "1.0"
  }
  const secrets = [consumerSecret, tokenSecret].map((secret) => (secret === undefined ? "" : Redacted.value(secret)))
  const signature = await signatureOf(signatureMethod, secrets.map(percentEncode).join("&"), async () =>
    baseString({ method: request.method, url: request.url, form: await request.form(), oauth })
  )
  const fields = Object.entries({ ...oauth, oauth_signature: signature }).map(
    ([name, value]) => `${percentEncode(name)}="${percentEncode(value)}"`
  )
  return `OAuth ${fields.join(", ")}`
}

/** A clock that is off by less was not what a server minded. */
const TELLING = 10_000

/**
 * Whether a refusal (§3.2: 401) shows that our clock is not the server's: then a signature with a new timestamp may pass.
 * Only refusals are asked for the time, since other answers may come out of a cache.
 */
export const showsOurClockWrong = (clock: ServerClock, url: string, status: number, headers: Headers): boolean =>
  status === 401 && Math.abs(clock.learn(url, headers)) >= TELLING
