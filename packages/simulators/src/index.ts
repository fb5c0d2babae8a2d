/**
 * The services of the house as real HTTP servers: faithful to what is known of them, switchable where it is inferred, with
 * a clock that moves and faults on demand.
 */

export type { BenchOptions, BenchSwitches, Principal } from "./bench/options.ts"
export { type BenchExtras, type BenchOperation, type BenchSimulator, type BenchStats, bench } from "./bench/server.ts"
export type { BenchEvent, Rejection } from "./bench/sessions.ts"
export type { Clock, Duration } from "./clock.ts"
export type { Effect, Fault, FaultHandle, Faults, Where } from "./faults.ts"
export { type AuthEvent, fingerprint } from "./ledger.ts"
export type { ListenOptions, Simulator } from "./simulator.ts"
