/** What can be set on a simulated platform.pink. What its vendor does not state, nearly everything, is in `inferred.ts`. */
import type { Duration } from "../clock.ts"
import type { PinkInferred } from "./inferred.ts"

/** An application that the vendor's support registered. */
export interface PinkClient {
  readonly clientId: string
  /** Only for a client that can keep one. */
  readonly clientSecret?: string
  /** What the consent page calls it. */
  readonly name: string
  /** Compared exactly, except that the port of a loopback URI is free (RFC 8252 §7.3). */
  readonly redirectUris: ReadonlyArray<string>
}

/** What happens in a test, and the behaviours that the vendor does not state. */
export interface PinkSwitches extends PinkInferred {
  /** Whether a person is asked, or taken to have clicked already: `ask`. */
  readonly consent: "ask" | "allow" | "deny"
  /** The scopes that are granted at most, whatever was asked; all by default. */
  readonly grantScopes: ReadonlyArray<string> | undefined
  /** Milliseconds in which a spent refresh token is answered as it was the first time: 0. */
  readonly refreshGrace: number
}

/** What a simulated platform.pink can be told. */
export interface PinkOptions {
  /** Seed of the reports that are there at the start, 1 by default. */
  readonly seed?: number
  /** What the clock says at the start; the present by default. */
  readonly start?: Date | number | string
  /** The registered applications; those of `credentials` by default. */
  readonly clients?: ReadonlyArray<PinkClient>
  /** Personal access tokens that work; that of `credentials` by default. */
  readonly personalAccessTokens?: ReadonlyArray<string>
  /** How long a code lives (10 minutes), an access token (1 hour), and a refresh token (without end). */
  readonly lifetimes?: { readonly code?: Duration; readonly access?: Duration; readonly refresh?: Duration }
  /** Inferred behaviours to change. */
  readonly switches?: Partial<PinkSwitches>
}

export const defaultScene: Omit<PinkSwitches, keyof PinkInferred> = {
  consent: "ask",
  grantScopes: undefined,
  refreshGrace: 0
}

/** The scopes, and what the consent page says of them. */
export const scopes: Readonly<Record<string, string>> = {
  profile: "See who you are",
  "reports.read": "Read your reports",
  "reports.write": "Publish reports for you"
}

/** The demo credentials: an application on somebody's machine, one with a secret, and a personal access token. */
export const credentials = {
  native: { clientId: "pink-nightly" },
  web: { clientId: "pink-portal", clientSecret: "p0rtal:secret%&+" },
  personalAccessToken: "pink-pat.8Qm2rVd0sKXwB7tLzH4cYf1N"
} as const

export const defaultClients: ReadonlyArray<PinkClient> = [
  {
    ...credentials.native,
    name: "Nightly",
    redirectUris: ["http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost/callback"]
  },
  { ...credentials.web, name: "Portal", redirectUris: ["https://portal.example/callback", "http://127.0.0.1/callback"] }
]

/** The person who is at the browser, and whom the personal access token belongs to. */
export const user = {
  id: "5f7d1c58-3c0e-4f0b-9f53-1de0c9a8b6e2",
  name: "Dana Whitfield",
  email: "dana.whitfield@halden-moore.example",
  organization: "Halden & Moore"
} as const
