/**
 * Authorization server metadata: RFC 8414 and OpenID Connect Discovery 1.0. What it says is believed only when it comes
 * from the issuer that it names, and only as far as its endpoints are ones that credentials may travel to.
 */
import * as Effect from "effect/Effect"
import * as oauth from "oauth4webapi"
import { GrantAnswerInvalid, type GrantContext, type GrantFailure } from "./Grant.ts"
import { isSecure } from "./Transport.ts"

const OAUTH = "/.well-known/oauth-authorization-server"
const OIDC = "/.well-known/openid-configuration"

/** The issuer that a well-known URL belongs to: RFC 8414 §3.1 puts the name before the path, OpenID Connect behind it. */
const issuerOf = (url: URL): URL | undefined => {
  const { pathname } = url
  if (pathname.endsWith(OIDC)) return new URL(pathname.slice(0, -OIDC.length) || "/", url)
  for (const name of [OAUTH, OIDC]) {
    if (pathname === name || pathname.startsWith(`${name}/`)) return new URL(pathname.slice(name.length) || "/", url)
  }
  return undefined
}

const endpoints = [
  "authorization_endpoint",
  "token_endpoint",
  "device_authorization_endpoint",
  "pushed_authorization_request_endpoint",
  "revocation_endpoint"
] as const

const get = (context: GrantContext, url: string) =>
  context.transport({
    method: "GET",
    url,
    headers: { accept: "application/json" },
    secrets: [],
    deadline: context.deadline.signIn
  })

const judge = (body: unknown, url: string, expected: URL | undefined) =>
  Effect.gen(function* () {
    const invalid = (why: string) =>
      new GrantAnswerInvalid({ status: 200, message: `The metadata at ${url} cannot be used: ${why}.` })
    const said = (body as { readonly issuer?: unknown } | undefined)?.issuer
    if (typeof said !== "string" || !URL.canParse(said)) return yield* invalid("it names no issuer")
    // RFC 8414 §3.3. A URL of no well-known form tells at least whose server it is.
    const issuer = expected ?? (new URL(said).origin === new URL(url).origin ? new URL(said) : undefined)
    if (issuer === undefined || issuer.href !== new URL(said).href) {
      return yield* invalid(`its issuer ${said} is not ${(expected ?? new URL(url)).href}. Check the metadata URL`)
    }
    const metadata = yield* Effect.tryPromise({
      try: () => oauth.processDiscoveryResponse(issuer, Response.json(body)),
      catch: () => invalid("it is not of the form of RFC 8414")
    })
    for (const name of endpoints) {
      const endpoint = metadata[name]
      if (endpoint === undefined) continue
      if (!URL.canParse(endpoint) || !isSecure(new URL(endpoint))) {
        return yield* invalid(`its ${name} is neither an https URL nor one on this machine`)
      }
    }
    return metadata
  })

/** Metadata by the URL that it is at, as a contract gives it. `issuer` when it is known otherwise. */
export const fromUrl = (
  context: GrantContext,
  url: string,
  issuer?: string
): Effect.Effect<oauth.AuthorizationServer, GrantFailure> =>
  Effect.flatMap(get(context, url), ({ body }) =>
    judge(body, url, issuer === undefined ? issuerOf(new URL(url)) : new URL(issuer))
  )

/** Metadata by its issuer: at the place of RFC 8414, else at that of OpenID Connect. */
export const fromIssuer = (
  context: GrantContext,
  issuer: string
): Effect.Effect<oauth.AuthorizationServer, GrantFailure> => {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, "")
  const first = `${origin}${OAUTH}${path}`
  const second = `${origin}${path}${OIDC}`
  return fromUrl(context, first, issuer).pipe(
    Effect.catchTag("GrantRejected", (error) =>
      error.status === 404 || error.status === 405 ? fromUrl(context, second, issuer) : Effect.fail(error)
    )
  )
}
