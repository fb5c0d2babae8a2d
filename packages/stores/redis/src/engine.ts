import { type Engine, poll } from "@keyturn/auth/TextStore"
import type { Connection, Listener } from "./connection.ts"
import { TooFewReplicas } from "./failure.ts"
import { ACQUIRE, COUNT, HOLD, LEAVE, READ, RELEASE, WRITE } from "./scripts.ts"

/** How the engine is set up. */
export interface EngineOptions {
  readonly connection: Connection
  readonly prefix: string
  readonly wait: { readonly replicas: number; readonly timeout: number } | undefined
}

/** How long the record of an ended session is kept: it holds no tokens, only the version that must not go back. */
const ENDED = 30 * 24 * 60 * 60 * 1000

/** The engine, and its end. */
export const makeEngine = (options: EngineOptions): Engine & { readonly close: () => Promise<void> } => {
  const { connection, prefix, wait } = options

  // In a cluster the part in braces decides where a key lives: all of a session's keys live together.
  const tagOf = (key: string) =>
    `${prefix}:{${key.replace(/[\\{}]/g, (c) => (c === "{" ? "\\(" : c === "}" ? "\\)" : "\\\\"))}}`
  const keyOf = (record: string) =>
    record
      .slice(prefix.length + 2, -"}:record".length)
      .replace(/\\[\\()]/g, (c) => (c === "\\(" ? "{" : c === "\\)" ? "}" : "\\"))
  const recordOf = (key: string) => `${tagOf(key)}:record`
  const leaseOf = (key: string) => `${tagOf(key)}:lease`
  const holdersOf = (key: string) => `${tagOf(key)}:holders`
  const channelOf = (key: string) => `${tagOf(key)}:changed`

  const run = (script: string, keys: ReadonlyArray<string>, ...args: ReadonlyArray<string>) =>
    connection.command(keys[0] as string, ["EVAL", script, String(keys.length), ...keys, ...args])
  const evaluate = async (...call: Parameters<typeof run>) => String(await run(...call))

  /** Waits until enough replicas have what was just written: a failover would lose it otherwise. */
  const replicate = async (key: string) => {
    if (wait === undefined) return
    const { replicas, timeout } = wait
    const reached = Number(await connection.command(key, ["WAIT", String(replicas), String(timeout)]))
    if (reached < replicas) {
      throw new TooFewReplicas(
        `Only ${reached} of ${replicas} Redis replicas took the write within ${timeout} ms. Check them, or wait for fewer.`
      )
    }
  }

  const channels = new Map<string, { readonly wakes: Set<() => void>; readonly subscribed: Promise<unknown> }>()
  const hear = (channel: string) => {
    for (const wake of channels.get(channel)?.wakes ?? []) wake()
  }
  const wakeAll = () => {
    for (const channel of channels.keys()) hear(channel)
  }
  let listening: Promise<Listener> | undefined
  const listener = (): Promise<Listener> => {
    // What was told while it was not connected is lost: after connecting everybody looks.
    const opening = listening ?? connection.listener(hear, wakeAll)
    listening = opening
    opening.catch(() => {
      if (listening === opening) listening = undefined
    })
    return opening
  }

  const stateOf = async (key: string): Promise<string> =>
    JSON.stringify([
      await connection.command(recordOf(key), ["HGET", recordOf(key), "version"]),
      await connection.command(leaseOf(key), ["GET", leaseOf(key)])
    ])

  const subscribe = async (key: string, wake: () => void) => {
    const name = channelOf(key)
    const { subscribe, unsubscribe } = await listener()
    const channel = channels.get(name) ?? { wakes: new Set(), subscribed: subscribe(name) }
    channels.set(name, channel)
    channel.wakes.add(wake)
    const stop = () => {
      channel.wakes.delete(wake)
      if (channel.wakes.size > 0 || channels.get(name) !== channel) return
      channels.delete(name)
      unsubscribe(name).catch(() => {})
    }
    try {
      await channel.subscribed
      return stop
    } catch (error) {
      stop()
      throw error
    }
  }

  /** By SCAN, which is gentle on a large server and may tell of a key twice. */
  const list = async () => {
    const records = new Set<string>()
    const pattern = recordOf("*").replace(prefix, (text) => text.replace(/[*?[\]\\]/g, "\\$&"))
    let cursor = "0"
    do {
      const [next, page] = (await connection.command(prefix, [
        "SCAN",
        cursor,
        "MATCH",
        pattern,
        "COUNT",
        "500"
      ])) as readonly [unknown, ReadonlyArray<unknown>]
      for (const name of page) records.add(String(name))
      cursor = String(next)
    } while (cursor !== "0")
    return Promise.all(
      [...records].sort().map(async (record) => {
        const key = keyOf(record)
        const [holders, leased] = (await evaluate(COUNT, [holdersOf(key), leaseOf(key)])).split(" ")
        return { key, holders: Number(holders), leased: Number(leased) }
      })
    )
  }

  return {
    ...(connection.single && { list }),
    read: async (key) => {
      const [version, text, now] = (await run(READ, [recordOf(key)])) as ReadonlyArray<unknown>
      return { version: Number(version), text: String(text), now: Number(now) }
    },
    write: async (key, { text, version }) => {
      const stored = await evaluate(WRITE, [recordOf(key)], String(version), text, "other", channelOf(key))
      if (stored === "stored") await replicate(recordOf(key))
      return stored === "stored"
    },
    acquire: async (key, owner, ttl) => (await evaluate(ACQUIRE, [leaseOf(key)], owner, String(ttl))) === "acquired",
    release: async (key, owner) => void (await evaluate(RELEASE, [leaseOf(key)], owner, channelOf(key))),
    subscribe: (key, wake) =>
      subscribe(key, wake).catch((error) => {
        if (!(error instanceof Error) || !error.message.startsWith("NOPERM")) throw error
        return poll(() => stateOf(key), wake) // this user may read but not listen
      }),
    hold: async (key, holder, ttl) => void (await evaluate(HOLD, [holdersOf(key)], holder, String(ttl))),
    leave: async (key, holder, end) => {
      const ended = end === undefined ? ["", ""] : [String(end.version), end.text]
      const outcome = await evaluate(
        LEAVE,
        [recordOf(key), holdersOf(key)],
        ...ended,
        "changed",
        channelOf(key),
        holder,
        String(ENDED)
      )
      if (outcome === "left" && end !== undefined) await replicate(recordOf(key))
      return outcome as "held" | "left" | "changed"
    },
    close: async () => {
      channels.clear()
      connection.close()
      ;(await listening?.catch(() => undefined))?.close()
    }
  }
}
