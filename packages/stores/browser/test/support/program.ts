/** What runs in the browser: the same program in pages and workers. */
import { storeContract } from "@keyturn/auth/testing"
import * as Effect from "effect/Effect"
import { makeDatabase } from "../../src/database.ts"
import type { State } from "../../src/state.ts"
import { type Ability, abilities, type Opening, openStore } from "./abilities.ts"
import { type Kind, serve, storeIn, worker } from "./worker.ts"

/** What a page can be asked to do. */
const offer = {
  ...abilities,
  /** Has a worker do it. */
  inWorker: async (kind: Kind, ability: Ability, ...args: ReadonlyArray<unknown>) =>
    (await worker(kind))(ability, ...args),
  /** Runs one case of the stores' contract; gives what is wrong. The second store is a worker's, if one is named. */
  check: async (name: string, options: Opening, kind?: Kind): Promise<string | undefined> => {
    let opened = 0
    const make = async () => {
      if (kind !== undefined && opened++ % 2 === 1) return storeIn(await worker(kind), options)
      const store = openStore(options)
      // Whether it is shared is known once it has been used.
      await Effect.runPromise(store.read("any"))
      return store
    }
    const found = storeContract(make).find((one) => one.name === name)
    if (found === undefined) return "There is no such case."
    return found.run().then(() => undefined, String)
  },
  /** Writes beside a worker that hangs in the middle of its steps for so long; gives how long that took, in milliseconds. */
  besideHung: async (milliseconds: number): Promise<number> => {
    const remote = await worker("dedicated")
    const id = await remote("open")
    await remote("read", id, "hung")
    const store = openStore()
    const before = await Effect.runPromise(store.read("hung"))
    const hanging = new Promise((resolve) => {
      new BroadcastChannel("hanging").onmessage = resolve
    })
    const hung = remote("hang", id, "hung", milliseconds)
    await hanging
    const from = performance.now()
    await Effect.runPromise(store.write("hung", { ...before, version: before.version + 1 }))
    const took = performance.now() - from
    await hung
    return took
  },
  /** Has a step be overtaken by some changes between what it read and what it writes; gives what is kept at the end. */
  overtake: async (changes: number): Promise<ReadonlyArray<string>> => {
    const name = `overtaken ${changes}`
    const { close, open, read, update } = makeDatabase(name)
    const add = (holder: string) => (state: State) => ({
      answer: undefined,
      next: { ...state, holders: [...state.holders, { holder, member: "", until: 0 }] }
    })
    await update("key", false, add("first"))
    const db = await open()
    let overtaken = false
    await update("key", false, (state) => {
      if (overtaken) return add("late")(state)
      overtaken = true
      // A transaction that is begun now comes before the step's own.
      const transaction = db.transaction("session", "readwrite")
      const rows = transaction.objectStore("session")
      let kept: State = state
      for (let number = 2; number < 2 + changes; number++) {
        kept = add(`other ${number}`)(kept).next
        rows.add({ ...kept, key: "key", number })
        rows.delete(IDBKeyRange.bound(["key"], ["key", number - 1]))
      }
      return add("late")(state)
    })
    const { holders } = await read("key")
    close()
    return holders.map(({ holder }) => holder)
  }
}

/** What a page can be asked to do. */
export type Offer = typeof offer

if (typeof document === "undefined") serve()
else Object.assign(globalThis, { keyturn: offer })
