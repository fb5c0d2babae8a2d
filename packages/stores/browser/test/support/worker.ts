/** A page's workers, which run the same program as the page. */
import type { SessionStore } from "@keyturn/auth/SessionStore"
import * as Effect from "effect/Effect"
import { type Ability, abilities, decode, encode, type Opening } from "./abilities.ts"

/** The kinds of worker. */
export type Kind = "dedicated" | "shared" | "service"

/** Asks a worker for something. */
export type Remote = (ability: Ability, ...args: ReadonlyArray<unknown>) => Promise<unknown>

const start = async (kind: Kind, port: MessagePort): Promise<void> => {
  const url = "/program.js"
  if (kind === "dedicated") new Worker(url, { type: "module" }).postMessage("serve", [port])
  else if (kind === "shared") new SharedWorker(url, { type: "module" }).port.postMessage("serve", [port])
  else {
    const { active, installing, waiting } = await navigator.serviceWorker.register(url, { type: "module" })
    ;((installing ?? waiting ?? active) as ServiceWorker).postMessage("serve", [port])
  }
}

const open = async (kind: Kind): Promise<Remote> => {
  const { port1, port2 } = new MessageChannel()
  await start(kind, port2)
  const asked = new Map<number, readonly [(value: unknown) => void, (error: Error) => void]>()
  let last = 0
  port1.onmessage = ({ data: [id, error, given] }) => {
    const [resolve, reject] = asked.get(id) ?? []
    if (error === undefined) resolve?.(given)
    else reject?.(new Error(error))
  }
  return (...message) =>
    new Promise((resolve, reject) => {
      asked.set(++last, [resolve, reject])
      port1.postMessage([last, ...message])
    })
}

const workers = new Map<Kind, Promise<Remote>>()

/** This page's worker of a kind, started when it is first asked for. */
export const worker = (kind: Kind): Promise<Remote> => {
  const remote = workers.get(kind) ?? open(kind)
  workers.set(kind, remote)
  return remote
}

const answer = (port: MessagePort) => {
  port.onmessage = async ({ data: [id, ability, ...args] }) => {
    try {
      const ask = abilities[ability as Ability] as (...args: ReadonlyArray<unknown>) => Promise<unknown>
      port.postMessage([id, undefined, await ask(...args)])
    } catch (error) {
      port.postMessage([id, String(error)])
    }
  }
}

/** Answers pages that ask: what a worker does. */
export const serve = () => {
  const hear = ({ data, ports: [port] }: MessageEvent) => {
    if (data === "serve" && port !== undefined) answer(port)
  }
  addEventListener("message", hear)
  addEventListener("connect", (event) => {
    const [port] = (event as MessageEvent).ports
    if (port !== undefined) port.onmessage = hear
  })
}

/** A store that a worker has open. */
export const storeIn = async (remote: Remote, options: Opening): Promise<SessionStore & AsyncDisposable> => {
  const id = await remote("open", options)
  const on = <A>(ability: Ability, ...args: ReadonlyArray<unknown>) =>
    Effect.promise(() => remote(ability, id, ...args) as Promise<A>)
  const listen = async (key: string, wake: () => void) => {
    const listener = await remote("listen", id, key)
    let told = 0
    const look = async () => {
      const heard = (await remote("heard", listener)) as number
      for (; told < heard; told++) wake()
    }
    const timer = setInterval(look, 10)
    return async () => {
      clearInterval(timer)
      await remote("stop", listener)
    }
  }
  return {
    shared: true,
    read: (key) => Effect.map(on<string>("read", key), decode),
    write: (key, next) => on("write", key, encode(next)),
    acquire: (key, owner, ttl) => on("acquire", key, owner, ttl),
    release: (key, owner) => on("release", key, owner),
    subscribe: (key, wake) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.promise(() => listen(key, wake)),
          (stop) => Effect.promise(stop)
        )
      ),
    hold: (key, holder, ttl) => on("hold", key, holder, ttl),
    leave: (key, holder, end) =>
      Effect.map(on<string | undefined>("leave", key, holder, end), (left) =>
        left === undefined ? undefined : decode(left)
      ),
    [Symbol.asyncDispose]: async () => void (await remote("close", id))
  }
}
