import { assert, describe, it } from "@effect/vitest"
import * as SessionRecord from "@keyturn/auth/SessionRecord"
import * as SessionStore from "@keyturn/auth/SessionStore"
import { type StoreCase, storeContract } from "@keyturn/auth/testing"
import * as Effect from "effect/Effect"

type Store = SessionStore.SessionStore

/** Stores with one mistake each, such as real ones have had, and the clause that is to find it. */
const mistakes: Record<string, readonly [clause: string, plant: (store: Store) => Store]> = {
  "compares on the generation": [
    "compares on the version and never on the generation",
    (store) => ({
      ...store,
      write: (key, next) =>
        Effect.flatMap(store.read(key), (stored) =>
          stored.generation < next.generation || stored.version === 0
            ? store.write(key, { ...next, version: stored.version + 1 })
            : Effect.succeed(false)
        )
    })
  ],
  "compares nothing": [
    "compares on the version: only the next one",
    (store) => ({
      ...store,
      write: (key, next) =>
        Effect.flatMap(store.read(key), ({ version }) => store.write(key, { ...next, version: version + 1 }))
    })
  ],
  "reads and writes in two steps": [
    "lets one of many concurrent writers",
    (store) => ({
      ...store,
      write: (key, next) =>
        Effect.flatMap(store.read(key), ({ version }) =>
          version === next.version - 1
            ? Effect.andThen(
                Effect.sleep(1),
                Effect.flatMap(store.read(key), (now) =>
                  Effect.as(store.write(key, { ...next, version: now.version + 1 }), true)
                )
              )
            : Effect.succeed(false)
        )
    })
  ],
  "releases whoever asks": [
    "lets nobody give back another's lease",
    (store) => {
      const owners = new Map<string, string>()
      return {
        ...store,
        acquire: (key, owner, ttl) =>
          Effect.tap(store.acquire(key, owner, ttl), (got) => Effect.sync(() => got && owners.set(key, owner))),
        release: (key) => store.release(key, owners.get(key) ?? "")
      }
    }
  ],
  "never frees a lease by itself": [
    "frees the lease when its time is over",
    (store) => ({
      ...store,
      acquire: (key, owner) => store.acquire(key, owner, Number.POSITIVE_INFINITY)
    })
  ],
  "does not extend a lease": [
    "frees the lease when its time is over",
    (store) => {
      const taken = new Map<string, string>()
      return {
        ...store,
        acquire: (key, owner, ttl) =>
          taken.get(key) === owner
            ? Effect.succeed(true)
            : Effect.tap(store.acquire(key, owner, ttl), (got) => Effect.sync(() => got && taken.set(key, owner)))
      }
    }
  ],
  "leases to everybody": [
    "leases to one owner at a time",
    (store) => ({ ...store, acquire: () => Effect.succeed(true) })
  ],
  "wakes nobody": [
    "wakes subscribers in every process when the record",
    (store) => ({ ...store, subscribe: () => Effect.void })
  ],
  "never stops waking": [
    "wakes nobody after",
    (store) => ({
      ...store,
      subscribe: (key, wake) =>
        Effect.scoped(
          Effect.forkDetach(Effect.scoped(Effect.andThen(store.subscribe(key, wake), Effect.never)), {
            startImmediately: true
          })
        ).pipe(Effect.asVoid)
    })
  ],
  "ends the session while others hold it": [
    "lets every holder but the last leave",
    (store) => ({
      ...store,
      hold: () => Effect.void
    })
  ],
  "forgets no holder": [
    "does not count a holder whose time is over",
    (store) => ({
      ...store,
      hold: (key, holder) => store.hold(key, holder, Number.POSITIVE_INFINITY)
    })
  ],
  "lets the ended session's version go back": [
    "takes the tokens out",
    (store) => ({
      ...store,
      read: (key) =>
        Effect.map(store.read(key), (record) =>
          record.version > 1 && record.tokens === undefined ? SessionRecord.none : record
        )
    })
  ],
  "keeps the tokens of an ended session": [
    "takes the tokens out",
    (store) => {
      const ended = new Map<string, SessionRecord.SessionRecord>()
      return {
        ...store,
        leave: (key, holder, end) =>
          Effect.tap(store.leave(key, holder, end), (last) => Effect.sync(() => last && ended.set(key, last))),
        read: (key) => Effect.map(store.read(key), (record) => ({ ...ended.get(key), ...record }))
      }
    }
  ],
  "gives the record to everybody who leaves": [
    "gives the record to one only",
    (store) => ({
      ...store,
      leave: (key, holder, end) =>
        Effect.flatMap(store.read(key), (record) => Effect.as(store.leave(key, holder, end), end ? record : undefined))
    })
  ],
  "loses fields": [
    "gives back in one process",
    (store) => ({
      ...store,
      read: (key) => Effect.map(store.read(key), ({ marker: _, ...record }) => record)
    })
  ],
  "mixes keys up": [
    "keeps the keys apart",
    (store) => ({
      ...store,
      read: (key) => store.read(key.split("|other")[0] as string),
      write: (key, next) => store.write(key.split("|other")[0] as string, next)
    })
  ]
}

describe("the store contract finds a store that", () => {
  for (const [name, [clause, plant]] of Object.entries(mistakes)) {
    it.concurrent(name, async () => {
      const [found, ...more] = storeContract(() => plant(SessionStore.memory())).filter((one) =>
        one.name.startsWith(clause)
      )
      assert.isDefined(found)
      assert.isEmpty(more)
      const outcome = await (found as StoreCase).run().then(
        () => "held",
        (error: Error) => error.message
      )
      assert.notStrictEqual(outcome, "held")
    })
  }
})
