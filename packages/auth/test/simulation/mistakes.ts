/**
 * The mistakes that the protocol forbids, each planted in what the store answers: what a process then believes is what it
 * would believe if its own code had the mistake.
 */
import type { SessionRecord } from "@keyturn/auth/SessionRecord"
import type { Cell } from "./cell.ts"

type Mistake = (cell: Cell) => Cell

/** Writes what it is given, whatever is there. */
const overwrite = (cell: Cell, next: SessionRecord): boolean =>
  cell.write({ ...next, version: cell.read().version + 1 })

const hasTokens = (next: SessionRecord): boolean => next.tokens !== undefined && next.marker === undefined

export const mistakes: Readonly<Record<string, Mistake>> = {
  "no marker": (cell) => ({
    ...cell,
    write: ({ marker: _, ...rest }) => cell.write(rest)
  }),

  "no re-read under the lease": (cell) => {
    // What a process read last before it took the lease is what it goes on with.
    const seen = new Map<string, SessionRecord>()
    const leased = new Set<string>()
    let last: SessionRecord | undefined
    return {
      ...cell,
      read: () => {
        const record = cell.read()
        const stale = leased.size > 0 ? seen.get([...leased].at(-1) as string) : undefined
        last = record
        return stale !== undefined && stale.generation === record.generation - 1 && stale.tokens !== undefined
          ? { ...record, generation: stale.generation, tokens: stale.tokens }
          : record
      },
      acquire: (owner, ttl) => {
        if (!seen.has(owner) && last !== undefined) seen.set(owner, last)
        const done = cell.acquire(owner, ttl)
        if (done) leased.add(owner)
        return done
      },
      release: (owner) => {
        leased.delete(owner)
        seen.delete(owner)
        cell.release(owner)
      }
    }
  },

  "refresh anyway after a lock timeout": (cell) => {
    const tries = new Map<string, number>()
    return {
      ...cell,
      acquire: (owner, ttl) => {
        const times = (tries.get(owner) ?? 0) + 1
        tries.set(owner, times)
        return cell.acquire(owner, ttl) || times > 3
      }
    }
  },

  "a lock that covers only the write": (cell) => ({
    ...cell,
    // Everybody calls the server; the lock is taken when the tokens are there, and they replace what is stored then.
    acquire: () => true,
    write: (next) => {
      if (!hasTokens(next)) return true
      const owner = `writer of ${next.version}`
      if (!cell.acquire(owner, 1000)) return false
      const done = overwrite(cell, next)
      cell.release(owner)
      return done
    }
  }),

  "compare-and-set on the generation": (cell) => ({
    ...cell,
    write: (next) => {
      const record = cell.read()
      const renewed = hasTokens(next) && next.tokens !== record.tokens
      const from = renewed && next.generation > record.generation ? next.generation - 1 : next.generation
      return record.generation === from && overwrite(cell, next)
    }
  }),

  "no compare-and-set": (cell) => ({ ...cell, write: (next) => overwrite(cell, next) }),

  "release without comparing the owner": (cell) => {
    let holder: string | undefined
    return {
      ...cell,
      acquire: (owner, ttl) => {
        const done = cell.acquire(owner, ttl)
        if (done) holder = owner
        return done
      },
      release: () => {
        if (holder !== undefined) cell.release(holder)
      }
    }
  },

  "the loser clears the winner": (cell) => ({
    ...cell,
    write: (next) =>
      next.marker === undefined && next.tokens?.refreshToken === undefined ? overwrite(cell, next) : cell.write(next)
  })
}
