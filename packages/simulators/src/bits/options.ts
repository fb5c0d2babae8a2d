/** What can be set on a simulated Bits. Facts are the defaults; what is only inferred about the real one is a switch. */
import type { Duration } from "../clock.ts"

/** A client of the dashboard's Developer page. */
export interface BitsClient {
  readonly clientId: string
  readonly clientSecret: string
  /** The customer it belongs to: `bits:customer::` and a UUID. */
  readonly customerId: string
}

/** The behaviours that the vendor does not state. Each default is our best reading. */
export interface BitsSwitches {
  /** How the kind of the token is named in the token answer: `type`, as the vendor shows, rather than RFC 6749's name. */
  readonly tokenTypeField: "type" | "token_type" | "both"
  /** How the two parts of Basic are encoded before they are joined: not at all (`plain`), or as RFC 6749 §2.3.1 asks (`form`). */
  readonly basicEncoding: "plain" | "form"
  /** The body of an auth failure: RFC 6749's `{error, error_description}` or `{message}`: `oauth`. */
  readonly authErrorBody: "oauth" | "message"
  /** Whether a new token ends the client's tokens before it: false. */
  readonly oneTokenPerClient: boolean
  /** Whether userinfo is found under `/v1` as well: false. */
  readonly userinfoUnderV1: boolean
  /** Whether the announced choice of a version by media type is live, with 415 for one that is not there: false. */
  readonly mediaTypeVersions: boolean
  /** Whether a 401 of the API carries `WWW-Authenticate`: true. */
  readonly wwwAuthenticate: boolean
  /** The hash of a webhook's `Content-HMAC`: `sha256`. */
  readonly webhookHash: "sha256" | "sha512" | "sha1"
}

/** Where events are posted. */
export interface BitsWebhook {
  readonly url: string
  /** Signs the posts when given. */
  readonly secret?: string
  /** How often each event is posted, 1 by default: the vendor promises at least once, not once. */
  readonly copies?: number
}

/** What a simulated Bits can be told. */
export interface BitsOptions {
  /** Seed of the applications that are there at the start, 1 by default. */
  readonly seed?: number
  /** What the clock says at the start; the present by default. */
  readonly start?: Date | number | string
  /** Who can get a token; `credentials` by default. */
  readonly clients?: ReadonlyArray<BitsClient>
  /** How long a token lives (1 hour), and the session token of an application (60 minutes). */
  readonly lifetimes?: { readonly token?: Duration; readonly session?: Duration }
  /** Where to post what happens to applications; nowhere by default. */
  readonly webhook?: BitsWebhook
  /** Inferred behaviours to change. */
  readonly switches?: Partial<BitsSwitches>
}

export const defaultSwitches: BitsSwitches = {
  tokenTypeField: "type",
  basicEncoding: "plain",
  authErrorBody: "oauth",
  oneTokenPerClient: false,
  userinfoUnderV1: false,
  mediaTypeVersions: false,
  wwwAuthenticate: true,
  webhookHash: "sha256"
}

/** The demo client. Its secret holds characters that tell plain base64 from form-encoding first. */
export const credentials = {
  client: { clientId: "halden-onboarding", clientSecret: "s3cr+t%2Bof:bits" }
} as const

export const defaultClients: ReadonlyArray<BitsClient> = [
  { ...credentials.client, customerId: "bits:customer::e0d429f2-635b-418c-8b74-4a554f82c0bc" }
]
