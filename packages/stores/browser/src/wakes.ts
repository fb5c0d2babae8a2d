import { poll } from "@keyturn/auth/TextStore"

/** Wakes whoever waits for a key, in this store and in the other tabs and workers. */
export interface Wakes {
  /** Says that the record or lease of a key has changed. */
  readonly tell: (key: string) => void
  /** As `subscribe` of an engine. */
  readonly add: (key: string, wake: () => void) => Promise<() => void>
  readonly close: () => void
}

/** `stateOf` is for browsers without BroadcastChannel: it is looked at twice a second. */
export const makeWakes = (name: string, stateOf: (key: string) => Promise<string>): Wakes => {
  const wakes = new Map<string, Set<() => void>>()
  let channel: BroadcastChannel | undefined

  // Any script of the site can write to the channel. All it can do is make us look.
  const hear = (key: unknown) => {
    for (const wake of wakes.get(key as string) ?? []) wake()
  }
  const open = (): BroadcastChannel | undefined => {
    if (channel === undefined && typeof BroadcastChannel === "function") {
      channel = new BroadcastChannel(name)
      channel.onmessage = ({ data }) => hear(data)
    }
    return channel
  }

  return {
    tell: (key) => {
      hear(key)
      open()?.postMessage(key)
    },
    add: async (key, wake) => {
      const stopLooking = open() === undefined ? await poll(() => stateOf(key), wake) : () => {}
      const mine = wakes.get(key) ?? new Set()
      // The same function may subscribe twice.
      const subscriber = () => wake()
      wakes.set(key, mine.add(subscriber))
      return () => {
        stopLooking()
        mine.delete(subscriber)
        if (mine.size === 0 && wakes.get(key) === mine) wakes.delete(key)
      }
    },
    close: () => {
      wakes.clear()
      channel?.close()
      channel = undefined
    }
  }
}
