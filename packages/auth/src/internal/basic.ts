import type { ClientAuthentication } from "@keyturn/contract"

const formEncode = (text: string) => new URLSearchParams({ v: text }).toString().slice(2)

/** Name and password as HTTP Basic sends them, in UTF-8 (RFC 7617 §2). */
export const base64Pair = (name: string, password: string): string => {
  let binary = ""
  for (const byte of new TextEncoder().encode(`${name}:${password}`)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/**
 * The `Authorization` header of a client. Id and secret are form-encoded before they are joined (RFC 6749 §2.3.1), so that
 * either may hold any character; `basic-plain` is for servers that do not undo that.
 */
export const basic = (id: string, secret: string, how: Exclude<ClientAuthentication, "body"> = "basic"): string =>
  `Basic ${how === "basic" ? base64Pair(formEncode(id), formEncode(secret)) : base64Pair(id, secret)}`
