/** What a simulator has seen: the auth-relevant events in order, and how often each operation was asked for. */
import { createHash } from "node:crypto"
import type { Clock } from "./clock.ts"

/** The first 12 hex digits of a token's SHA-256: enough to tell tokens apart, useless to sign in with. */
export const fingerprint = (token: string): string => createHash("sha256").update(token).digest("hex").slice(0, 12)

/** One event. `Kind` is the service's list of kinds; `fault` is every service's. */
export interface AuthEvent<Kind extends string> {
  /** The simulator's time, RFC 3339. */
  readonly at: string
  readonly kind: Kind | "fault"
  /** The login, client or user it is about, where known. */
  readonly account?: string
  /** Fingerprint of the access token it is about. */
  readonly access?: string
  /** Fingerprint of the refresh token it is about. */
  readonly refresh?: string
  /** Why, for a rejection; which kind, for a fault. */
  readonly reason?: string
  /** The operation, for a fault. */
  readonly operation?: string
}

/** Keeps the events and counts of one simulator. */
export interface Ledger<Kind extends string> {
  /** Notes an event; tokens are given whole and kept as fingerprints. */
  note(kind: Kind | "fault", about?: Omit<AuthEvent<Kind>, "at" | "kind">): void
  /** Counts a request for an operation. */
  request(operation: string): void
  /** How many events of this kind (and reason). */
  count(kind: Kind, reason?: string): number
  /** Requests by operation. */
  operations(): Readonly<Record<string, number>>
  /** All events so far. */
  log(): ReadonlyArray<AuthEvent<Kind>>
}

/** Makes an empty ledger. */
export const makeLedger = <Kind extends string>(clock: Clock): Ledger<Kind> => {
  const events: Array<AuthEvent<Kind>> = []
  const counts = new Map<string, number>()
  const operations = new Map<string, number>()
  const bump = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1)
  return {
    note: (kind, { access, refresh, ...rest } = {}) => {
      bump(counts, kind)
      if (rest.reason !== undefined) bump(counts, `${kind} ${rest.reason}`)
      events.push({
        at: new Date(clock.now()).toISOString(),
        kind,
        ...rest,
        ...(access !== undefined && { access: fingerprint(access) }),
        ...(refresh !== undefined && { refresh: fingerprint(refresh) })
      })
    },
    request: (operation) => bump(operations, operation),
    count: (kind, reason) => counts.get(reason === undefined ? kind : `${kind} ${reason}`) ?? 0,
    operations: () => Object.fromEntries([...operations].sort(([a], [b]) => (a < b ? -1 : 1))),
    log: () => [...events]
  }
}
