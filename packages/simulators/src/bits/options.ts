/** What can be set on a simulated Bits. Facts are the defaults; what is only inferred is in `inferred.ts`. */
import type { Duration } from "../clock.ts"
import type { BitsSwitches } from "./inferred.ts"

/** A client of the dashboard's Developer page. */
export interface BitsClient {
  readonly clientId: string
  readonly clientSecret: string
  /** The customer it belongs to: `bits:customer::` and a UUID. */
  readonly customerId: string
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

/** The demo client. Its secret holds characters that tell plain base64 from form-encoding first. */
export const credentials = {
  client: { clientId: "halden-onboarding", clientSecret: "s3cr+t%2Bof:bits" }
} as const

export const defaultClients: ReadonlyArray<BitsClient> = [
  { ...credentials.client, customerId: "bits:customer::e0d429f2-635b-418c-8b74-4a554f82c0bc" }
]
