/** Where a process is killed: the steps of a renewal, as a store and a network see them. */
import type { SessionRecord } from "@keyturn/auth/SessionRecord"
import type { SessionStore } from "@keyturn/auth/SessionStore"
import * as Effect from "effect/Effect"

/** Step by step; the number is that of the protocol's description. A kill at 4 is one after 6 and another one at 3. */
export const points = [
  "1: it has read",
  "2: it has the lease",
  "3: it has read again",
  "5: its marker is stored",
  "6: the server has answered",
  "7: the tokens are stored",
  "8: the lease is given back"
] as const

export type Point = (typeof points)[number]

/**
 * A session's store and `fetch` that stop for ever at `point` once they are armed, and tell it. Nothing that the session does
 * afterwards, such as giving up an answer that is late, gets out any more: it is as good as dead.
 */
export const stopping = (store: SessionStore, point: Point, reached: () => void) => {
  let armed = false
  let dead = false
  let reads = 0
  const at = Number(point[0])
  const die = () => {
    dead = true
    reached()
  }
  const after = <A, E>(effect: Effect.Effect<A, E>, step: (result: A) => number): Effect.Effect<A, E> =>
    Effect.flatMap(
      Effect.suspend(() => (dead ? Effect.never : effect)),
      (result) => {
        if (!armed || step(result) !== at) return Effect.succeed(result)
        die()
        return Effect.never
      }
    )
  const stepOf = ({ marker, tokens }: SessionRecord) => (marker !== undefined ? 5 : tokens === undefined ? 0 : 7)
  const hooked: SessionStore = {
    ...store,
    read: (key) => after(store.read(key), () => (armed && ++reads === 1 ? 1 : 3)),
    acquire: (key, owner, ttl) => after(store.acquire(key, owner, ttl), (leased) => (leased ? 2 : 0)),
    write: (key, next) => after(store.write(key, next), () => stepOf(next)),
    release: (key, owner) => after(store.release(key, owner), () => 8)
  }
  const hookedFetch: typeof fetch = async (input, init) => {
    if (dead) return new Promise(() => {})
    const response = await fetch(input, init)
    if (!armed || at !== 6 || !String(input instanceof Request ? input.url : input).endsWith("/token")) return response
    die()
    return new Promise(() => {})
  }
  return {
    store: hooked,
    fetch: hookedFetch,
    arm: () => {
      armed = true
    }
  }
}
