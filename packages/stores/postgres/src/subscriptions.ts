import { type ListenClient, listenClientOf, type Pool } from "./pool.ts"

/** What the subscriptions need of the store. */
export interface Source {
  readonly pool: () => Promise<Pool>
  /** A text for each of these keys that differs when its record or lease does. */
  readonly statesOf: (keys: ReadonlyArray<string>) => Promise<ReadonlyMap<string, string>>
  /** What is notified for a key. */
  readonly payloadOf: (key: string) => string
}

/** The one channel of all stores in a database. */
export const CHANNEL = "keyturn"

/** How often the table is looked at while nothing tells of changes, how soon a test message must arrive, and how long
 * a broken connection rests before it is made again; milliseconds. */
const POLL = 500
const ECHO = 3000
const REST = { first: 100, longest: 5000 }

interface Subscription {
  readonly key: string
  readonly wake: () => void
  state: string | undefined
}

/**
 * Wakes whoever waits for a key: by LISTEN on a connection of its own, once a message sent through the pool has come back
 * on it. Behind a pooler that shares connections between transactions it never does. Until then, after that, and while the
 * connection is broken, by looking at the table.
 */
export const makeSubscriptions = ({ payloadOf, pool, statesOf }: Source) => {
  const subscriptions = new Set<Subscription>()
  let polling: NodeJS.Timeout | undefined
  let retry: NodeJS.Timeout | undefined
  let client: ListenClient | undefined
  let looking = false
  /** Messages do not come through here, and never will. */
  let deaf = false

  const look = async () => {
    if (looking) return
    looking = true
    try {
      const states = await statesOf([...new Set([...subscriptions].map(({ key }) => key))])
      for (const subscription of subscriptions) {
        const state = states.get(subscription.key)
        if (state === subscription.state) continue
        subscription.state = state
        subscription.wake()
      }
    } catch {
      // away for a moment; the next look may do better
    } finally {
      looking = false
    }
  }
  const poll = (on: boolean) => {
    clearInterval(polling)
    polling = on ? setInterval(look, POLL).unref() : undefined
  }

  const hear = (payload: string) => {
    for (const { key, wake } of subscriptions) if (payloadOf(key) === payload) wake()
  }

  const listen = async (rest: number = REST.first) => {
    const nonce = `test ${Math.random()}`
    let opened: ListenClient | undefined
    const again = () => {
      if (client !== opened || deaf || subscriptions.size === 0) return
      client = undefined
      opened?.end().catch(() => {})
      poll(true)
      retry = setTimeout(listen, rest, Math.min(rest * 2, REST.longest)).unref()
    }
    try {
      const through = await pool()
      if (client !== undefined || subscriptions.size === 0) return
      const listener = listenClientOf(through)
      if (listener === undefined) return
      opened = client = listener
      listener.on("error", again)
      listener.on("end", again)
      await listener.connect()
      listener.unref?.()
      const echo = new Promise<boolean>((resolve) => {
        listener.on("notification", ({ channel, payload }) => {
          if (channel !== CHANNEL || payload === undefined) return
          if (payload === nonce) resolve(true)
          else hear(payload)
        })
        setTimeout(resolve, ECHO, false).unref()
      })
      await listener.query(`listen ${CHANNEL}`)
      await through.query("select pg_notify($1, $2)", [CHANNEL, nonce])
      deaf = !(await echo)
      if (client !== listener) return // broken, or not needed any more
      if (deaf) return void listener.end().catch(() => {})
      poll(false)
      rest = REST.first
      for (const { wake } of subscriptions) wake() // what happened meanwhile was told to nobody
    } catch {
      again()
    }
  }

  const stop = () => {
    poll(false)
    clearTimeout(retry)
    const last = client
    client = undefined
    last?.end().catch(() => {})
  }

  return {
    add: async (key: string, wake: () => void) => {
      const subscription: Subscription = { key, wake, state: (await statesOf([key])).get(key) }
      subscriptions.add(subscription)
      if (subscriptions.size === 1) {
        poll(true)
        void listen()
      }
      return () => {
        if (subscriptions.delete(subscription) && subscriptions.size === 0) stop()
      }
    },
    stop: () => {
      subscriptions.clear()
      stop()
    }
  }
}
