/**
 * The second half of the authorization code grant (RFC 6749 §4.1.2): judges what a person's browser brought back, and only
 * if that answers our request exchanges the code, once.
 */
import { type GrantFailure, GrantRejected, GrantUnavailable } from "@keyturn/auth/Grant"
import type { OAuthClient } from "@keyturn/auth/OAuthClient"
import type { TokenSet } from "@keyturn/auth/TokenSet"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as oauth from "oauth4webapi"
import type { Pending } from "./AuthorizationRequest.ts"

const cures: Readonly<Record<string, string>> = {
  access_denied: "The person, or a rule of the server, said no.",
  invalid_scope: "Check the scopes that are asked for against those that the client may have.",
  unauthorized_client: "Check that the client is registered for the authorization code grant.",
  unsupported_response_type: "Check that the client is registered for the authorization code grant.",
  invalid_request: "Check the client id, the redirect URI and the further parameters against the client's registration."
}

/** A server's words, as far as they fit into a message. */
const quote = (text: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim()
  return clean.length > 200 ? `${clean.slice(0, 199)}…` : clean
}

const failureOf = (cause: unknown): GrantFailure => {
  if (cause instanceof oauth.AuthorizationResponseError) {
    const { error, error_description: description } = cause
    const detail = description === undefined ? "" : ` (${quote(description)})`
    const said = `The authorization server answered ${quote(error)}${detail}.`
    return error === "server_error" || error === "temporarily_unavailable"
      ? new GrantUnavailable({ ambiguous: false, message: `${said} Try again later.` })
      : new GrantRejected({ status: 0, code: error, message: `${said} ${cures[error] ?? "Sign in again."}` })
  }
  const why = cause instanceof Error ? cause.message : "it cannot be read"
  return new GrantRejected({
    status: 0,
    message: `The callback does not answer this sign-in, so nothing was exchanged: ${why}. Start the sign-in again; if nobody did anything wrong, the person followed an old link.`
  })
}

/**
 * Exchanges the code in a callback for tokens. `callback` is the URL that the browser came back to, whole or from its path
 * on.
 *
 * Fails without calling the token endpoint when the callback is an error answer, or has another `state`, or comes from
 * another issuer (RFC 9207, where the issuer is known).
 */
export const exchange = Effect.fnUntraced(function* (
  client: OAuthClient,
  pending: Pending,
  callback: string | URL
): Effect.fn.Return<TokenSet, GrantFailure> {
  const { issuerKnown, metadata } = yield* client.server
  const parameters = yield* Effect.try({
    try: () => {
      const given = new URLSearchParams(new URL(callback, pending.redirectUri).searchParams)
      // A contract that names endpoints only does not say who the issuer is, so there is nothing to compare with.
      if (!issuerKnown) given.delete("iss")
      return oauth.validateAuthResponse(metadata, client.client, given, pending.state)
    },
    catch: failureOf
  })
  const secrets = [parameters.get("code") ?? "", pending.codeVerifier].map((secret) => Redacted.make(secret))
  return yield* client.obtain(
    (as, client, authentication, options) =>
      oauth.authorizationCodeGrantRequest(
        as,
        client,
        authentication,
        parameters,
        pending.redirectUri,
        pending.codeVerifier,
        options
      ),
    secrets,
    pending.scope
  )
})
