/**
 * Credentials as a user gives them, and the grant that they mean. Plain text is wrapped in `Redacted` here, at the door.
 */
import type { Contract, GrantName, SecurityScheme } from "@keyturn/contract"
import { serverUrl } from "@keyturn/contract"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as DescribedGrant from "./DescribedGrant.ts"
import { describe, grantsOf, suits } from "./Description.ts"
import type { Grant, GrantContext } from "./Grant.ts"
import { base64Pair } from "./internal/basic.ts"
import { fingerprint } from "./internal/digest.ts"
import type { Policy } from "./Policy.ts"
import { ConfigurationError } from "./SessionError.ts"
import type { Transport } from "./Transport.ts"

/**
 * The credentials of one scheme by name; a generated contract types them further. All are text, for a number has lost its
 * leading zeros already; only `expiresAt` may be a `Date`.
 */
export type CredentialInput = Readonly<Record<string, string | Redacted.Redacted<string> | Date | undefined>>

/**
 * A grant that is not plain credentials: a plugin's, or a user's own. It is given the context of the scheme that it signs
 * in for.
 */
export interface GrantPlugin {
  (context: GrantContext): Grant
  /** The grant's name, by which the scheme that it signs in for is found. Without one that is the first scheme. */
  readonly grant?: GrantName
}

/** What is known of the place where a scheme is used. */
export interface Place {
  readonly contract: Contract
  readonly schemeName: string
  readonly baseUrl: string
  readonly scopes: ReadonlyArray<string>
  readonly transport: Transport
  readonly policy: Policy
}

const schemeOf = ({ contract, schemeName }: Place): SecurityScheme => {
  const scheme = contract.schemes[schemeName]
  if (scheme !== undefined) return scheme
  throw new ConfigurationError({
    message: `The contract ${contract.name} has no security scheme ${schemeName}; it has ${Object.keys(contract.schemes).join(", ") || "none"}.`
  })
}

/** The contexts that were made for a contract last: sessions of one API have theirs in common. */
const contexts = new WeakMap<Contract, ReadonlyArray<readonly [Place, GrantName, GrantContext]>>()

const contextOf = (place: Place, scheme: SecurityScheme, grant: GrantName): GrantContext => {
  const before = contexts.get(place.contract) ?? []
  const known = before.find(
    ([one, name]) =>
      name === grant &&
      one.schemeName === place.schemeName &&
      one.baseUrl === place.baseUrl &&
      one.transport === place.transport &&
      one.policy === place.policy &&
      one.scopes.length === place.scopes.length &&
      one.scopes.every((scope, i) => scope === place.scopes[i])
  )
  if (known !== undefined) return known[2]
  const context = makeContext(place, scheme, grant)
  contexts.set(place.contract, [[place, grant, context] as const, ...before].slice(0, 8))
  return context
}

const makeContext = (place: Place, scheme: SecurityScheme, grant: GrantName): GrantContext => {
  const [server] = place.contract.servers
  return {
    scheme,
    description: describe(scheme, grant, place.baseUrl),
    baseUrl: place.baseUrl,
    declaredUrl: server === undefined ? undefined : serverUrl(server),
    scopes: place.scopes,
    transport: place.transport,
    deadline: place.policy.deadline
  }
}

/**
 * The name of the scheme that a plugin signs in for: the first that suits its grant. Throws `ConfigurationError` when the
 * contract has none.
 */
export const schemeFor = (contract: Contract, { grant }: GrantPlugin): string => {
  const found = Object.entries(contract.schemes).find(
    ([, scheme]) => scheme.type !== "mutualTLS" && (grant === undefined || suits(scheme, grant))
  )
  if (found !== undefined) return found[0]
  throw new ConfigurationError({
    message: `No security scheme of ${contract.name} says how to sign in with the grant ${grant ?? "given"}. ${grant === "oauth1" ? "Schemes for it are of type http with the scheme OAuth" : "Schemes for it are of type oauth2 with that flow, or openIdConnect"}; others say x-session with signIn.grant.`
  })
}

/** The context that a plugin works in. Throws `ConfigurationError` when the contract has no such scheme. */
export const contextFor = (place: Place, plugin: GrantPlugin): GrantContext =>
  contextOf(place, schemeOf(place), plugin.grant ?? "authorization_code")

const text = (value: CredentialInput[string]): Redacted.Redacted<string> | undefined => {
  if (Redacted.isRedacted(value)) return value
  return typeof value === "string" ? Redacted.make(value) : undefined
}

/** What is no text would be left out of the sign-in without a word. Who does not compile hears of it here. */
const check = ({ contract, schemeName }: Place, input: CredentialInput): void => {
  const refuse = (what: string) => {
    throw new ConfigurationError({ message: `The credentials for ${schemeName} of ${contract.name} ${what}` })
  }
  if (typeof input !== "object" || input === null) {
    refuse('are not given by name: they are an object, such as { grant: "token", token }.')
  }
  for (const [name, value] of Object.entries<unknown>(input)) {
    const plain = Redacted.isRedacted(value) ? Redacted.value(value) : value
    if (name === "expiresAt" && plain !== undefined) {
      const valid = plain instanceof Date || typeof plain === "string" ? new Date(plain).getTime() : Number.NaN
      if (Number.isNaN(valid)) refuse("have an expiresAt that is no RFC 3339 instant, such as 2026-01-31T12:00:00Z.")
    } else if (typeof plain === "function" && name === "grant") {
      refuse("hold a grant plugin: give that as the option grant, in place of credentials.")
    } else if (plain !== undefined && typeof plain !== "string") {
      refuse(`have a ${name} that is no text (${plain === null ? "null" : typeof plain}): give it in quotes.`)
    }
  }
}

/** The client's own credentials, which a refresh needs on most servers. */
const clientOf = (input: CredentialInput): DescribedGrant.CredentialValues => {
  const clientId = text(input.clientId)
  const clientSecret = text(input.clientSecret)
  return { ...(clientId && { clientId }), ...(clientSecret && { clientSecret }) }
}

/** What may stand in a header, space excepted: the rest is a mistake made while copying a token. */
const sendable = /^[\x21-\x7e]+$/

/** A token made elsewhere: signing in is using it. With a refresh token it can be renewed, without it cannot. */
const given = (
  place: Place,
  context: GrantContext,
  token: Redacted.Redacted<string>,
  input: CredentialInput
): Grant => {
  const value = Redacted.value(token)
  if (!sendable.test(value)) {
    throw new ConfigurationError({
      message: `The token for ${place.contract.name} is ${value === "" ? "empty" : "not one: it holds a space, a line break or a character outside ASCII"}. Check where it is read from.`
    })
  }
  const refreshToken = text(input.refreshToken)
  const { refresh } = context.description
  if (refreshToken !== undefined && refresh === undefined) {
    throw new ConfigurationError({
      message: `The contract ${place.contract.name} does not say how to refresh a token of ${place.schemeName}, so the refreshToken is of no use: leave it out, or add x-session.refresh to the contract.`
    })
  }
  const { expiresAt } = input
  const until =
    expiresAt === undefined
      ? undefined
      : new Date(Redacted.isRedacted(expiresAt) ? Redacted.value(expiresAt) : expiresAt).getTime()
  return {
    name: "token",
    signIn: "never",
    identity: fingerprint(token),
    secret: token,
    obtain: () =>
      Effect.clockWith((clock) => {
        const now = clock.currentTimeMillisUnsafe()
        return Effect.succeed({
          accessToken: token,
          ...(refreshToken && { refreshToken, refreshIssuedAt: now }),
          tokenType: "Bearer",
          issuedAt: now,
          ...(until !== undefined && { expiresAt: until })
        })
      }),
    ...(refreshToken &&
      refresh && {
        refresh: (context: GrantContext, tokens) =>
          DescribedGrant.refresh({ context, operation: refresh, credentials: clientOf(input), tokens })
      })
  }
}

/**
 * The grant for one scheme's credentials, with the context it works in. A `scope` among the credentials is what is asked
 * for, in place of what the operations need.
 *
 * Throws `ConfigurationError` when the credentials do not fit the scheme.
 */
export const resolve = (
  at: Place,
  input: CredentialInput | undefined,
  plugin: GrantPlugin | undefined
): { readonly grant: Grant; readonly context: GrantContext } => {
  if (input !== undefined) check(at, input)
  const asked = text(input?.scope)
  const place = asked === undefined ? at : { ...at, scopes: Redacted.value(asked).split(/ +/).filter(Boolean) }
  const scheme = schemeOf(place)
  if (plugin !== undefined) {
    const context = contextFor(place, plugin)
    return { grant: plugin(context), context }
  }
  const { grant: named, ...rest } = input ?? {}
  const values: Record<string, Redacted.Redacted<string>> = {}
  for (const [name, value] of Object.entries(rest)) {
    const secret = text(value)
    if (secret !== undefined) values[name] = secret
  }
  const static_ = (token: Redacted.Redacted<string>) => {
    const context = contextOf(place, scheme, "token")
    return { grant: given(place, context, token, rest), context }
  }
  if (values.token !== undefined && (named === undefined || named === "token")) return static_(values.token)
  if (scheme.type === "apiKey" && values.apiKey !== undefined) return static_(values.apiKey)
  if (scheme.type === "http" && scheme.scheme.toLowerCase() === "basic" && scheme.session?.signIn === undefined) {
    const { password, username } = values
    if (username === undefined || password === undefined) {
      throw new ConfigurationError({
        message: `The scheme ${place.schemeName} is HTTP Basic: give credentials { username, password }. Check the environment variables that they are read from.`
      })
    }
    return static_(Redacted.make(base64Pair(Redacted.value(username), Redacted.value(password))))
  }
  const known = grantsOf(scheme)
  const name = typeof named === "string" ? named : known[0]
  if (name === undefined || name === "token" || !known.includes(name)) {
    const ways = [...known.map((grant) => `"${grant}"`), `{ grant: "token", token }`].join(", ")
    throw new ConfigurationError({
      message: `The scheme ${place.schemeName} of ${place.contract.name} does not sign in with ${name === undefined ? "these credentials" : `the grant ${name}`}: it knows ${ways}, or a grant plugin.`
    })
  }
  const context = contextOf(place, scheme, name)
  return { grant: DescribedGrant.make(context, values), context }
}
