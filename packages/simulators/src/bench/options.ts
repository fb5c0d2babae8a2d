/** What can be set on a simulated Bench. Facts are the defaults; what is only inferred is in `inferred.ts`. */
import type { Duration } from "../clock.ts"
import type { BenchSwitches } from "./inferred.ts"

/** Somebody who can sign in. */
export interface Principal {
  /** The e-mail address of a person, or the 32 hexadecimal characters of a service account. */
  readonly login: string
  readonly password: string
  readonly kind: "person" | "service"
  /** `Administrator` may write; `Viewer` only reads. */
  readonly group: "Administrator" | "Viewer"
  /** The ids of the accounts it sees. */
  readonly accounts: ReadonlyArray<number>
}

/** What a simulated Bench can be told. */
export interface BenchOptions {
  /** Seed of the data set, 1 by default. The same seed and start time give the same data. */
  readonly seed?: number
  /** What the clock says at the start; the present by default. */
  readonly start?: Date | number | string
  /** Who can sign in; `credentials` of this module by default. */
  readonly principals?: ReadonlyArray<Principal>
  /** How long an unused session lives (24 hours) and a refresh token from its issue (7 days). */
  readonly lifetimes?: { readonly access?: Duration; readonly refresh?: Duration }
  /** Sessions at a time: of a person (3), of a service account (1). */
  readonly caps?: { readonly person?: number; readonly service?: number }
  /** Inferred behaviours to change. */
  readonly switches?: Partial<BenchSwitches>
}

/**
 * The demo accounts. The password of the first holds the characters that a form must escape, so that a client that forgets
 * to is found out at once.
 */
export const credentials = {
  /** A service account that may write. */
  service: { login: "7c1e5a90d3f84b26a85e0b7f19c2d463", password: "nW4&vT+9%k|Q>2#z(p)*x?=@ü" },
  /** A service account that only reads. */
  reader: { login: "e2b96f0417dc4ac3b1580fd6a7923c4e", password: "Read-only-Access-58" },
  /** A person, who may have three sessions and sees a second account. */
  person: { login: "dana.whitfield@halden-moore.example", password: "Scaffold & Beam 100%" }
} as const

export const defaultPrincipals: ReadonlyArray<Principal> = [
  { ...credentials.service, kind: "service", group: "Administrator", accounts: [1] },
  { ...credentials.reader, kind: "service", group: "Viewer", accounts: [1] },
  { ...credentials.person, kind: "person", group: "Administrator", accounts: [1, 2] }
]
