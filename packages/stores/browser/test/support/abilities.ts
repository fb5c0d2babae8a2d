/** What a page or worker of the tests can be asked to do. Arguments and answers are plain data. */
import * as SessionRecord from "@keyturn/auth/SessionRecord"
import { contract } from "@keyturn/bench"
import { connect } from "@keyturn/client"
import { type BrowserStoreOptions, browserStore, type ClosableStore } from "@keyturn/store-browser"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

/** How a program connects. */
export interface Connecting {
  readonly url: string
  readonly credentials: { readonly login: string; readonly password: string }
  /** The deadline of one call, in milliseconds; a lease lasts 5 seconds longer. Default 30 seconds. */
  readonly deadline?: number
}

/** Options of a store as plain data: `sealed` gives it a key. */
export interface Opening {
  readonly name?: string
  readonly sealed?: boolean
}

type Client = Awaited<ReturnType<typeof connect<typeof contract>>>

let connected: { readonly store: ClosableStore; readonly client: Client } | undefined
const events: Array<{ readonly _tag: string; readonly message?: unknown; readonly operation?: unknown }> = []
const stores = new Map<string, ClosableStore>()
const listeners = new Map<string, { heard: number; readonly stop: () => Promise<void> }>()

/** Opens a store. */
export const openStore = ({ name, sealed }: Opening = {}): ClosableStore => {
  const options: BrowserStoreOptions = { name, key: sealed === true ? new Uint8Array(32).fill(7) : undefined }
  return browserStore(options)
}

const run = Effect.runPromise
const of = (id: string): ClosableStore => {
  const store = stores.get(id)
  if (store === undefined) throw new Error("There is no such store.")
  return store
}

/** Writes a record as text. */
export const encode = SessionRecord.encode
/** Reads a record from text. */
export const decode = (text: string) => SessionRecord.decode(text) as SessionRecord.SessionRecord

/** What can be asked for, by name. */
export const abilities = {
  connect: async ({ credentials, deadline = 30_000, url }: Connecting) => {
    const store = browserStore()
    const policy = { deadline: { signIn: deadline, refresh: deadline } }
    const onEvent = ({ _tag, ...rest }: { readonly _tag: string; readonly message?: string }) =>
      void events.push({ ...rest, _tag })
    connected = { store, client: await connect(contract, { baseUrl: url, credentials, store, policy, onEvent }) }
  },
  request: async () => (await connected?.client.GET("/rp/api/v1/Accounts"))?.response.status,
  events: async () => events.map(({ _tag, message, operation }) => ({ _tag, message, operation })),
  generation: async () => connected?.client.session.state?.generation,
  signOut: async () => {
    await connected?.client.session.signOut()
    await connected?.store.close()
  },
  open: async (options?: Opening) => {
    const id = crypto.randomUUID()
    stores.set(id, openStore(options))
    return id
  },
  /** What reading fails with. */
  trouble: async (id: string) => (await run(Effect.flip(of(id).read("key")))).message,
  read: async (id: string, key: string) => encode(await run(of(id).read(key))),
  /** Begins to read and to write, and hangs before any answer can come; broadcasts when. */
  hang: async (id: string, key: string, milliseconds: number) => {
    const begun = [run(of(id).read(key)), run(of(id).hold(key, "me", 60_000))]
    // Until all that was begun waits for the browser.
    for (let i = 0; i < 1000; i++) await undefined
    new BroadcastChannel("hanging").postMessage(id)
    const until = performance.now() + milliseconds
    while (performance.now() < until);
    await Promise.all(begun)
  },
  write: (id: string, key: string, next: string) => run(of(id).write(key, decode(next))),
  acquire: (id: string, key: string, owner: string, ttl: number) => run(of(id).acquire(key, owner, ttl)),
  release: (id: string, key: string, owner: string) => run(of(id).release(key, owner)),
  hold: (id: string, key: string, holder: string, ttl: number) => run(of(id).hold(key, holder, ttl)),
  leave: async (id: string, key: string, holder: string, end: boolean) => {
    const left = await run(of(id).leave(key, holder, end))
    return left && encode(left)
  },
  /** Subscribes; gives the name to ask `heard` by. */
  listen: async (id: string, key: string) => {
    const name = crypto.randomUUID()
    const scope = await run(Scope.make())
    const listener = { heard: 0, stop: () => run(Scope.close(scope, Exit.void)) }
    listeners.set(name, listener)
    await run(
      Scope.provide(
        of(id).subscribe(key, () => void listener.heard++),
        scope
      )
    )
    return name
  },
  heard: async (listener: string) => listeners.get(listener)?.heard ?? 0,
  stop: async (listener: string) => listeners.get(listener)?.stop(),
  close: async (id: string) => {
    await of(id).close()
    stores.delete(id)
  }
}

/** What can be asked for. */
export type Ability = keyof typeof abilities
