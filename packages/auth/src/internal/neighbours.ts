/** How the sessions of one process tell each other of changes, without a scope for each. */
import type { SessionStore } from "../SessionStore.ts"

/** Somebody who is told. */
export interface Neighbour {
  readonly woken: () => void
}

export interface Neighbours {
  readonly add: (key: string, one: Neighbour) => void
  readonly remove: (key: string, one: Neighbour) => void
}

const known = new WeakMap<SessionStore, Neighbours>()

/** Has the sessions of a store in this process's memory tell each other that way. */
export const introduce = (store: SessionStore, neighbours: Neighbours): SessionStore => {
  known.set(store, neighbours)
  return store
}

/** The way of a store in this process's memory; `undefined` for any other. */
export const neighbours = (store: SessionStore): Neighbours | undefined => known.get(store)
