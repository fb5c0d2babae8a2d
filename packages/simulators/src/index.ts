/**
 * The services of the house as real HTTP servers: faithful to what is known of them, switchable where it is inferred, with
 * a clock that moves and faults on demand.
 */

export type { AlluraOptions, AlluraSwitches, OAuth1Consumer, OAuth2Client } from "./allura/options.ts"
export {
  type AlluraExtras,
  type AlluraOperation,
  type AlluraSimulator,
  type AlluraStats,
  allura
} from "./allura/server.ts"
export type { AlluraEvent, AlluraRejection } from "./allura/tokens.ts"
export type { PushDelivery } from "./allura/webhooks.ts"
export type { BenchSwitches } from "./bench/inferred.ts"
export type { BenchOptions, Principal } from "./bench/options.ts"
export { type BenchExtras, type BenchOperation, type BenchSimulator, type BenchStats, bench } from "./bench/server.ts"
export type { BenchEvent, Rejection } from "./bench/sessions.ts"
export type { Application, ApplicationStatus } from "./bits/applications.ts"
export type { BitsSwitches } from "./bits/inferred.ts"
export type { BitsClient, BitsOptions, BitsWebhook } from "./bits/options.ts"
export { type BitsExtras, type BitsOperation, type BitsSimulator, type BitsStats, bits } from "./bits/server.ts"
export type { BitsEvent, BitsRejection } from "./bits/tokens.ts"
export type { Delivery } from "./bits/webhooks.ts"
export type { Clock, Duration } from "./clock.ts"
export type { Effect, Fault, FaultHandle, Faults, Where } from "./faults.ts"
export { type AuthEvent, fingerprint } from "./ledger.ts"
export type { PinkEvent, PinkRejection } from "./pink/grants.ts"
export type { PinkClient, PinkOptions, PinkSwitches } from "./pink/options.ts"
export { type PinkExtras, type PinkOperation, type PinkSimulator, type PinkStats, pink } from "./pink/server.ts"
export type { ListenOptions, Simulator, Start } from "./simulator.ts"
