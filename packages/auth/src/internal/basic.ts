import type { ClientAuthentication } from "@keyturn/contract"

const formEncode = (text: string) => new URLSearchParams({ v: text }).toString().slice(2)

const base64 = (plain: string): string => {
  let binary = ""
  for (const byte of new TextEncoder().encode(plain)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/**
 * The `Authorization` header of HTTP Basic, in UTF-8 (RFC 7617). Of a client the parts are form-encoded before they are
 * joined (RFC 6749 §2.3.1), so that either may hold any character; `basic-plain` is for servers that do not undo that.
 */
export const basic = (id: string, secret: string, how: Exclude<ClientAuthentication, "body"> = "basic"): string => {
  const encode = how === "basic" ? formEncode : (text: string) => text
  return `Basic ${base64(`${encode(id)}:${encode(secret)}`)}`
}
