/**
 * Where a session is kept and locked. A store knows nothing of tokens and servers: it keeps one record a key, compares
 * and sets it on its version, hands out one lease a key, counts holders, and wakes whoever waits.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { introduce, type Neighbour, type Neighbours } from "./internal/neighbours.ts"
import type { StoreUnavailable } from "./SessionError.ts"
import * as SessionRecord from "./SessionRecord.ts"

/**
 * A store. Every call is one atomic step, in any process; a call that fails may have happened.
 * Keys are short printable text that names the API, scheme and account.
 */
export interface SessionStore {
  /** Whether other processes use it too: holders must then keep saying that they are alive. */
  readonly shared: boolean
  /**
   * Why the store does less than it was made for, such as keeping sessions for one tab alone; `undefined` while all is well.
   * Known once it has been used; the session tells it as a `StoreFailed` event.
   */
  readonly degraded?: () => string | undefined
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
  /**
   * What is kept, ended sessions included, and who uses it. For people who look after a store: a session never asks. Absent
   * where a store cannot tell.
   */
  readonly list?: Effect.Effect<ReadonlyArray<Listed>, StoreUnavailable>
}

/** One key of a store, as `SessionStore.list` tells of it. */
export interface Listed {
  readonly key: string
  /** How many holders are counted now. */
  readonly holders: number
  /** For how long its lease still runs, in milliseconds; 0 when nobody has it. */
  readonly leased: number
}

// One for each session of the process, of which there may be very many: a few words each, and chains, for most have one link.
interface Entry {
  record: SessionRecord.SessionRecord
  lease: { readonly owner: string; readonly until: number } | undefined
  holders: Holder | undefined
  subscribers: Subscriber | undefined
}

interface Holder {
  readonly name: string
  readonly until: number
  readonly next: Holder | undefined
}

interface Subscriber {
  readonly one: Neighbour
  readonly next: Subscriber | undefined
}

/** The links of a chain that stay. */
const filter = <Link extends { readonly next: Link | undefined }>(
  chain: Link | undefined,
  stays: (link: Link) => boolean
): Link | undefined => {
  let kept: Link | undefined
  for (let link = chain; link !== undefined; link = link.next) if (stays(link)) kept = { ...link, next: kept }
  return kept
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
      found = { record: SessionRecord.none, lease: undefined, holders: undefined, subscribers: undefined }
      entries.set(key, found)
    }
    return found
  }
  const wake = (entry: Entry) => {
    for (let link = entry.subscribers; link !== undefined; link = link.next) link.one.woken()
  }
  /** When nobody is left who could compare against its record, an entry may go. */
  const isUnwatched = (at: Entry): boolean =>
    at.holders === undefined && at.subscribers === undefined && at.lease === undefined
  const now = Effect.clockWith((clock) => Effect.succeed(clock.currentTimeMillisUnsafe()))
  const within: Neighbours = {
    add: (key, one) => {
      const at = entry(key)
      at.subscribers = { one, next: at.subscribers }
    },
    remove: (key, one) => {
      const at = entries.get(key)
      if (at !== undefined) at.subscribers = filter(at.subscribers, (link) => link.one !== one)
    }
  }
  const store: SessionStore = {
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
        if (at.record.version === 0 && isUnwatched(at)) entries.delete(key)
      }),
    subscribe: (key, wake) => {
      const one = { woken: wake }
      return Effect.acquireRelease(
        Effect.sync(() => within.add(key, one)),
        () => Effect.sync(() => within.remove(key, one))
      )
    },
    hold: (key, name, ttl) =>
      Effect.map(now, (now) => {
        const at = entry(key)
        at.holders = { name, until: now + ttl, next: filter(at.holders, (other) => other.name !== name) }
      }),
    leave: (key, name, end) =>
      Effect.map(now, (now) => {
        const at = entry(key)
        at.holders = filter(at.holders, (other) => other.name !== name && other.until > now)
        const before = at.record
        if (!end || at.holders !== undefined) {
          if (isUnwatched(at) && before.tokens === undefined) entries.delete(key)
          return undefined
        }
        if (isUnwatched(at)) entries.delete(key)
        else {
          at.record = SessionRecord.next(before, { tokens: undefined, marker: undefined, proof: undefined })
          wake(at)
        }
        return before
      }),
    list: Effect.map(now, (now) =>
      [...entries].flatMap(([key, { holders, lease, record }]) => {
        if (record.version === 0) return []
        let living = 0
        for (let holder = holders; holder !== undefined; holder = holder.next) if (holder.until > now) living++
        return { key, holders: living, leased: Math.max(0, (lease?.until ?? 0) - now) }
      })
    )
  }
  return introduce(store, within)
}
