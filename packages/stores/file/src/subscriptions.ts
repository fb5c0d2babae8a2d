import { type FSWatcher, watch } from "node:fs"

/** What the subscriptions need of the store. */
export interface Source {
  /** The files to watch. */
  readonly files: () => ReadonlyArray<string>
  /** A text that differs when the record or the lease of a key does. May throw while the file is locked. */
  readonly stateOf: (key: string) => string
}

interface Subscription {
  readonly key: string
  readonly wake: () => void
  state: string
}

/** How soon a change is looked at: one transaction makes several events. Where nothing can be watched, it is looked so often. */
const SETTLE = 2
const POLL = 500

/**
 * Wakes whoever waits for a key. The kernel says that a file changed; which key it was, and whether it was more than a
 * heartbeat, is found by comparing. Nothing here keeps the process alive.
 */
export const makeSubscriptions = ({ files, stateOf }: Source) => {
  const subscriptions = new Set<Subscription>()
  let watchers: ReadonlyArray<FSWatcher> = []
  let poll: NodeJS.Timeout | undefined
  let pending: NodeJS.Timeout | undefined

  const look = () => {
    pending = undefined
    for (const subscription of subscriptions) {
      try {
        const state = stateOf(subscription.key)
        if (state === subscription.state) continue
        subscription.state = state
        subscription.wake()
      } catch {
        soon(10) // locked just now
      }
    }
  }
  const soon = (delay = SETTLE) => {
    if (pending === undefined && subscriptions.size > 0) pending = setTimeout(look, delay).unref()
  }

  const stop = () => {
    for (const watcher of watchers) watcher.close()
    watchers = []
    clearInterval(poll)
    clearTimeout(pending)
    poll = pending = undefined
  }
  const start = () => {
    stop()
    try {
      watchers = files().map((file) => watch(file, { persistent: false }, () => soon()).on("error", fallBack))
    } catch {
      fallBack() // no watches left, or a platform without them
    }
  }
  const fallBack = () => {
    stop()
    poll = setInterval(look, POLL).unref()
  }

  return {
    add: (key: string, wake: () => void) => {
      const subscription: Subscription = { key, wake, state: stateOf(key) }
      subscriptions.add(subscription)
      if (subscriptions.size === 1) start()
      return () => {
        if (subscriptions.delete(subscription) && subscriptions.size === 0) stop()
      }
    },
    /** The files are others now. */
    restart: () => {
      if (subscriptions.size === 0) return
      start()
      soon()
    },
    stop
  }
}
