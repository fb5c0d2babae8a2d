import { memory, type SessionStore } from "@keyturn/auth/SessionStore"
import type { ClosableStore } from "@keyturn/auth/TextStore"
import * as Effect from "effect/Effect"
import { Denied } from "./failure.ts"

/** How long it is waited for a database that does not open, in milliseconds; then the store's own patience begins. */
const OPENING = 3000

/**
 * The store, or this page's memory where the browser denies storage. That is decided once, before anything is kept: a
 * session that others share must never go on in two places.
 */
export const orMemory = (store: ClosableStore, open: () => Promise<unknown>): ClosableStore => {
  let chosen: SessionStore | undefined
  let degraded: string | undefined

  const choose = async (): Promise<SessionStore> => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(resolve, OPENING, "late")
    })
    try {
      if ((await Promise.race([open(), late])) !== "late") chosen ??= store
    } catch (error) {
      if (error instanceof Denied && chosen === undefined) {
        degraded = `${error.message} Until then the session lives in this page's memory: other tabs and workers do not share it, and a reload signs in anew.`
        chosen = memory()
      }
    } finally {
      clearTimeout(timer)
    }
    return chosen ?? store
  }
  const on = <A, E, R>(use: (store: SessionStore) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => (chosen === undefined ? Effect.flatMap(Effect.promise(choose), use) : use(chosen)))

  const close = () => {
    // Who comes now hears that it is closed, and opens nothing.
    chosen ??= store
    return store.close()
  }

  return {
    get shared() {
      return degraded === undefined
    },
    degraded: () => degraded,
    read: (key) => on((store) => store.read(key)),
    write: (key, next) => on((store) => store.write(key, next)),
    acquire: (key, owner, ttl) => on((store) => store.acquire(key, owner, ttl)),
    release: (key, owner) => on((store) => store.release(key, owner)),
    subscribe: (key, wake) => on((store) => store.subscribe(key, wake)),
    hold: (key, holder, ttl) => on((store) => store.hold(key, holder, ttl)),
    leave: (key, holder, end) => on((store) => store.leave(key, holder, end)),
    close,
    [Symbol.asyncDispose]: close
  }
}
