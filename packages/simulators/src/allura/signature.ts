/** Signatures of OAuth 1.0a (RFC 5849 §3): what was signed, and whether it was signed with the right secrets. */
import { createHmac, timingSafeEqual } from "node:crypto"

/** The parameters of a request, in the order they came. */
export type Parameters = ReadonlyArray<readonly [name: string, value: string]>

/** A signed request. */
export interface SignedRequest {
  /** `oauth_consumer_key` and the others, without their signature. */
  readonly oauth: Readonly<Record<string, string>>
  readonly method: string
  readonly url: string
  /** Everything that is signed: query, form body and OAuth parameters, without `realm` and the signature. */
  readonly parameters: Parameters
  readonly signature: string
}

/** RFC 5849 §3.6: only unreserved characters stay. */
export const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

/** Decodes `%XX`; a plus stays a plus. Text that is not encoded right stays as it is. */
const percentDecode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const fromHeader = (header: string | null): Parameters => {
  const list = /^OAuth\s+(.*)$/is.exec(header ?? "")?.[1]
  if (list === undefined) return []
  return [...list.matchAll(/([^\s=,]+)="([^"]*)"/g)].map(
    ([, name = "", value = ""]) => [percentDecode(name), percentDecode(value)] as const
  )
}

/** The signed request in what came in, or `undefined` when a parameter of OAuth is missing or there twice. */
export const readSigned = (request: Request, form: Parameters): SignedRequest | undefined => {
  const url = new URL(request.url)
  const header = fromHeader(request.headers.get("authorization")).filter(([name]) => name !== "realm")
  const all: Parameters = [...url.searchParams, ...form, ...header]
  const oauth: Record<string, string> = {}
  for (const [name, value] of all) {
    if (!name.startsWith("oauth_")) continue
    if (oauth[name] !== undefined) return undefined
    oauth[name] = value
  }
  const { oauth_signature: signature, ...rest } = oauth
  const needed = ["oauth_consumer_key", "oauth_signature_method", "oauth_timestamp", "oauth_nonce"]
  if (signature === undefined || needed.some((name) => !rest[name])) return undefined
  return {
    oauth: rest,
    method: request.method,
    url: request.url,
    parameters: all.filter(([name]) => name !== "oauth_signature"),
    signature
  }
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The signature base string of RFC 5849 §3.4.1. */
export const baseString = ({
  method,
  url,
  parameters
}: Pick<SignedRequest, "method" | "url" | "parameters">): string => {
  // The URL parser has done §3.4.1.2: lower-case scheme and host, no default port.
  const { protocol, host, pathname } = new URL(url)
  const normalized = parameters
    .map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
    .sort(([a, x], [b, y]) => byBytes(a, b) || byBytes(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join("&")
  return [method.toUpperCase(), `${protocol}//${host}${pathname}`, normalized].map(percentEncode).join("&")
}

const hashes: Readonly<Record<string, string>> = { "HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256" }

/** Whether the request was signed with these secrets, at a time close to `now`. */
export const isSignedWith = (
  request: SignedRequest,
  consumerSecret: string,
  tokenSecret: string,
  now: number
): boolean => {
  const hash = hashes[request.oauth.oauth_signature_method ?? ""]
  const age = Math.abs(now / 1000 - Number(request.oauth.oauth_timestamp))
  if (hash === undefined || !(age <= 600) || (request.oauth.oauth_version ?? "1.0") !== "1.0") return false
  const key = `${percentEncode(consumerSecret)}&${percentEncode(tokenSecret)}`
  const expected = createHmac(hash, key).update(baseString(request)).digest()
  const given = Buffer.from(request.signature, "base64")
  return given.length === expected.length && timingSafeEqual(given, expected)
}
