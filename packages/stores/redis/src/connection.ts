/** Two client libraries, and a URL, made one: what the engine needs of a connection. */

/** A client of the package `redis` (5 or later), or its cluster client. */
export interface NodeRedisClient {
  // biome-ignore lint/suspicious/noExplicitAny: the two kinds of client take different arguments
  sendCommand(...args: any): Promise<unknown>
  // biome-ignore lint/suspicious/noExplicitAny: any client will do
  duplicate(): any
}

/** A client or cluster of the package `ioredis`. */
export interface IoRedisClient {
  call(command: string, ...args: ReadonlyArray<string>): Promise<unknown>
  // biome-ignore lint/suspicious/noExplicitAny: any client will do
  duplicate(): any
}

/** A connection that commands go through. */
export interface Connection {
  /** Sends a command about one key. */
  readonly command: (key: string, args: ReadonlyArray<string>) => Promise<unknown>
  /** Opens another one, to listen. `hear` is called with a channel, `ready` after each time it connects. */
  readonly listener: (hear: (channel: string) => void, ready: () => void) => Promise<Listener>
  readonly close: () => void
  /** Whether it is one server, which can list its keys, and not a cluster. */
  readonly single: boolean
}

/** A connection that listens. */
export interface Listener {
  readonly subscribe: (channel: string) => Promise<unknown>
  readonly unsubscribe: (channel: string) => Promise<unknown>
  readonly close: () => void
}

/** The part of a `redis` client that is used here. */
interface Subscriber {
  on(event: string, listener: (...args: ReadonlyArray<string>) => void): unknown
  connect(): Promise<unknown>
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  destroy(): void
  unref?(): void
}

const listenBy =
  (make: () => Subscriber | Promise<Subscriber>): Connection["listener"] =>
  async (hear, ready) => {
    const client = await make()
    client.on("error", () => {}) // it connects again by itself; without a listener Node would end the process
    client.on("ready", ready)
    await client.connect()
    client.unref?.()
    return {
      subscribe: (channel) => client.subscribe(channel, (_, from) => hear(from)),
      unsubscribe: (channel) => client.unsubscribe(channel),
      close: () => client.destroy()
    }
  }

const isIoRedis = (client: NodeRedisClient | IoRedisClient): client is IoRedisClient =>
  typeof (client as Partial<IoRedisClient>).call === "function"

/** The part of an `ioredis` client that is used to listen. */
interface IoSubscriber {
  on(event: string, listener: (...args: ReadonlyArray<string>) => void): unknown
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  disconnect(): void
  readonly stream?: { unref?(): void }
}

const overIoRedis = (client: IoRedisClient): Connection => ({
  command: (_, [name, ...args]) => client.call(name as string, ...args),
  listener: async (hear, ready) => {
    const subscriber = client.duplicate() as IoSubscriber
    subscriber.on("error", () => {})
    subscriber.on("message", (channel) => hear(channel as string))
    subscriber.on("ready", () => {
      subscriber.stream?.unref?.()
      ready()
    })
    return {
      subscribe: (channel) => subscriber.subscribe(channel),
      unsubscribe: (channel) => subscriber.unsubscribe(channel),
      close: () => subscriber.disconnect()
    }
  },
  close: () => {},
  single: !("nodes" in client)
})

const overNodeRedis = (client: NodeRedisClient): Connection => ({
  // A cluster client asks for the key first, to choose the node.
  command: (key, args) => ("getRandomNode" in client ? client.sendCommand(key, false, args) : client.sendCommand(args)),
  listener: listenBy(() => client.duplicate()),
  close: () => {},
  single: !("getRandomNode" in client)
})

/** A connection over a client that somebody else opened and will close. */
export const overClient = (client: NodeRedisClient | IoRedisClient): Connection =>
  isIoRedis(client) ? overIoRedis(client) : overNodeRedis(client)

/** When a connection that does not answer is given up, in milliseconds: before the call on it is. */
const OVERDUE = 2500

/** A connection of our own, made when it is first needed, and made anew when it fails or does not answer. */
export const overUrl = (url: string): Connection => {
  const options = { connectTimeout: OVERDUE }
  const load = async () => {
    try {
      return await import("redis")
    } catch {
      throw new MissingPackage()
    }
  }
  const open = async () => {
    const { createClient } = await load()
    // It is this module that connects again, at the next call: a queue of its own would send calls that were given up.
    const client = createClient({ url, disableOfflineQueue: true, socket: { ...options, reconnectStrategy: false } })
    client.on("error", () => {})
    await client.connect()
    client.unref()
    return client
  }
  let current: ReturnType<typeof open> | undefined
  const drop = (client: typeof current) => {
    if (client === undefined || client !== current) return
    current = undefined
    client.then(
      (client) => client.isOpen && client.destroy(),
      () => {}
    )
  }
  return {
    command: async (_, args) => {
      current ??= open()
      const used = current
      let overdue: NodeJS.Timeout | undefined
      try {
        const client = await used
        // From here on: to open one over takes as long again, on a machine that is slow at it.
        overdue = setTimeout(drop, OVERDUE, used)
        return await client.sendCommand([...args])
      } catch (error) {
        // The server's own errors leave the connection good, but for the one of a primary that is none any more.
        if (!(error instanceof (await load()).ErrorReply) || error.message.startsWith("READONLY")) drop(used)
        throw error
      } finally {
        clearTimeout(overdue)
      }
    },
    listener: listenBy(async () => {
      const { createClient } = await load()
      const reconnectStrategy = (retries: number) => Math.min(50 * 2 ** retries, 1000)
      return createClient({ url, socket: { ...options, reconnectStrategy } }) as unknown as Subscriber
    }),
    close: () => drop(current),
    single: true
  }
}

/** The package `redis` is not installed. */
export class MissingPackage extends Error {}
