/**
 * Where a session is kept and locked. A store knows nothing of tokens and servers: it keeps one record a key, compares
 * and sets it on its version, hands out one lease a key, counts holders, and wakes whoever waits.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { StoreUnavailable } from "./SessionError.ts"
import * as SessionRecord from "./SessionRecord.ts"

/**
 * A store. Every call is one atomic step, in any process; a call that fails may have happened.
 * Keys are short printable text that names the API, scheme and account.
 */
export interface SessionStore {
  /** Whether other processes use it too: holders must then keep saying that they are alive. */
  readonly shared: boolean
  /** The record as it is now. */
  readonly read: (key: string) => Effect.Effect<SessionRecord.SessionRecord, StoreUnavailable>
  /**
   * Compare and set: stores `next` if the stored version is `next.version - 1` and says whether it did. Wakes the
   * subscribers.
   */
  readonly write: (key: string, next: SessionRecord.SessionRecord) => Effect.Effect<boolean, StoreUnavailable>
  /**
   * Takes the lease for `ttl` milliseconds unless another owner has it, and says whether this owner has it now. An owner
   * that has it already extends it.
   */
  readonly acquire: (key: string, owner: string, ttl: number) => Effect.Effect<boolean, StoreUnavailable>
  /** Gives the lease back if this owner has it. Wakes the subscribers. */
  readonly release: (key: string, owner: string) => Effect.Effect<void, StoreUnavailable>
  /** Calls `wake` after every change of the record or the lease that it can hear of, until the scope closes. */
  readonly subscribe: (key: string, wake: () => void) => Effect.Effect<void, StoreUnavailable, Scope.Scope>
  /** Counts `holder` as using the session for `ttl` milliseconds from now; called again as a heartbeat. */
  readonly hold: (key: string, holder: string, ttl: number) => Effect.Effect<void, StoreUnavailable>
  /**
   * Stops counting `holder`. When nobody else holds the session and `end` is set, takes the tokens out of the record in
   * the same step and returns the record as it was: the caller then signs them out.
   */
  readonly leave: (
    key: string,
    holder: string,
    end: boolean
  ) => Effect.Effect<SessionRecord.SessionRecord | undefined, StoreUnavailable>
}

interface Entry {
  record: SessionRecord.SessionRecord
  lease: { readonly owner: string; readonly until: number } | undefined
  readonly holders: Map<string, number>
  readonly subscribers: Set<() => void>
}

/**
 * A store in this process's memory. Sessions of one process share it; nothing survives the process.
 *
 * @example
 * ```ts
 * const store = SessionStore.memory()
 * ```
 */
export const memory = (): SessionStore => {
  const entries = new Map<string, Entry>()
  const entry = (key: string): Entry => {
    let found = entries.get(key)
    if (found === undefined) {
      found = { record: SessionRecord.none, lease: undefined, holders: new Map(), subscribers: new Set() }
      entries.set(key, found)
    }
    return found
  }
  const wake = (entry: Entry) => {
    for (const subscriber of entry.subscribers) subscriber()
  }
  const now = Effect.clockWith((clock) => Effect.succeed(clock.currentTimeMillisUnsafe()))
  return {
    shared: false,
    read: (key) => Effect.sync(() => entries.get(key)?.record ?? SessionRecord.none),
    write: (key, next) =>
      Effect.sync(() => {
        const at = entry(key)
        if (at.record.version !== next.version - 1) return false
        at.record = next
        wake(at)
        return true
      }),
    acquire: (key, owner, ttl) =>
      Effect.map(now, (now) => {
        const at = entry(key)
        if (at.lease !== undefined && at.lease.owner !== owner && at.lease.until > now) return false
        at.lease = { owner, until: now + ttl }
        return true
      }),
    release: (key, owner) =>
      Effect.sync(() => {
        const at = entry(key)
        if (at.lease?.owner !== owner) return
        at.lease = undefined
        wake(at)
      }),
    subscribe: (key, subscriber) =>
      Effect.acquireRelease(
        Effect.sync(() => entry(key).subscribers.add(subscriber)),
        () => Effect.sync(() => void entries.get(key)?.subscribers.delete(subscriber))
      ),
    hold: (key, holder, ttl) => Effect.map(now, (now) => void entry(key).holders.set(holder, now + ttl)),
    leave: (key, holder, end) =>
      Effect.map(now, (now) => {
        const at = entry(key)
        at.holders.delete(holder)
        for (const [other, until] of at.holders) if (until <= now) at.holders.delete(other)
        const before = at.record
        // When nobody is left who could compare against this record, its entry may go.
        const unwatched = at.holders.size === 0 && at.subscribers.size === 0 && at.lease === undefined
        if (!end || at.holders.size > 0) {
          if (unwatched && before.tokens === undefined) entries.delete(key)
          return undefined
        }
        if (unwatched) entries.delete(key)
        else {
          at.record = SessionRecord.next(before, { tokens: undefined, marker: undefined, proof: undefined })
          wake(at)
        }
        return before
      })
  }
}
