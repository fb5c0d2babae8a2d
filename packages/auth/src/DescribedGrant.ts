/**
 * The grant that a contract describes: it carries out a `SessionDescription` with the user's credentials. Password,
 * client credentials and any first-party sign-in of that shape are this one.
 */
import {
  type Expression,
  isExpression,
  parseExpression,
  type SessionOperation,
  type SignInOperation,
  type TokenResponseMap
} from "@keyturn/contract"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Dpop from "./Dpop.ts"
import type { Grant, GrantContext } from "./Grant.ts"
import { basic } from "./internal/basic.ts"
import { fingerprint } from "./internal/digest.ts"
import * as Placement from "./Placement.ts"
import { ConfigurationError } from "./SessionError.ts"
import * as TokenAnswer from "./TokenAnswer.ts"
import type { TokenSet } from "./TokenSet.ts"
import type { TransportRequest } from "./Transport.ts"

/** Credentials by the names that the contract's `$credentials.…` expressions use. */
export type CredentialValues = Readonly<Record<string, Redacted.Redacted<string>>>

/** A contract's URL or path as it is in use: relative ones are below the server, and those on the server follow it. */
export const urlOf = (context: Pick<GrantContext, "baseUrl" | "declaredUrl">, path: string): string => {
  if (!/^[a-z][a-z\d+.-]*:/i.test(path)) return `${context.baseUrl}${path.startsWith("/") ? "" : "/"}${path}`
  // An absolute token URL on the API's own server follows the server when that is replaced.
  const declared = context.declaredUrl
  if (declared === undefined || !URL.canParse(declared) || !URL.canParse(path)) return path
  const url = new URL(path)
  // RFC 6749 §3.1, §3.2: the query of an endpoint is part of it.
  return url.origin === new URL(declared).origin ? new URL(`${url.pathname}${url.search}`, context.baseUrl).href : path
}

/** Browsers, their workers too, call themselves so; the runtimes of servers name themselves. */
const isBrowser = (): boolean =>
  typeof navigator !== "undefined" && (navigator as { userAgent?: string }).userAgent?.startsWith("Mozilla/") === true

/** Credentials that prove an account, by their names; the others name it. */
const secretName = /pass|pwd|phrase|secret|cred|auth|hash|token|key|pin|code|otp|assertion|signature/i

const evaluate = (
  expression: Expression,
  context: GrantContext,
  credentials: CredentialValues,
  tokens: TokenSet | undefined
): string | Redacted.Redacted<string> | undefined => {
  if (expression.source === "credentials") return credentials[expression.name]
  if (expression.source !== "session") return undefined
  switch (expression.name) {
    case "accessToken":
      return tokens?.accessToken
    case "refreshToken":
      return tokens?.refreshToken
    case "scope":
      return context.scopes.join(" ")
  }
}

const requestOf = (
  operation: SessionOperation,
  context: GrantContext,
  credentials: CredentialValues,
  tokens: TokenSet | undefined,
  deadline: Duration.Duration
): TransportRequest => {
  const headers: Record<string, string> = { accept: "application/json" }
  const secrets: Array<Redacted.Redacted<string>> = Object.values(credentials)
  const fields: Record<string, string | number | boolean> = {}
  for (const [name, said] of Object.entries(operation.request ?? {})) {
    const expression = typeof said === "string" && isExpression(said) ? parseExpression(said) : undefined
    const value = expression === undefined ? said : evaluate(expression, context, credentials, tokens)
    if (Redacted.isRedacted(value)) secrets.push(value as Redacted.Redacted<string>)
    const plain = Redacted.isRedacted(value) ? Redacted.value(value as Redacted.Redacted<string>) : value
    // RFC 6749 §3.2: a parameter without a value is left out.
    if (plain !== undefined && plain !== "") fields[name] = plain
  }
  const { clientId, clientSecret } = credentials
  if (clientId !== undefined && operation.clientAuthentication !== undefined) {
    // RFC 6749 §3.2.1: a client without a secret says at least who it is.
    if (clientSecret === undefined) fields.client_id = Redacted.value(clientId)
    else if (operation.clientAuthentication === "body") {
      fields.client_id = Redacted.value(clientId)
      fields.client_secret = Redacted.value(clientSecret)
    } else {
      headers.authorization = basic(
        Redacted.value(clientId),
        Redacted.value(clientSecret),
        operation.clientAuthentication
      )
      secrets.push(Redacted.make(headers.authorization.slice("Basic ".length)))
    }
  }
  const hasBody = Object.keys(fields).length > 0
  const contentType = operation.contentType ?? "application/x-www-form-urlencoded"
  if (hasBody) headers["content-type"] = contentType
  return {
    method: operation.method,
    url: urlOf(context, operation.path),
    headers,
    ...(hasBody && {
      body: /[/+]json\b/.test(contentType)
        ? JSON.stringify(fields)
        : new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])).toString()
    }),
    secrets,
    deadline
  }
}

const responseOf = (operation: SessionOperation, context: GrantContext): TokenResponseMap => ({
  accessToken: "$response.body#/access_token",
  ...context.description.response,
  ...operation.response
})

/** A call that a description holds, for grants whose sign-in is their own. */
export interface DescribedCall {
  readonly context: GrantContext
  readonly operation: SessionOperation
  readonly credentials: CredentialValues
  readonly tokens: TokenSet
}

/** Refreshes as a description says. */
export const refresh = ({ context, credentials, operation, tokens }: DescribedCall) =>
  Effect.flatMap(
    context.transport(requestOf(operation, context, credentials, tokens, context.deadline.refresh)),
    (answer) => TokenAnswer.read(answer, responseOf(operation, context), "refresh", context.tokenType)
  )

/** Signs out as a description says. */
export const signOut = ({ context, credentials, operation, tokens }: DescribedCall) => {
  const request = requestOf(operation, context, credentials, tokens, context.deadline.signOut)
  return Effect.asVoid(
    context.transport({
      ...request,
      // A client that authenticates itself (RFC 7009) needs no bearer beside it.
      headers: { ...Placement.headers(context.scheme, tokens.accessToken, context.tokenType), ...request.headers },
      secrets: [...request.secrets, tokens.accessToken]
    })
  )
}

/**
 * Makes the grant that `context.description.signIn` describes. On a scheme of HTTP authentication `dpop` it binds its
 * tokens to a key of its own (RFC 9449).
 *
 * Throws `ConfigurationError` when a credential that the contract asks for is missing or empty, and for client credentials in
 * a browser: everybody who loads the page could read the secret (RFC 6749 §2.1).
 */
export const make = (context: GrantContext, credentials: CredentialValues): Grant => {
  const { refresh: refreshing, signIn, signOut: signingOut } = context.description
  if (signIn === undefined) {
    throw new ConfigurationError({
      message:
        'The contract does not say how to sign in with this scheme. Give a token ({ grant: "token", token }) or a grant plugin.'
    })
  }
  if (signIn.grant === "client_credentials" && isBrowser()) {
    throw new ConfigurationError({
      message:
        "Client credentials do not belong in a browser: everybody who loads the page can read the secret. Sign in on a server and let the page call that, or use the authorization code grant, which needs no secret."
    })
  }
  const asked = Object.values(signIn.request ?? {}).flatMap((said) => {
    const expression = typeof said === "string" ? parseExpression(said) : undefined
    return expression?.source === "credentials" ? [expression.name] : []
  })
  const client = signIn.clientAuthentication === undefined ? [] : ["clientId", "clientSecret"]
  // RFC 6749 §4.3.2: with a password the client says who it is if it is anybody; a contract may insist.
  const insists = signIn.grant !== "password" || context.scheme.session?.signIn?.clientAuthentication !== undefined
  const needed = (insists ? [...asked, ...client] : asked).filter((name) => signIn.optional?.includes(name) !== true)
  const given = (name: string) => credentials[name] !== undefined && Redacted.value(credentials[name]) !== ""
  const missing = needed.filter((name) => !given(name))
  if (missing.length > 0) {
    throw new ConfigurationError({
      message: `The ${signIn.grant} grant needs ${needed.join(" and ")}; missing or empty: ${missing.join(", ")}. Check the environment variables that credentials are read from.`
    })
  }
  const plain = (name: string) => Redacted.value(credentials[name] as Redacted.Redacted<string>)
  const names = [...new Set([...needed, ...[...asked, ...client].filter(given)])].sort()
  const open = names.filter((name) => !secretName.test(name))
  const hidden = names.filter((name) => secretName.test(name))
  const [only] = hidden
  const secret =
    only !== undefined && hidden.length === 1
      ? (credentials[only] as Redacted.Redacted<string>)
      : Redacted.make(hidden.map(plain).join("\n"))
  const dpop = Dpop.forScheme(context.scheme)
  const identity = open.length > 0 ? open.map(plain).join(" ") : fingerprint(secret)
  const described: Described = {
    name: signIn.grant,
    signIn: "headless",
    identity: dpop === undefined ? identity : `${identity} ${dpop.id}`,
    secret,
    signer: dpop && Dpop.signer(dpop),
    credentials,
    dpop,
    obtain,
    ...(refreshing && { refresh: refreshAsDescribed }),
    ...(signingOut && { signOut: signOutAsDescribed })
  }
  return described
}

/** A grant as described, with what its calls need. They are the same for all: a process may hold very many of them. */
interface Described extends Grant {
  readonly credentials: CredentialValues
  readonly dpop: Dpop.Dpop | undefined
}

function obtain(this: Described, context: GrantContext) {
  const { credentials, dpop } = this
  const signIn = context.description.signIn as SignInOperation
  const asksScope = Object.values(signIn.request ?? {}).includes("$session.scope") && context.scopes.length > 0
  const bound = Dpop.bind(context, dpop)
  const request = requestOf(signIn, bound, credentials, undefined, context.deadline.signIn)
  return Effect.map(
    Effect.flatMap(bound.transport(request), (answer) =>
      TokenAnswer.read(answer, responseOf(signIn, context), "signIn", bound.tokenType)
    ),
    // RFC 6749 §5.1: a scope that is not mentioned is the one that was asked for.
    (tokens) => (asksScope ? { scope: context.scopes, ...tokens } : tokens)
  )
}

function refreshAsDescribed(this: Described, context: GrantContext, tokens: TokenSet) {
  const { credentials, dpop } = this
  const operation = context.description.refresh as SessionOperation
  return refresh({ context: Dpop.bind(context, dpop), operation, credentials, tokens })
}

function signOutAsDescribed(this: Described, context: GrantContext, tokens: TokenSet) {
  const { credentials, dpop } = this
  const operation = context.description.signOut as SessionOperation
  return signOut({ context: Dpop.bind(context, dpop), operation, credentials, tokens })
}
