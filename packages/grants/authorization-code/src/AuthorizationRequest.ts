/**
 * The first half of the authorization code grant (RFC 6749 §4.1.1): the URL that a person is sent to, with PKCE
 * (RFC 7636) always, and pushed ahead (RFC 9126) where the server or the program wants it.
 */
import { GrantRejected } from "@keyturn/auth/Grant"
import type { OAuthClient } from "@keyturn/auth/OAuthClient"
import { isSecure } from "@keyturn/auth/Transport"
import * as Effect from "effect/Effect"
import * as oauth from "oauth4webapi"

/**
 * What has to be kept from sending a person away until they come back: plain data, for one use. It belongs to their
 * browser, in a server's session for it or in `sessionStorage`, and to nobody else: whoever has it can finish the sign-in.
 */
export interface Pending {
  /** Comes back in the callback, and proves that it answers this request (RFC 6749 §10.12). */
  readonly state: string
  /** Proves to the token endpoint who made the request (RFC 7636 §4.1). */
  readonly codeVerifier: string
  readonly redirectUri: string
  /** What was asked for. */
  readonly scope?: string
}

/** A request that waits for a person. */
export interface Begun {
  /** Where to send the person. */
  readonly url: string
  readonly pending: Pending
}

/** What a request may say beside the standard's own parameters. */
export interface RequestOptions {
  /** Pushes the request to the server and sends the person with a reference to it. Default: when the server requires it. */
  readonly pushed?: boolean | undefined
  /** Further parameters, such as `audience`, `prompt` or `login_hint`. The grant's own cannot be replaced. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
}

const refused = (message: string) => new GrantRejected({ status: 0, message })

/** Makes a request. It spends nothing: what is never answered is simply forgotten. */
export const begin = Effect.fnUntraced(function* (
  client: OAuthClient,
  redirectUri: string,
  { parameters: further, pushed }: RequestOptions
) {
  const { metadata } = yield* client.server
  const { dpop } = client
  const endpoint = metadata.authorization_endpoint
  if (endpoint === undefined || !URL.canParse(endpoint) || !isSecure(new URL(endpoint))) {
    return yield* refused(
      endpoint === undefined
        ? "The scheme has no authorization endpoint: the contract needs a flow authorizationCode with an authorizationUrl, or a metadata URL."
        : "The authorization endpoint is neither an https URL nor one on this machine. Check the contract's authorizationUrl."
    )
  }
  const scope = client.scope === undefined ? {} : { scope: client.scope }
  const pending: Pending = {
    state: oauth.generateRandomState(),
    codeVerifier: oauth.generateRandomCodeVerifier(),
    redirectUri,
    ...scope
  }
  const own = {
    response_type: "code",
    client_id: client.client.client_id,
    redirect_uri: redirectUri,
    state: pending.state,
    code_challenge: yield* Effect.promise(() => oauth.calculatePKCECodeChallenge(pending.codeVerifier)),
    code_challenge_method: "S256",
    ...scope,
    // RFC 9449 §10: the code is then of no use without the key.
    ...(dpop !== undefined && { dpop_jkt: yield* Effect.promise(dpop.thumbprint) })
  }
  const parameters = { ...further, ...own }
  const url = new URL(endpoint)
  if (pushed ?? metadata.require_pushed_authorization_requests === true) {
    const answer = yield* client.call(
      (as, client, authentication, options) =>
        oauth.pushedAuthorizationRequest(as, client, authentication, new URLSearchParams(parameters), options),
      []
    )
    const { request_uri } = yield* Effect.tryPromise({
      try: () =>
        oauth.processPushedAuthorizationResponse(
          metadata,
          client.client,
          Response.json(answer.body, { status: answer.status })
        ),
      catch: () => refused("The answer to the pushed authorization request has no request_uri (RFC 9126 §2.2).")
    })
    url.searchParams.set("client_id", own.client_id)
    url.searchParams.set("request_uri", request_uri)
  } else for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return { url: url.href, pending } satisfies Begun
})
