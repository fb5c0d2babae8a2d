/** The grant itself: a person signs in with a browser, and the program gets a code to exchange. */
import * as Credentials from "@keyturn/auth/Credentials"
import * as Dpop from "@keyturn/auth/Dpop"
import { type Grant, type GrantContext, type GrantFailure, GrantRejected } from "@keyturn/auth/Grant"
import * as OAuthClient from "@keyturn/auth/OAuthClient"
import * as Policy from "@keyturn/auth/Policy"
import { toSessionError } from "@keyturn/auth/Renewal"
import * as Scopes from "@keyturn/auth/Scopes"
import { ConfigurationError, type SessionError } from "@keyturn/auth/SessionError"
import type { TokenSet } from "@keyturn/auth/TokenSet"
import * as Transport from "@keyturn/auth/Transport"
import { type Contract, serverUrl } from "@keyturn/contract"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type Begun, begin, type Pending, type RequestOptions } from "./AuthorizationRequest.ts"
import { exchange } from "./AuthorizationResponse.ts"
import type { Redirect } from "./Redirect.ts"

/** How a client signs people in. */
export interface AuthorizationCodeOptions extends OAuthClient.Options, RequestOptions {
  /**
   * Where the browser comes back to: `loopback()` for a program on the person's machine; a registered URL of a web
   * application, which then uses `begin` and `complete`.
   */
  readonly redirect: string | Redirect
}

/** Where a contract is used, when that is not as it says. */
export interface BeginOptions {
  /** Replaces the contract's server, as for `connect`. */
  readonly baseUrl?: string
  /** The operations that will be called, as for `connect`: the scopes that they need are asked for. */
  readonly operations?: ReadonlyArray<string>
  /** The `fetch` for discovery and pushed requests. Default: the global one. */
  readonly fetch?: typeof globalThis.fetch
}

/** A grant for `connect`, and its two halves for a program that cannot wait for a person. */
export interface AuthorizationCode extends Credentials.GrantPlugin {
  /**
   * The first half: where to send the person, and what to keep until they come back.
   *
   * Rejects with `ConfigurationError`, `SignInRejected`, `AuthUnavailable` or `TokenAnswerInvalid`.
   */
  readonly begin: (contract: Contract, options?: BeginOptions) => Promise<Begun>
  /** The same as an effect. */
  readonly beginEffect: (contract: Contract, options?: BeginOptions) => Effect.Effect<Begun, SessionError>
  /**
   * The second half: a grant that signs in with what the browser brought back. `callback` is the URL of that request, whole
   * or from its path on. It works once. Without an `account` the session is the browser's alone.
   */
  readonly complete: (callback: string | URL, pending: Pending) => Credentials.GrantPlugin
}

const name = "authorization_code"

const plugin = (make: (context: GrantContext) => Grant): Credentials.GrantPlugin =>
  Object.assign((context: GrantContext) => make(context), { grant: name })

/** A person at this machine: the browser is sent away and comes back while the program waits. */
const interact = (
  client: OAuthClient.OAuthClient,
  redirect: Redirect,
  options: RequestOptions
): Effect.Effect<TokenSet, GrantFailure> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { redirectUri, visit } = yield* redirect.listen
      const { pending, url } = yield* begin(client, redirectUri, options)
      const { answer, callback } = yield* visit(url, pending.state)
      return yield* Effect.onExit(exchange(client, pending, callback), (exit) =>
        Exit.isSuccess(exit)
          ? answer(undefined)
          : answer(exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error.message ?? "It was cancelled.")
      )
    })
  )

/**
 * The authorization code grant with PKCE (RFC 6749 §4.1, RFC 7636).
 *
 * Throws `ConfigurationError` for a redirect that is no URL.
 *
 * @example A program on the person's machine
 * ```ts
 * import { connect } from "@keyturn/client"
 * import { authorizationCode } from "@keyturn/grant-authorization-code"
 * import { loopback } from "@keyturn/grant-authorization-code/loopback"
 *
 * await using api = await connect(contract, { grant: authorizationCode({ clientId: "my-cli", redirect: loopback() }) })
 * ```
 *
 * @example A web application
 * ```ts
 * const signIn = authorizationCode({ clientId, clientSecret, redirect: "https://app.example/callback" })
 *
 * const { url, pending } = await signIn.begin(contract) // keep `pending` in the browser's session, send it to `url`
 * const api = await connect(contract, { grant: signIn.complete(request.url, pending) }) // at /callback
 * ```
 */
export const authorizationCode = (options: AuthorizationCodeOptions): AuthorizationCode => {
  const { redirect } = options
  if (typeof redirect === "string" && !URL.canParse(redirect)) {
    throw new ConfigurationError({
      message:
        "The redirect is not an absolute URL. Give the one that the client is registered with, or loopback() for a program on the person's machine."
    })
  }
  // One key for both halves: the code is bound to it.
  let key = options.dpop === true ? Dpop.ephemeral() : options.dpop
  const clientFor = (context: GrantContext, account: string | undefined) => {
    key ??= Dpop.forScheme(context.scheme)
    return OAuthClient.make(context, name, {
      ...options,
      ...(key !== undefined && { dpop: key }),
      ...(account !== undefined && { account })
    })
  }

  const waiting = plugin((context) => {
    const client = clientFor(context, options.account)
    return client.grant(
      typeof redirect === "string"
        ? Effect.fail(
            new GrantRejected({
              status: 0,
              message:
                "The store holds no session for this person. Send them to the URL that begin() gives, and connect with complete() when they come back."
            })
          )
        : interact(client, redirect, options)
    )
  })

  const clientAt = (
    contract: Contract,
    { baseUrl, fetch = globalThis.fetch, operations }: BeginOptions
  ): readonly [client: OAuthClient.OAuthClient, redirectUri: string] => {
    if (typeof redirect !== "string") {
      throw new ConfigurationError({
        message: "begin() is for a redirect given as a URL; with loopback() connect does both halves itself."
      })
    }
    const [server] = contract.servers
    const schemeName = Credentials.schemeFor(contract, waiting)
    const place = {
      contract,
      schemeName,
      baseUrl: (baseUrl ?? (server === undefined ? "" : serverUrl(server))).replace(/\/+$/, ""),
      scopes: Scopes.forOperations(contract, schemeName, new Set([schemeName]), operations),
      transport: Transport.make(fetch),
      policy: Policy.make()
    }
    if (!URL.canParse(place.baseUrl)) {
      throw new ConfigurationError({
        message: `The contract ${contract.name} names no absolute server: give a baseUrl.`
      })
    }
    return [clientFor(Credentials.contextFor(place, waiting), options.account), redirect]
  }

  const beginEffect: AuthorizationCode["beginEffect"] = (contract, where = {}) =>
    Effect.flatMap(
      Effect.try({
        try: () => clientAt(contract, where),
        catch: (error) => {
          if (error instanceof ConfigurationError) return error
          throw error
        }
      }),
      ([client, redirectUri]) =>
        Effect.mapError(begin(client, redirectUri, options), (error) => toSessionError(error, "signIn"))
    )

  const complete: AuthorizationCode["complete"] = (callback, pending) => {
    let used = false
    return plugin((context) => {
      // The state names the browser's own session: nobody else is ever given it.
      const client = clientFor(context, options.account ?? pending.state)
      return {
        ...client.grant(
          Effect.suspend(() => {
            if (used) {
              return Effect.fail(
                new GrantRejected({ status: 0, message: "The code was used already. Start the sign-in again." })
              )
            }
            used = true
            return exchange(client, pending, callback)
          })
        ),
        fresh: () => !used
      }
    })
  }

  return Object.assign(waiting, {
    begin: (contract: Contract, where?: BeginOptions) => Effect.runPromise(beginEffect(contract, where)),
    beginEffect,
    complete
  })
}
