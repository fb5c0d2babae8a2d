/** What the source of Allura leaves open. This is the one place where it is declared; every reading of it is tested. */
import type { Readings, SwitchesOf } from "../switches.ts"

/** The readings of each behaviour; the first is the default. */
export const inferred = {
  /** Status of OAuth 2's page for a client or redirect URI that is not known, which Allura does not catch. */
  badClientStatus: [500, 400],
  /** Where a person who refuses OAuth 2 ends: on a page of the site, or at the client with `access_denied`. */
  oauth2Denial: ["page", "redirect"],
  /** Status of `install_tool` with an order that is not known, which Allura does not check. */
  badOrderStatus: [500, 400],
  /** Who administers a project that is added without saying so: who added it, or nobody. */
  defaultAdmin: ["caller", "nobody"]
} as const satisfies Readings

/** The behaviours that the source leaves open, one reading of each. */
export type AlluraInferred = SwitchesOf<typeof inferred>
