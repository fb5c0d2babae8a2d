/**
 * What a store keeps for one session, as an engine does: each call is one atomic step, and may be repeated because its
 * answer got lost.
 */
import type { SessionRecord } from "@keyturn/auth/SessionRecord"
import * as Records from "@keyturn/auth/SessionRecord"

/** An engine's calls, see `SessionStore`. A mistake in the protocol is planted by changing what they answer. */
export interface Cell {
  readonly read: () => SessionRecord
  readonly write: (next: SessionRecord) => boolean
  readonly acquire: (owner: string, ttl: number) => boolean
  readonly release: (owner: string) => void
  readonly hold: (holder: string, ttl: number) => void
  readonly leave: (holder: string, end: boolean) => SessionRecord | undefined
}

/** A cell that does what it should. `now` is the engine's clock; `changed` hears of every change that wakes waiters. */
export const makeCell = (now: () => number, changed: () => void): Cell & { readonly loseLease: () => void } => {
  const holders = new Map<string, number>()
  /** What each leaving gave, in case it is asked for again. */
  const left = new Map<string, { readonly before: SessionRecord; readonly after: SessionRecord }>()
  let record: SessionRecord = Records.none
  let lease: { readonly owner: string; readonly until: number } | undefined
  return {
    read: () => record,
    write: (next) => {
      if (record === next) return true
      if (record.version !== next.version - 1) return false
      record = next
      changed()
      return true
    },
    acquire: (owner, ttl) => {
      if (lease !== undefined && lease.owner !== owner && lease.until > now()) return false
      lease = { owner, until: now() + ttl }
      return true
    },
    release: (owner) => {
      if (lease?.owner !== owner) return
      lease = undefined
      changed()
    },
    hold: (holder, ttl) => void holders.set(holder, now() + ttl),
    leave: (holder, end) => {
      const again = left.get(holder)
      if (again !== undefined) return again.after === record ? again.before : undefined
      holders.delete(holder)
      for (const until of holders.values()) if (until > now()) return undefined
      if (!end) return undefined
      const before = record
      record = Records.next(before, { tokens: undefined, marker: undefined, proof: undefined })
      left.set(holder, { before, after: record })
      changed()
      return before
    },
    loseLease: () => {
      lease = undefined
      changed()
    }
  }
}
