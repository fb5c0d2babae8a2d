/**
 * Where a credential goes in a request: a header, the query, a form body or a cookie, as the security scheme says. One
 * place per credential and request (RFC 6750 §2).
 */
import type { SecurityScheme } from "@keyturn/contract"
import * as Redacted from "effect/Redacted"
import type { TokenType } from "./TokenAnswer.ts"

/** A credential ready to be put into a request. */
export interface Placed {
  /** `form` is the body where that is a form, and the query elsewhere. */
  readonly in: "header" | "query" | "form" | "cookie"
  readonly name: string
  readonly value: Redacted.Redacted<string>
}

const schemeNames: Readonly<Record<string, string>> = {
  basic: "Basic",
  bearer: "Bearer",
  digest: "Digest",
  dpop: "DPoP"
}

/**
 * Places a token as its scheme says; `undefined` for `mutualTLS`, where the connection is the credential. A bound token
 * says of itself that it is one (RFC 9449 §7.1), whatever the scheme is called.
 */
export const place = (
  scheme: SecurityScheme,
  token: Redacted.Redacted<string>,
  tokenType: TokenType = "Bearer"
): Placed | undefined => {
  switch (scheme.type) {
    case "apiKey":
      if (scheme.in === "query" && scheme.session?.placement === "form")
        return { in: "form", name: scheme.name, value: token }
      return { in: scheme.in, name: scheme.in === "header" ? scheme.name.toLowerCase() : scheme.name, value: token }
    case "mutualTLS":
      return undefined
    default: {
      const name = tokenType === "DPoP" ? "dpop" : scheme.type === "http" ? scheme.scheme : "bearer"
      const value = `${schemeNames[name.toLowerCase()] ?? name} ${Redacted.value(token)}`
      return { in: "header", name: "authorization", value: Redacted.make(value, { label: "authorization" }) }
    }
  }
}

const cookie = (name: string, value: string): string => `${name}=${encodeURIComponent(value)}`

/** The headers that carry a token, for a call that the session makes itself. What goes elsewhere has no header. */
export const headers = (
  scheme: SecurityScheme,
  token: Redacted.Redacted<string>,
  tokenType: TokenType = "Bearer"
): Record<string, string> => {
  const placed = place(scheme, token, tokenType)
  if (placed === undefined) return {}
  const value = Redacted.value(placed.value)
  if (placed.in === "header") return { [placed.name]: value }
  return placed.in === "cookie" ? { cookie: cookie(placed.name, value) } : {}
}

const isForm = (request: Request): boolean =>
  request.body !== null && /^application\/x-www-form-urlencoded\b/i.test(request.headers.get("content-type") ?? "")

const inQuery = (request: Request, name: string, value: string): Request => {
  const url = new URL(request.url)
  url.searchParams.set(name, value)
  const target = new Request(url, request)
  // RFC 6750 §2.3: an answer to a request with a credential in its URL must not be kept.
  target.headers.set("cache-control", "no-store")
  return target
}

const inBody = async (request: Request, name: string, value: string): Promise<Request> => {
  const fields = new URLSearchParams(await request.text())
  fields.set(name, value)
  return new Request(request, { body: fields.toString() })
}

/** Puts credentials into a request. The request is changed in place where it can be, else a new one is returned. */
export const apply = async (request: Request, credentials: ReadonlyArray<Placed>): Promise<Request> => {
  let target = request
  for (const { in: where, name, value } of credentials) {
    const plain = Redacted.value(value)
    if (where === "header") target.headers.set(name, plain)
    else if (where === "cookie") {
      const others = (target.headers.get("cookie") ?? "")
        .split(/; */)
        .filter((pair) => pair !== "" && !pair.startsWith(`${name}=`))
      target.headers.set("cookie", [...others, cookie(name, plain)].join("; "))
    } else if (where === "form" && isForm(target)) target = await inBody(target, name, plain)
    else target = inQuery(target, name, plain)
  }
  return target
}

/**
 * An answer whose `url` does not tell the credentials that were in the query, so that it can be logged (RFC 6750 §5.3).
 * The answer is changed in place.
 */
export const withoutSecrets = (response: Response, credentials: ReadonlyArray<Placed>): Response => {
  const names = credentials.flatMap(({ in: where, name }) => (where === "query" || where === "form" ? [name] : []))
  if (names.length === 0 || response.url === "") return response
  const url = new URL(response.url)
  for (const name of names) url.searchParams.delete(name)
  Object.defineProperty(response, "url", { value: url.href, enumerable: true, configurable: true })
  return response
}
