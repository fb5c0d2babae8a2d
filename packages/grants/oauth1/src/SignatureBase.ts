/** The signature base string (RFC 5849 §3.4.1): what a request comes down to, the same on both sides of the wire. */

/** What is signed of a request. */
export interface SignatureInput {
  readonly method: string
  readonly url: string
  /** The body of a form as it is sent, empty for any other request. */
  readonly form: string
  /** The protocol's own parameters, such as `oauth_nonce`, in the clear. */
  readonly oauth: Readonly<Record<string, string>>
}

const utf8 = new TextEncoder()
const unreserved = /[A-Za-z0-9\-._~]/

const encodeBytes = (bytes: Iterable<number>): string => {
  let encoded = ""
  for (const byte of bytes) {
    const character = String.fromCharCode(byte)
    encoded += unreserved.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
  }
  return encoded
}

/** Percent-encoding as §3.6 has it: of the UTF-8 bytes, in upper case, of everything but RFC 3986's unreserved characters. */
export const percentEncode = (text: string): string =>
  text.replace(/[^A-Za-z0-9\-._~]+/g, (run) => encodeBytes(utf8.encode(run)))

/**
 * A name or value of a form (§3.4.1.3.1) in that encoding. The bytes that it stands for are kept, whether or not they are
 * UTF-8: a server that decodes them gets the same.
 */
const recode = (part: string): string =>
  part
    .replaceAll("+", " ")
    .replace(/%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~]/gu, (sign) =>
      encodeBytes(sign.length === 3 ? [Number.parseInt(sign.slice(1), 16)] : utf8.encode(sign))
    )

type Parameter = readonly [name: string, value: string]

const parametersOf = (form: string): ReadonlyArray<Parameter> =>
  form
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const at = pair.indexOf("=")
      return at === -1 ? [recode(pair), ""] : [recode(pair.slice(0, at)), recode(pair.slice(at + 1))]
    })

// What is compared is ASCII by now, so code units are bytes.
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The base string of a request. */
export const baseString = ({ form, method, oauth, url }: SignatureInput): string => {
  // §3.4.1.2: the URL parser has put scheme and host into lower case, and left a default port out.
  const { host, pathname, protocol, search } = new URL(url)
  const parameters: ReadonlyArray<Parameter> = [
    ...parametersOf(search.slice(1)),
    ...parametersOf(form),
    ...Object.entries(oauth).map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
  ]
  // §3.4.1.3.2: encoded first, sorted then; every duplicate stays.
  const normalized = parameters
    .filter(([name]) => name !== "oauth_signature")
    .toSorted(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join("&")
  return [method.toUpperCase(), `${protocol}//${host}${pathname}`, normalized].map(percentEncode).join("&")
}
