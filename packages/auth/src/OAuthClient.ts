/**
 * An OAuth client at its authorization server: what the grants that a person takes part in have in common. It knows the
 * server's endpoints (from the contract's flow, or by discovery), how the client authenticates, how to refresh, and how
 * to revoke. A plugin adds how a person signs in.
 *
 * Messages are built by `oauth4webapi` and travel over the session's own transport: with its deadline, without redirects,
 * and with failures told apart as everywhere else. Answers are read as the contract says they are written.
 */
import type { ClientAuthentication, GrantName, SessionOperation } from "@keyturn/contract"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as oauth from "oauth4webapi"
import * as DescribedGrant from "./DescribedGrant.ts"
import { describe, flowOf, refreshAt, standardResponse } from "./Description.ts"
import * as Discovery from "./Discovery.ts"
import * as Dpop from "./Dpop.ts"
import { type Grant, type GrantContext, type GrantFailure, GrantRejected, GrantUnavailable } from "./Grant.ts"
import { basic } from "./internal/basic.ts"
import { scrub } from "./internal/scrub.ts"
import { ConfigurationError } from "./SessionError.ts"
import * as TokenAnswer from "./TokenAnswer.ts"
import type { TokenSet } from "./TokenSet.ts"
import type { TransportAnswer } from "./Transport.ts"

/** What a client is registered as, and what it asks for. */
export interface Options {
  /** RFC 6749 §2.2. */
  readonly clientId: string
  /** For a confidential client; a public one (a command-line program, an app, a page) has none. */
  readonly clientSecret?: string | Redacted.Redacted<string>
  /**
   * Where id and secret go (RFC 6749 §2.3.1). Default: what the contract's `x-session` says, else what the server's
   * metadata allows, else `basic`.
   */
  readonly clientAuthentication?: ClientAuthentication
  /** The issuer, for discovery (RFC 8414) where the contract names neither endpoints nor a metadata URL. */
  readonly issuer?: string
  /** The scopes to ask for, separated by spaces (RFC 6749 §3.3). Default: what the chosen operations need. */
  readonly scope?: string
  /**
   * Names the person's session in the store: sessions of different people must not share one. It is no secret and may
   * be a user's id. Default: one session a client.
   */
  readonly account?: string
  /** Binds the tokens to a key (RFC 9449): `true` for one that ends with the process, or one that the caller keeps. */
  readonly dpop?: true | Dpop.Dpop
}

/** The authorization server. */
export interface Server {
  readonly metadata: oauth.AuthorizationServer
  /** Whether `metadata.issuer` is the server's own word, and not only a name for want of one. */
  readonly issuerKnown: boolean
}

/** What `oauth4webapi`'s request functions take as their options. */
export interface RequestOptions {
  readonly [oauth.customFetch]: (
    url: string,
    init: { readonly method: string; readonly headers: Record<string, string>; readonly body?: unknown }
  ) => Promise<Response>
  readonly [oauth.allowInsecureRequests]: boolean
}

/** Builds one message with a request function of `oauth4webapi`. */
export type Build = (
  server: oauth.AuthorizationServer,
  client: oauth.Client,
  authentication: oauth.ClientAuth,
  options: RequestOptions
) => Promise<Response>

/** A client at its server. */
export interface OAuthClient {
  readonly client: oauth.Client
  readonly context: GrantContext
  /** The scopes to ask for, or `undefined` for the server's default. */
  readonly scope: string | undefined
  readonly dpop: Dpop.Dpop | undefined
  /** The server, found once. */
  readonly server: Effect.Effect<Server, GrantFailure>
  /** Sends one message; `secrets` are what it holds. */
  readonly call: (
    build: Build,
    secrets: ReadonlyArray<Redacted.Redacted<string>>,
    deadline?: Duration.Duration
  ) => Effect.Effect<TransportAnswer, GrantFailure>
  /** Sends a message to the token endpoint and reads the tokens that it answers. `scope` is what had been asked for. */
  readonly obtain: (
    build: Build,
    secrets: ReadonlyArray<Redacted.Redacted<string>>,
    scope: string | undefined
  ) => Effect.Effect<TokenSet, GrantFailure>
  /** The grant, given how a person signs in. */
  readonly grant: (obtain: Effect.Effect<TokenSet, GrantFailure>) => Grant
}

const text = (value: string | Redacted.Redacted<string>): string =>
  Redacted.isRedacted(value) ? Redacted.value(value) : value

/** A failure to find the server, seen from a refresh: nothing was sent, so nothing is spent. */
const unspent = (error: GrantFailure): GrantUnavailable =>
  error._tag === "GrantUnavailable" && !error.ambiguous
    ? error
    : new GrantUnavailable({ ambiguous: false, status: error.status, message: error.message })

/**
 * Makes a client for one scheme.
 *
 * Throws `ConfigurationError` when an option is missing or cannot be right.
 */
export const make = (place: GrantContext, name: GrantName, options: Options): OAuthClient => {
  const { scheme } = place
  const said = describe(scheme, name, place.baseUrl)
  // Of a server that is found by discovery the contract says nothing, and its answers are the standard's.
  const described = { ...said, response: { ...standardResponse, ...said.response } }
  const context = { ...place, description: described }
  const { clientId, issuer } = options
  if (typeof clientId !== "string" || clientId === "") {
    throw new ConfigurationError({
      message: `The grant ${name} needs a clientId. Check the environment variable that it is read from.`
    })
  }
  if (issuer !== undefined && !URL.canParse(issuer)) {
    throw new ConfigurationError({ message: "The issuer is not a URL. Give one such as https://login.example.com." })
  }
  const secret = options.clientSecret === undefined ? undefined : text(options.clientSecret)
  if (secret === "") {
    throw new ConfigurationError({
      message:
        "The clientSecret is empty. Check the environment variable that it is read from, or leave it out for a public client."
    })
  }
  const client: oauth.Client = { client_id: clientId }
  const credentials: DescribedGrant.CredentialValues = {
    clientId: Redacted.make(clientId),
    ...(secret !== undefined && { clientSecret: Redacted.make(secret) })
  }
  const own =
    secret === undefined ? [] : [secret, basic(clientId, secret).slice("Basic ".length)].map((s) => Redacted.make(s))
  const scope = options.scope ?? (context.scopes.length > 0 ? context.scopes.join(" ") : undefined)
  const dpop = options.dpop === true ? Dpop.ephemeral() : (options.dpop ?? Dpop.forScheme(scheme))
  const bound = Dpop.bind(context, dpop)
  const flow = flowOf(scheme, name, context.baseUrl)
  const metadataUrl =
    scheme.type === "openIdConnect"
      ? scheme.openIdConnectUrl
      : scheme.type === "oauth2"
        ? scheme.metadataUrl
        : undefined

  const resolved = (url: string | undefined) => (url === undefined ? undefined : DescribedGrant.urlOf(context, url))
  const declared = Object.fromEntries(
    Object.entries({
      authorization_endpoint: resolved(flow?.authorizationUrl),
      token_endpoint: resolved(flow?.tokenUrl),
      device_authorization_endpoint: resolved(flow?.deviceAuthorizationUrl)
    }).filter(([, url]) => url !== undefined)
  )
  const discovered =
    metadataUrl !== undefined
      ? Discovery.fromUrl(context, DescribedGrant.urlOf(context, metadataUrl), issuer)
      : issuer !== undefined && declared.token_endpoint === undefined
        ? Discovery.fromIssuer(context, issuer)
        : undefined
  let found: Server | undefined
  const server = Effect.suspend((): Effect.Effect<Server, GrantFailure> => {
    if (found !== undefined) return Effect.succeed(found)
    const metadata =
      discovered ?? Effect.succeed<oauth.AuthorizationServer>({ issuer: issuer ?? new URL(context.baseUrl).origin })
    return Effect.map(metadata, (metadata) => {
      found = {
        metadata: { ...declared, ...metadata },
        issuerKnown: discovered !== undefined || issuer !== undefined
      }
      return found
    })
  })

  const methodAt = (metadata: oauth.AuthorizationServer): ClientAuthentication => {
    const said =
      options.clientAuthentication ??
      scheme.session?.signIn?.clientAuthentication ??
      scheme.session?.refresh?.clientAuthentication
    if (said !== undefined) return said
    const supported = metadata.token_endpoint_auth_methods_supported
    return supported?.includes("client_secret_post") === true && !supported.includes("client_secret_basic")
      ? "body"
      : "basic"
  }
  const authenticationAt = (metadata: oauth.AuthorizationServer): oauth.ClientAuth => {
    if (secret === undefined) return oauth.None()
    const method = methodAt(metadata)
    return method === "body"
      ? oauth.ClientSecretPost(secret)
      : (_as, _client, _body, headers) => headers.set("authorization", basic(clientId, secret, method))
  }

  const send = (
    {
      deadline: standard,
      transport
    }: { readonly deadline: Duration.Duration; readonly transport: GrantContext["transport"] },
    build: Build,
    secrets: ReadonlyArray<Redacted.Redacted<string>>,
    deadline = standard
  ) =>
    Effect.gen(function* () {
      const { metadata } = yield* server
      const all = [...own, ...secrets]
      const message = yield* Effect.tryPromise({
        try: () =>
          new Promise<{ readonly url: string; readonly headers: Record<string, string>; readonly body: string }>(
            (resolve, reject) => {
              build(metadata, client, authenticationAt(metadata), {
                [oauth.customFetch]: async (url, init) => {
                  const { "user-agent": _, ...headers } = init.headers
                  resolve({ url, headers, body: String(init.body) })
                  return new Response(null)
                },
                // The transport itself refuses http, except to this machine.
                [oauth.allowInsecureRequests]: true
              }).catch(reject)
            }
          ),
        catch: (cause) =>
          new GrantRejected({
            status: 0,
            message: `Nothing was sent: ${scrub(cause instanceof Error ? cause.message : String(cause), all)}. Check the contract's URLs, or the issuer's metadata.`
          })
      })
      return yield* transport({ ...message, method: "POST", secrets: all, deadline })
    })

  const refresh = (tokens: TokenSet) =>
    Effect.gen(function* () {
      const { metadata } = yield* Effect.mapError(server, unspent)
      const path = resolved(flow?.refreshUrl) ?? metadata.token_endpoint
      const operation: SessionOperation | undefined =
        scheme.session?.refresh ??
        (path === undefined ? undefined : { ...refreshAt(path), clientAuthentication: methodAt(metadata) })
      if (operation === undefined) {
        return yield* new GrantUnavailable({
          ambiguous: false,
          message: "The server's metadata has no token endpoint, so nothing was sent."
        })
      }
      return yield* DescribedGrant.refresh({ context: bound, operation, credentials, tokens })
    })

  const revoke = (token: Redacted.Redacted<string>, hint: "refresh_token" | "access_token") =>
    send(
      { ...context, deadline: context.deadline.signOut },
      (as, client, authentication, options) =>
        oauth.revocationRequest(as, client, authentication, Redacted.value(token), {
          ...options,
          additionalParameters: { token_type_hint: hint }
        }),
      [token]
    )

  // RFC 7009 §2.1: the refresh token first, since most servers end its access tokens with it; then the access token, for
  // those that do not. A server that revokes only one kind says so, and that is no failure.
  const revokeAll = ({ accessToken, refreshToken }: TokenSet) =>
    Effect.gen(function* () {
      const unsupported = (error: GrantRejected) =>
        error.code === "unsupported_token_type" ? Effect.succeed(error) : Effect.fail(error)
      if (refreshToken !== undefined) {
        yield* Effect.catchTag(revoke(refreshToken, "refresh_token"), "GrantRejected", unsupported)
      }
      const last = yield* Effect.catchTag(revoke(accessToken, "access_token"), "GrantRejected", unsupported)
      if (refreshToken === undefined && "_tag" in last) yield* last
    })

  const { signOut } = described
  return {
    client,
    context,
    scope,
    dpop,
    server,
    call: (build, secrets, deadline) =>
      send({ ...context, deadline: context.deadline.signIn }, build, secrets, deadline),
    obtain: (build, secrets, scope) =>
      Effect.gen(function* () {
        const answer = yield* send({ ...bound, deadline: context.deadline.signIn }, build, secrets)
        const map = { ...described.response, ...scheme.session?.signIn?.response }
        const tokens = yield* TokenAnswer.read(answer, map, "signIn", bound.tokenType)
        // RFC 6749 §5.1: a scope that is not mentioned is the one that was asked for.
        return scope === undefined ? tokens : { scope: scope.split(" ").filter((part) => part !== ""), ...tokens }
      }),
    grant: (obtain) => ({
      name,
      signIn: "interactive",
      identity: [clientId, options.account, options.scope, dpop?.id].filter((part) => part !== undefined).join(" "),
      secret: undefined,
      signer: dpop && Dpop.signer(dpop),
      obtain: () => obtain,
      refresh: (_context, tokens) => refresh(tokens),
      ...(signOut !== undefined
        ? {
            signOut: (_context: GrantContext, tokens: TokenSet) =>
              DescribedGrant.signOut({ context: bound, operation: signOut, credentials, tokens })
          }
        : discovered !== undefined && { signOut: (_context: GrantContext, tokens: TokenSet) => revokeAll(tokens) })
    })
  }
}
