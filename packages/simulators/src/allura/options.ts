/** What can be set on a simulated Allura. What its source shows is the default; what a site may decide is a switch. */
import type { Duration } from "../clock.ts"
import type { AlluraInferred } from "./inferred.ts"

/** An application of OAuth 2, made on a user's account page. */
export interface OAuth2Client {
  readonly clientId: string
  readonly clientSecret: string
  readonly name: string
  /** Compared exactly; Allura takes https only. */
  readonly redirectUris: ReadonlyArray<string>
}

/** A consumer of OAuth 1.0a. */
export interface OAuth1Consumer {
  readonly key: string
  readonly secret: string
  readonly name: string
}

/** What a site decides, and what Allura's source leaves open. */
export interface AlluraSwitches extends AlluraInferred {
  /** Whether OAuth 2 is on: true, as in the development settings; the code's own default is off. */
  readonly oauth2: boolean
  /**
   * Whether bearer tokens want https, told by `X-Forwarded-Proto: https` or `X-Forwarded-SSL: on`: false, since a simulator
   * itself speaks http.
   */
  readonly requireHttps: boolean
  /** Whether redirect URIs of OAuth 2 may be http on a loopback address, any port: false. The real one takes https only. */
  readonly loopbackRedirects: boolean
  /** Whether a person is asked, or taken to have clicked already: `ask`. */
  readonly consent: "ask" | "allow"
  /** Whether projects can be exported: true. When not, the operation is not there (404). */
  readonly bulkExport: boolean
  /** Mount points whose export fails; Allura leaves them out without a word. None by default. */
  readonly failingExports: ReadonlyArray<string>
  /** How many tickets and wiki pages a user may add in an hour: no limit. */
  readonly artifactsPerHour: number
}

/** What a simulated Allura can be told. */
export interface AlluraOptions {
  /** Seed of the tickets and pages, 1 by default. */
  readonly seed?: number
  /** What the clock says at the start; the present by default. */
  readonly start?: Date | number | string
  /** Applications of OAuth 2; that of `credentials` by default. */
  readonly clients?: ReadonlyArray<OAuth2Client>
  /** Consumers of OAuth 1.0a; that of `credentials` by default. */
  readonly consumers?: ReadonlyArray<OAuth1Consumer>
  /** How long a code (10 minutes) and an access token of OAuth 2 (1 hour) live. */
  readonly lifetimes?: { readonly code?: Duration; readonly access?: Duration }
  /** How long an export takes, 2 seconds by default. */
  readonly exportTakes?: Duration
  /** A folder to put finished exports into, as `<project>/<filename>`: where a site's users fetch them from by scp. */
  readonly exportDirectory?: string
  /** Decisions to change. */
  readonly switches?: Partial<AlluraSwitches>
}

export const defaultSite: Omit<AlluraSwitches, keyof AlluraInferred> = {
  oauth2: true,
  requireHttps: false,
  loopbackRedirects: false,
  consent: "ask",
  bulkExport: true,
  failingExports: [],
  artifactsPerHour: Number.POSITIVE_INFINITY
}

/** The demo credentials. The user `dana` administers the project `scaffold`; `guest` does not. */
export const credentials = {
  /** A bearer token of `dana`. */
  bearer: "5f1d0c3ab7e94a2c86d0",
  /** A bearer token of `guest`. */
  guestBearer: "0b6e91d27c4f8a35e1f9",
  /** A consumer of OAuth 1.0a, and an access token of `dana` for it. */
  oauth1: {
    consumerKey: "b2c1e0a94f7d4f0e9a63",
    consumerSecret: "consumer&secret%+",
    token: "dT7kQ2xW9aZ4mB6nC8vL1pR3sY5uE0",
    tokenSecret: "token/secret="
  },
  /** An application of OAuth 2. */
  oauth2: {
    clientId: "7e3f9a1c5d2b4860b1aa",
    clientSecret: "oauth2-secret%&+",
    redirectUri: "https://nightly.example/callback"
  }
} as const

/** The user at the browser. */
export const user = "dana"

export const defaultClients: ReadonlyArray<OAuth2Client> = [
  {
    clientId: credentials.oauth2.clientId,
    clientSecret: credentials.oauth2.clientSecret,
    name: "Nightly",
    redirectUris: [credentials.oauth2.redirectUri, "http://127.0.0.1/callback"]
  }
]

export const defaultConsumers: ReadonlyArray<OAuth1Consumer> = [
  { key: credentials.oauth1.consumerKey, secret: credentials.oauth1.consumerSecret, name: "Nightly" }
]
