/**
 * The mistakes that the protocol forbids, each planted in a store: what a process then believes of the store is what it
 * would believe if its own code had the mistake.
 */
import * as Effect from "effect/Effect"
import type { SessionRecord } from "../../src/SessionRecord.ts"
import type * as SessionStore from "../../src/SessionStore.ts"

type Mistake = (store: SessionStore.SessionStore) => SessionStore.SessionStore

/** Writes what it is given, whatever is there: reads the version just before, so that the write always passes. */
const overwrite = (
  store: SessionStore.SessionStore,
  key: string,
  next: SessionRecord
): ReturnType<SessionStore.SessionStore["write"]> =>
  Effect.flatMap(store.read(key), ({ version }) => store.write(key, { ...next, version: version + 1 }))

export const mistakes: Readonly<Record<string, Mistake>> = {
  "no marker": (store) => ({
    ...store,
    write: (key, next) => {
      const { marker: _, ...rest } = next
      return store.write(key, rest)
    }
  }),

  "no re-read under the lease": (store) => {
    // What a process read last before it took the lease is what it goes on with.
    const seen = new Map<string, SessionRecord>()
    const leased = new Set<string>()
    let last: SessionRecord | undefined
    return {
      ...store,
      read: (key) =>
        Effect.map(store.read(key), (record) => {
          const stale = leased.size > 0 ? seen.get([...leased].at(-1) as string) : undefined
          last = record
          if (stale !== undefined && stale.generation === record.generation - 1 && stale.tokens !== undefined) {
            return { ...record, generation: stale.generation, tokens: stale.tokens }
          }
          return record
        }),
      acquire: (key, owner, ttl) => {
        if (!seen.has(owner) && last !== undefined) seen.set(owner, last)
        return Effect.map(store.acquire(key, owner, ttl), (done) => {
          if (done) leased.add(owner)
          return done
        })
      },
      release: (key, owner) =>
        Effect.map(store.release(key, owner), () => {
          leased.delete(owner)
          seen.delete(owner)
        })
    }
  },

  "refresh anyway after a lock timeout": (store) => {
    const tries = new Map<string, number>()
    return {
      ...store,
      acquire: (key, owner, ttl) =>
        Effect.map(store.acquire(key, owner, ttl), (done) => {
          const times = (tries.get(owner) ?? 0) + 1
          tries.set(owner, times)
          return done || times > 3
        })
    }
  },

  "compare-and-set on the generation": (store) => ({
    ...store,
    write: (key, next) =>
      Effect.flatMap(store.read(key), (record) => {
        const renewed = next.tokens !== undefined && next.marker === undefined && next.tokens !== record.tokens
        const from = renewed && next.generation > record.generation ? next.generation - 1 : next.generation
        return record.generation === from ? overwrite(store, key, next) : Effect.succeed(false)
      })
  }),

  "no compare-and-set": (store) => ({ ...store, write: (key, next) => overwrite(store, key, next) }),

  "release without comparing the owner": (store) => {
    let holder: string | undefined
    return {
      ...store,
      acquire: (key, owner, ttl) =>
        Effect.map(store.acquire(key, owner, ttl), (done) => {
          if (done) holder = owner
          return done
        }),
      release: (key) => (holder === undefined ? Effect.void : store.release(key, holder))
    }
  },

  "the loser clears the winner": (store) => ({
    ...store,
    write: (key, next) =>
      next.marker === undefined && next.tokens?.refreshToken === undefined
        ? overwrite(store, key, next)
        : store.write(key, next)
  })
}
