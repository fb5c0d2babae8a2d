/**
 * The three steps of a sign-in (RFC 5849 §2): temporary credentials, the person's consent, and the token in exchange for
 * both. Each request is signed; none is ever sent twice with one nonce.
 */
import * as DescribedGrant from "@keyturn/auth/DescribedGrant"
import { GrantAnswerInvalid, type GrantContext, type GrantFailure, GrantRejected } from "@keyturn/auth/Grant"
import type { TokenSet } from "@keyturn/auth/TokenSet"
import { isSecure, type TransportAnswer } from "@keyturn/auth/Transport"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Answer, Callback } from "./Callback.ts"
import { authorization, type Signatory, showsOurClockWrong } from "./Signature.ts"

/** The server's three places, absolute or relative to the API's server. What their queries say is kept, and signed. */
export interface Endpoints {
  /** Gives temporary credentials (RFC 5849 §2.1). */
  readonly requestTokenUrl: string
  /** Where the person is asked (§2.2). */
  readonly authorizationUrl: string
  /** Gives the token (§2.3). */
  readonly accessTokenUrl: string
}

/**
 * What has to be kept from sending a person away until they come back: plain data, for one use. It belongs to their
 * browser, in a server's session for it, and to nobody else.
 */
export interface Pending {
  /** The temporary credentials' identifier. It comes back in the callback and proves that it answers this request. */
  readonly token: string
  readonly tokenSecret: string
}

/** A request that waits for a person. */
export interface Begun {
  /** Where to send the person. */
  readonly url: string
  readonly pending: Pending
}

/** Who signs in, and where. */
export interface Dancer extends Signatory, Endpoints {
  readonly context: GrantContext
}

const refused = (message: string, code?: string) => new GrantRejected({ status: 0, code, message })

/** Sends one signed request and reads the credentials that it answers. */
const call = Effect.fnUntraced(function* (
  dancer: Dancer,
  path: string,
  parameters: Readonly<Record<string, string>>,
  tokenSecret: Redacted.Redacted<string> | undefined,
  cure: string
): Effect.fn.Return<
  { readonly token: string; readonly secret: string; readonly confirmed: boolean; readonly answer: TransportAnswer },
  GrantFailure
> {
  const { clock, consumerSecret, context } = dancer
  const request = { method: "POST", url: DescribedGrant.urlOf(context, path), form: async () => "" }
  let headers = new Headers()
  const attempt = Effect.flatMap(
    Effect.promise(() => authorization(dancer, request, parameters, tokenSecret)),
    (value) =>
      context.transport({
        method: request.method,
        url: request.url,
        headers: { authorization: value },
        secrets: [
          consumerSecret,
          ...(tokenSecret === undefined ? [] : [tokenSecret]),
          ...Object.values(parameters).map((secret) => Redacted.make(secret))
        ],
        deadline: context.deadline.signIn,
        answer: "form",
        onHeaders: (received) => {
          headers = received
        }
      })
  )
  const answer = yield* Effect.catchTag(attempt, "GrantRejected", (error) =>
    showsOurClockWrong(clock, request.url, error.status, headers) ? attempt : Effect.fail(error)
  ).pipe(
    Effect.catchTag("GrantRejected", ({ code, message, status }) =>
      Effect.fail(new GrantRejected({ status, code, message, cure: status === 401 ? cure : undefined }))
    )
  )
  const fields = (answer.body ?? {}) as Record<string, unknown>
  const { oauth_callback_confirmed, oauth_token: token, oauth_token_secret: secret } = fields
  if (typeof token !== "string" || token === "" || typeof secret !== "string") {
    return yield* new GrantAnswerInvalid({
      status: answer.status,
      message: `The answer of ${new URL(request.url).pathname} has no oauth_token with its oauth_token_secret (RFC 5849 §2.1). Something else answers there: check the URL.`
    })
  }
  return { token, secret, confirmed: oauth_callback_confirmed === "true", answer }
})

/** Asks for temporary credentials. What is never answered by a person is simply forgotten. */
export const begin = Effect.fnUntraced(function* (
  dancer: Dancer,
  oauthCallback: string
): Effect.fn.Return<Begun, GrantFailure> {
  const url = new URL(DescribedGrant.urlOf(dancer.context, dancer.authorizationUrl))
  if (!isSecure(url)) {
    return yield* refused("The authorizationUrl is neither an https URL nor one on this machine.")
  }
  const { answer, confirmed, secret, token } = yield* call(
    dancer,
    dancer.requestTokenUrl,
    { oauth_callback: oauthCallback },
    undefined,
    "It knows no such consumer, or not this secret: check consumerKey, consumerSecret and signatureMethod, and that the callback is the registered one."
  )
  // Without it the server would send whoever it likes back: OAuth 1.0 had that hole (session fixation), 1.0a has not.
  if (!confirmed) {
    return yield* new GrantAnswerInvalid({
      status: answer.status,
      message:
        "The server did not confirm the callback (oauth_callback_confirmed=true, RFC 5849 §2.1): it speaks OAuth 1.0 without the security fix of 1.0a, so nobody was sent there."
    })
  }
  url.searchParams.set("oauth_token", token)
  return { url: url.href, pending: { token, tokenSecret: secret } }
})

/** The verifier in what came back, if that answers this request. */
const verifierOf = (answer: Answer, { token }: Pending): string | GrantRejected => {
  if (typeof answer === "object" && "verifier" in answer) {
    return answer.verifier !== "" ? answer.verifier : refused("No PIN was given. Start the sign-in again.")
  }
  // Only its query counts: whoever got the request knows where it was made.
  const { searchParams } = new URL(answer, "http://localhost")
  const verifier = searchParams.get("oauth_verifier")
  // What servers say when the person refused is no standard; what they do not say then is a verifier.
  if (searchParams.get("denied") === token || (searchParams.get("oauth_token") === token && !verifier)) {
    return refused("The person, or a rule of the server, said no. Start again to ask once more.", "access_denied")
  }
  return searchParams.get("oauth_token") === token && verifier
    ? verifier
    : refused(
        "The callback does not answer this sign-in, so nothing was exchanged. Start the sign-in again; if nobody did anything wrong, the person followed an old link."
      )
}

/** Exchanges the temporary credentials and the verifier for a token, once. */
export const exchange = Effect.fnUntraced(function* (
  dancer: Dancer,
  pending: Pending,
  came: Answer
): Effect.fn.Return<TokenSet, GrantFailure> {
  const verifier = verifierOf(came, pending)
  if (typeof verifier !== "string") return yield* verifier
  const { answer, secret, token } = yield* call(
    dancer,
    dancer.accessTokenUrl,
    { oauth_token: pending.token, oauth_verifier: verifier },
    Redacted.make(pending.tokenSecret),
    "The verifier (the PIN) is not the one that the server gave, or it is too late for it. Start the sign-in again."
  )
  return {
    accessToken: Redacted.make(token, { label: "accessToken" }),
    tokenSecret: Redacted.make(secret, { label: "tokenSecret" }),
    tokenType: "OAuth",
    issuedAt: answer.receivedAt
  }
})

/** The whole of it, with a person who is there. */
export const dance = (dancer: Dancer, callback: Callback): Effect.Effect<TokenSet, GrantFailure> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { oauthCallback, visit } = yield* callback.listen
      const { pending, url } = yield* begin(dancer, oauthCallback)
      const { answer, callback: came } = yield* visit(url, pending.token)
      return yield* exchange(dancer, pending, came).pipe(
        Effect.tap(() => answer(undefined)),
        Effect.tapError(({ message }) => answer(message))
      )
    })
  )
