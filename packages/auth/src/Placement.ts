/**
 * Where a credential goes in a request: a header, the query or a cookie, as the security scheme says. One place per
 * credential and request (RFC 6750 §2).
 */
import type { SecurityScheme } from "@keyturn/contract"
import * as Redacted from "effect/Redacted"
import type { TokenType } from "./TokenAnswer.ts"

/** A credential ready to be put into a request. */
export interface Placed {
  readonly in: "header" | "query" | "cookie"
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

/** The headers that carry a token, for a call that the session makes itself. A query credential has no header. */
export const headers = (
  scheme: SecurityScheme,
  token: Redacted.Redacted<string>,
  tokenType: TokenType = "Bearer"
): Record<string, string> => {
  const placed = place(scheme, token, tokenType)
  if (placed === undefined || placed.in === "query") return {}
  const value = Redacted.value(placed.value)
  return placed.in === "header" ? { [placed.name]: value } : { cookie: cookie(placed.name, value) }
}

/** Puts credentials into a request. The request is changed in place where it can be, else a new one is returned. */
export const apply = (request: Request, credentials: ReadonlyArray<Placed>): Request => {
  let target = request
  for (const { in: where, name, value } of credentials) {
    const plain = Redacted.value(value)
    if (where === "header") target.headers.set(name, plain)
    else if (where === "cookie") {
      const others = (target.headers.get("cookie") ?? "")
        .split(/; */)
        .filter((pair) => pair !== "" && !pair.startsWith(`${name}=`))
      target.headers.set("cookie", [...others, cookie(name, plain)].join("; "))
    } else {
      const url = new URL(target.url)
      url.searchParams.set(name, plain)
      target = new Request(url, target)
      // RFC 6750 §2.3: an answer to a request with a credential in its URL must not be kept.
      target.headers.set("cache-control", "no-store")
    }
  }
  return target
}
