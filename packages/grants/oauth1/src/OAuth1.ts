/** The grant itself: a token from a person's consent, or one made beforehand, and every request signed with it. */
import * as Credentials from "@keyturn/auth/Credentials"
import { type Grant, type GrantContext, type GrantFailure, GrantRejected } from "@keyturn/auth/Grant"
import * as Policy from "@keyturn/auth/Policy"
import { toSessionError } from "@keyturn/auth/Renewal"
import type { RequestSigner } from "@keyturn/auth/RequestSigner"
import * as ServerClock from "@keyturn/auth/ServerClock"
import { ConfigurationError } from "@keyturn/auth/SessionError"
import type { TokenSet } from "@keyturn/auth/TokenSet"
import * as Transport from "@keyturn/auth/Transport"
import { type Contract, serverUrl } from "@keyturn/contract"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Answer, Callback } from "./Callback.ts"
import { type Begun, begin, type Dancer, dance, type Endpoints, exchange, type Pending } from "./Dance.ts"
import { authorization, type Signatory, type SignatureMethod, showsOurClockWrong } from "./Signature.ts"

type Secret = string | Redacted.Redacted<string>

/** The client, which OAuth 1.0 calls a consumer, as it is registered with the server. */
export interface Consumer {
  readonly consumerKey: string
  readonly consumerSecret: Secret
  /** Default `HMAC-SHA1`, which every server takes. */
  readonly signatureMethod?: SignatureMethod
}

/** A token that was made beforehand, such as on the account page. */
export interface MadeToken extends Consumer {
  readonly token: string
  readonly tokenSecret: Secret
}

/** How a person gives a token. */
export interface PersonOptions extends Consumer, Endpoints {
  /**
   * Where the browser comes back to: `loopback()` for a program on the person's machine, `outOfBand(ask)` for a server that
   * shows a PIN; the URL of a web application, or `"oob"`, for a program that uses `begin` and `complete`.
   */
  readonly callback: string | Callback
  /**
   * Names the person's session in the store: sessions of different people must not share one. It is no secret and may be
   * a user's id. Default: one session a consumer.
   */
  readonly account?: string
}

/** Where a contract is used, when that is not as it says. */
export interface BeginOptions {
  /** Replaces the contract's server, as for `connect`. */
  readonly baseUrl?: string
  /** The `fetch` for the server's endpoints. Default: the global one. */
  readonly fetch?: typeof globalThis.fetch
}

/** A grant for `connect`, and its two halves for a program that cannot wait for a person. */
export interface OAuth1 extends Credentials.GrantPlugin {
  /**
   * The first half: where to send the person, and what to keep until they come back.
   *
   * Rejects with `ConfigurationError`, `SignInRejected`, `AuthUnavailable` or `TokenAnswerInvalid`.
   */
  readonly begin: (contract: Contract, options?: BeginOptions) => Promise<Begun>
  /**
   * The second half: a grant that signs in with what the browser brought back, or with `{ verifier }` for a PIN. It works
   * once. Without an `account` the session is the browser's alone.
   */
  readonly complete: (answer: Answer, pending: Pending) => Credentials.GrantPlugin
}

const name = "oauth1"

const plugin = (make: (context: GrantContext) => Grant): Credentials.GrantPlugin =>
  Object.assign((context: GrantContext) => make(context), { grant: name } as const)

const given = (options: Readonly<Record<string, unknown>>, option: string): string => {
  const value = options[option]
  const text = Redacted.isRedacted(value) ? Redacted.value(value) : value
  if (typeof text === "string" && text !== "") return text
  throw new ConfigurationError({
    message: `The grant oauth1 needs a ${option}, which is missing or empty. Check the environment variable that it is read from.`
  })
}

const rejected = (message: string) => Effect.fail(new GrantRejected({ status: 0, message }))

/** Signs requests to the API (RFC 5849 §3.1). */
const signerOf = (signatory: Signatory): RequestSigner => ({
  writes: ["authorization"],
  sign: async (request, { accessToken, tokenSecret }) => ({
    authorization: await authorization(signatory, request, { oauth_token: Redacted.value(accessToken) }, tokenSecret)
  }),
  learn: (url, { headers, status }) => showsOurClockWrong(signatory.clock, url, status, headers)
})

/** OAuth 1.0a (RFC 5849) with a token that was made beforehand. It never expires by itself, and nothing renews it. */
export function oauth1(options: MadeToken): Credentials.GrantPlugin
/**
 * OAuth 1.0a (RFC 5849): a person allows the program to act for them, and every request is signed.
 *
 * Throws `ConfigurationError` for an option that is missing or cannot be right.
 *
 * @example A program on the person's machine
 * ```ts
 * import { contract } from "@keyturn/allura"
 * import { connect } from "@keyturn/client"
 * import { oauth1 } from "@keyturn/grant-oauth1"
 * import { loopback } from "@keyturn/grant-oauth1/loopback"
 *
 * await using allura = await connect(contract, {
 *   grant: oauth1({
 *     consumerKey,
 *     consumerSecret,
 *     requestTokenUrl: "/rest/oauth/request_token",
 *     authorizationUrl: "/rest/oauth/authorize",
 *     accessTokenUrl: "/rest/oauth/access_token",
 *     callback: loopback()
 *   })
 * })
 * ```
 */
export function oauth1(options: PersonOptions): OAuth1
export function oauth1(options: MadeToken | PersonOptions): Credentials.GrantPlugin | OAuth1 {
  const values = options as unknown as Readonly<Record<string, unknown>>
  const signatory: Signatory = {
    consumerKey: given(values, "consumerKey"),
    consumerSecret: Redacted.make(given(values, "consumerSecret"), { label: "consumerSecret" }),
    signatureMethod: options.signatureMethod ?? "HMAC-SHA1",
    clock: ServerClock.make()
  }
  if (!["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"].includes(signatory.signatureMethod)) {
    throw new ConfigurationError({
      message: "The signatureMethod is none that is known here: HMAC-SHA1, HMAC-SHA256 or PLAINTEXT."
    })
  }
  const signer = signerOf(signatory)
  return "token" in options || "tokenSecret" in options
    ? withToken(signatory, signer, given(values, "token"), given(values, "tokenSecret"))
    : withPerson(signatory, signer, options)
}

const withToken = (signatory: Signatory, signer: RequestSigner, token: string, secret: string) =>
  plugin(() => ({
    name,
    signIn: "never",
    identity: `${signatory.consumerKey} ${token}`,
    secret: undefined,
    signer,
    obtain: () =>
      Effect.clockWith((clock) =>
        Effect.succeed({
          accessToken: Redacted.make(token, { label: "accessToken" }),
          tokenSecret: Redacted.make(secret, { label: "tokenSecret" }),
          tokenType: "OAuth",
          issuedAt: clock.currentTimeMillisUnsafe()
        })
      )
  }))

const withPerson = (signatory: Signatory, signer: RequestSigner, options: PersonOptions): OAuth1 => {
  const { account, callback } = options
  for (const endpoint of ["requestTokenUrl", "authorizationUrl", "accessTokenUrl"] as const) {
    const url: unknown = options[endpoint]
    if (typeof url !== "string" || url === "" || !URL.canParse(url, "https://api.example")) {
      throw new ConfigurationError({
        message: `The grant oauth1 needs a ${endpoint}, absolute or relative to the API's server; or a token with its tokenSecret.`
      })
    }
  }
  if (typeof callback === "string" && callback !== "oob" && !URL.canParse(callback)) {
    throw new ConfigurationError({
      message:
        'The callback is neither an absolute URL nor "oob". Give the one that the consumer is registered with, or loopback() or outOfBand() for a program on the person\'s machine.'
    })
  }
  const dancerAt = (context: GrantContext): Dancer => ({
    ...signatory,
    context,
    requestTokenUrl: options.requestTokenUrl,
    authorizationUrl: options.authorizationUrl,
    accessTokenUrl: options.accessTokenUrl
  })
  const grantOf = (obtain: Effect.Effect<TokenSet, GrantFailure>, account: string | undefined): Grant => ({
    name,
    signIn: "interactive",
    identity: account === undefined ? signatory.consumerKey : `${signatory.consumerKey} ${account}`,
    // A stored token is of no use to whoever signs with another secret.
    secret: signatory.consumerSecret,
    signer,
    obtain: () => obtain
  })

  const waiting = plugin((context) =>
    grantOf(
      typeof callback === "string"
        ? rejected(
            "The store holds no session for this person. Send them to the URL that begin() gives, and connect with complete() when they come back."
          )
        : dance(dancerAt(context), callback),
      account
    )
  )

  return Object.assign(waiting, {
    begin: async (contract: Contract, { baseUrl, fetch = globalThis.fetch }: BeginOptions = {}) => {
      if (typeof callback !== "string") {
        throw new ConfigurationError({
          message: 'begin() is for a callback given as a URL or "oob"; otherwise connect does both halves itself.'
        })
      }
      const [server] = contract.servers
      const place = {
        contract,
        schemeName: Credentials.schemeFor(contract, waiting),
        baseUrl: (baseUrl ?? (server === undefined ? "" : serverUrl(server))).replace(/\/+$/, ""),
        scopes: [],
        transport: Transport.make(fetch),
        policy: Policy.make()
      }
      if (!URL.canParse(place.baseUrl)) {
        throw new ConfigurationError({
          message: `The contract ${contract.name} names no absolute server: give a baseUrl.`
        })
      }
      const dancer = dancerAt(Credentials.contextFor(place, waiting))
      return Effect.runPromise(Effect.mapError(begin(dancer, callback), (error) => toSessionError(error, "signIn")))
    },
    complete: (answer: Answer, pending: Pending) => {
      let used = false
      return plugin((context) => ({
        // The temporary token names the browser's own sign-in: nobody else is ever given it.
        ...grantOf(
          Effect.suspend(() => {
            if (used) return rejected("The verifier was used already. Start the sign-in again.")
            used = true
            return exchange(dancerAt(context), pending, answer)
          }),
          account ?? pending.token
        ),
        fresh: () => !used
      }))
    }
  })
}
