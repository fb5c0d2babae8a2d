/**
 * The grant that a contract describes: it carries out a `SessionDescription` with the user's credentials. Password,
 * client credentials and any first-party sign-in of that shape are this one.
 */
import {
  type Expression,
  isExpression,
  parseExpression,
  resolvePointer,
  type SessionOperation,
  type TokenResponseMap
} from "@keyturn/contract"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type Grant, GrantAnswerInvalid, type GrantContext } from "./Grant.ts"
import { fingerprint } from "./internal/digest.ts"
import { parseInstant, parseSeconds, skew } from "./internal/time.ts"
import * as Placement from "./Placement.ts"
import { ConfigurationError } from "./SessionError.ts"
import type { TokenSet } from "./TokenSet.ts"
import type { TransportAnswer, TransportRequest } from "./Transport.ts"

/** Credentials by the names that the contract's `$credentials.…` expressions use. */
export type CredentialValues = Readonly<Record<string, Redacted.Redacted<string>>>

/** The longest a call of this grant may take; the policy's deadlines come in through here. */
export interface Deadlines {
  readonly signIn: Duration.Duration
  readonly refresh: Duration.Duration
  readonly signOut: Duration.Duration
}

const urlOf = (context: GrantContext, path: string): string => {
  if (!/^[a-z][a-z\d+.-]*:/i.test(path)) return `${context.baseUrl}${path.startsWith("/") ? "" : "/"}${path}`
  // An absolute token URL on the API's own server follows the server when that is replaced.
  const declared = context.declaredUrl
  return declared !== undefined && URL.canParse(declared) && new URL(path).origin === new URL(declared).origin
    ? new URL(new URL(path).pathname, context.baseUrl).href
    : path
}

/** Credentials that prove an account, by their names; the others name it. */
const secretName = /pass|secret|token|key|pin|code|otp|assertion|signature/i

/** RFC 6749 §2.3.1: id and secret are form-encoded before they are joined. */
const basic = (id: string, secret: string): string => {
  const encode = (text: string) => new URLSearchParams({ v: text }).toString().slice(2)
  return `Basic ${btoa(`${encode(id)}:${encode(secret)}`)}`
}

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
  if (clientId !== undefined && clientSecret !== undefined) {
    if (operation.clientAuthentication === "basic") {
      headers.authorization = basic(Redacted.value(clientId), Redacted.value(clientSecret))
      secrets.push(Redacted.make(headers.authorization.slice("Basic ".length)))
    } else if (operation.clientAuthentication === "body") {
      fields.client_id = Redacted.value(clientId)
      fields.client_secret = Redacted.value(clientSecret)
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

const read = (text: string | undefined, answer: TransportAnswer): unknown => {
  const expression = text === undefined ? undefined : parseExpression(text)
  switch (expression?.source) {
    case "response-body":
      return resolvePointer(answer.body, expression.pointer)
    case "response-header":
      return answer.headers.get(expression.name) ?? undefined
    default:
      return undefined
  }
}

/** What may stand in a header: visible ASCII, as RFC 6750 §2.1 and every API key asks. */
const sendable = /^[\x21-\x7e]+$/

/**
 * The tokens in an answer. An expiry that cannot be read fails a sign-in, where nothing is lost by it; after a refresh the
 * old tokens are gone, so the new ones are kept with an unknown life.
 */
const tokensOf = (
  answer: TransportAnswer,
  map: TokenResponseMap,
  operation: "signIn" | "refresh"
): Effect.Effect<TokenSet, GrantAnswerInvalid> => {
  const invalid = (message: string) => Effect.fail(new GrantAnswerInvalid({ status: answer.status, message }))
  const accessToken = read(map.accessToken, answer)
  if (typeof accessToken !== "string" || !sendable.test(accessToken)) {
    return invalid(
      `The answer has ${accessToken === undefined ? "no access token" : "an access token that cannot be sent"} at ${map.accessToken}. Check that the contract's x-session names the right field.`
    )
  }
  const tokenType = read(map.tokenType, answer) ?? "Bearer"
  if (typeof tokenType !== "string" || tokenType.toLowerCase() !== "bearer") {
    return invalid(`The answer's token type is not Bearer; RFC 6749 §7.1 forbids using a type that is not understood.`)
  }
  const refreshToken = read(map.refreshToken, answer)
  const scope = read(map.scope, answer)
  const issuedAt = answer.receivedAt
  const at = read(map.expiresAt, answer)
  const seconds = parseSeconds(read(map.expiresIn, answer))
  let expiresAt = seconds === undefined ? undefined : answer.sentAt + seconds * 1000
  if (at !== undefined && at !== null) {
    const instant = typeof at === "string" ? parseInstant(at) : undefined
    if (instant === undefined && operation === "signIn") {
      return invalid(
        `The expiry at ${map.expiresAt} is not an RFC 3339 instant such as 2026-01-31T12:00:00Z. Check the contract's x-session, or leave expiresAt out of it.`
      )
    }
    // A token that seems dead on arrival says that the clocks disagree by more than can be corrected.
    const corrected =
      instant === undefined ? undefined : instant - skew(answer.headers.get("date"), answer.sentAt, issuedAt)
    if (corrected !== undefined && corrected > issuedAt) expiresAt = corrected
  }
  return Effect.succeed({
    accessToken: Redacted.make(accessToken, { label: "accessToken" }),
    ...(typeof refreshToken === "string" &&
      refreshToken !== "" && {
        refreshToken: Redacted.make(refreshToken, { label: "refreshToken" }),
        refreshIssuedAt: issuedAt
      }),
    tokenType,
    ...(typeof scope === "string" && { scope: scope.split(" ").filter((part) => part !== "") }),
    issuedAt,
    ...(expiresAt !== undefined && { expiresAt })
  })
}

const responseOf = (operation: SessionOperation, context: GrantContext): TokenResponseMap => ({
  accessToken: "$response.body#/access_token",
  ...context.description.response,
  ...operation.response
})

/** The refresh that a description holds, for grants whose sign-in is their own. */
export const refresh =
  (credentials: CredentialValues, deadline: Duration.Duration) =>
  (context: GrantContext, operation: SessionOperation, tokens: TokenSet) =>
    Effect.flatMap(context.transport(requestOf(operation, context, credentials, tokens, deadline)), (answer) =>
      tokensOf(answer, responseOf(operation, context), "refresh")
    )

/**
 * Makes the grant that `context.description.signIn` describes.
 *
 * Throws `ConfigurationError` when a credential that the contract asks for is missing or empty.
 */
export const make = (context: GrantContext, credentials: CredentialValues, deadlines: Deadlines): Grant => {
  const { refresh: refreshing, signIn, signOut } = context.description
  if (signIn === undefined) {
    throw new ConfigurationError({
      message:
        'The contract does not say how to sign in with this scheme. Give a token ({ grant: "token", token }) or a grant plugin.'
    })
  }
  const needed = [
    ...Object.values(signIn.request ?? {}).flatMap((said) => {
      const expression = typeof said === "string" ? parseExpression(said) : undefined
      return expression?.source === "credentials" ? [expression.name] : []
    }),
    ...(signIn.clientAuthentication === undefined ? [] : ["clientId", "clientSecret"])
  ]
  const missing = needed.filter((name) => credentials[name] === undefined || Redacted.value(credentials[name]) === "")
  if (missing.length > 0) {
    throw new ConfigurationError({
      message: `The ${signIn.grant} grant needs ${needed.join(" and ")}; missing or empty: ${missing.join(", ")}. Check the environment variables that credentials are read from.`
    })
  }
  const plain = (name: string) => Redacted.value(credentials[name] as Redacted.Redacted<string>)
  const names = [...new Set(needed)].sort()
  const open = names.filter((name) => !secretName.test(name))
  const secret = Redacted.make(
    names
      .filter((name) => secretName.test(name))
      .map(plain)
      .join("\n")
  )
  const signingIn = signIn
  return {
    name: signIn.grant,
    signIn: "headless",
    identity: open.length > 0 ? open.map(plain).join(" ") : fingerprint(secret),
    secret,
    obtain: (context) =>
      Effect.flatMap(
        context.transport(requestOf(signingIn, context, credentials, undefined, deadlines.signIn)),
        (answer) => tokensOf(answer, responseOf(signingIn, context), "signIn")
      ),
    ...(refreshing && {
      refresh: (context: GrantContext, tokens: TokenSet) =>
        refresh(credentials, deadlines.refresh)(context, refreshing, tokens)
    }),
    ...(signOut && {
      signOut: (context: GrantContext, tokens: TokenSet) => {
        const request = requestOf(signOut, context, credentials, tokens, deadlines.signOut)
        return Effect.asVoid(
          context.transport({
            ...request,
            // A client that authenticates itself (RFC 7009) needs no bearer beside it.
            headers: { ...Placement.headers(context.scheme, tokens.accessToken), ...request.headers },
            secrets: [...request.secrets, tokens.accessToken]
          })
        )
      }
    })
  }
}
