/** What coordination costs: the calls of the store, counted and timed around a real session. */
import * as SessionRecord from "@keyturn/auth/SessionRecord"
import type { SessionStore } from "@keyturn/auth/SessionStore"
import { contract } from "@keyturn/bench"
import { connect } from "@keyturn/client"
import { bench } from "@keyturn/simulators"
import * as Effect from "effect/Effect"
import { type EngineName, places } from "./places.ts"
import { openStore } from "./stores.ts"

const path = "/rp/api/v1/Accounts"

/** Names of calls, in order, and the milliseconds that they took. */
interface Calls {
  names: Array<string>
  milliseconds: number
}

/** The store, its calls noted. Heartbeats are no part of a request or a renewal. */
const noting = (store: SessionStore, calls: Calls): SessionStore => {
  const note = <A, E>(name: string, call: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      const from = performance.now()
      calls.names.push(name)
      return Effect.onExit(call, () =>
        Effect.sync(() => {
          calls.milliseconds += performance.now() - from
        })
      )
    })
  return {
    ...store,
    read: (key) => note("read", store.read(key)),
    write: (key, next) => note("write", store.write(key, next)),
    acquire: (key, owner, ttl) => note("acquire", store.acquire(key, owner, ttl)),
    // Given back while the tokens are in use already: nobody waits for it.
    release: (key, owner) =>
      Effect.suspend(() => {
        calls.names.push("release")
        return store.release(key, owner)
      }),
    // Word of one's own changes is one more read, when it comes; it is not waited for.
    subscribe: () => Effect.void
  }
}

/** Sends requests with a valid token and renews: says which calls each kind made, and the median milliseconds of a renewal's. */
export const measure = async (engine: EngineName, times: { readonly requests: number; readonly renewals: number }) => {
  await using place = await places[engine]()
  await using store = openStore(place.spec)
  const server = bench.create()
  const calls: Calls = { names: [], milliseconds: 0 }
  await using client = await connect(contract, {
    baseUrl: server.url,
    fetch: server.fetch,
    credentials: server.credentials.service,
    store: noting(store, calls),
    // What makes the renewals here looks like a stranger, and must not.
    policy: { displacement: { budget: Number.POSITIVE_INFINITY, backOff: 0 } }
  })
  calls.names = []
  for (let i = 0; i < times.requests; i++) await client.GET(path)
  const requests = calls.names
  const took: Array<number> = []
  for (let i = 0; i < times.renewals; i++) {
    Object.assign(calls, { names: [], milliseconds: 0 })
    server.faults.add({ on: path, kind: "status", status: 401 })
    await client.GET(path)
    took.push(calls.milliseconds)
    // The operation must not pass for one that refuses every token.
    await client.GET(path)
  }
  const renewal = calls.names
  await server.close()
  return { requests, renewal, median: took.sort((a, b) => a - b)[took.length >> 1] ?? 0 }
}

/**
 * How many renewals a second the engine coordinates, each of a session of its own: what the store does for one, without the
 * calls of the authorization server in between. So many are under way at a time, in this one process.
 */
export const throughput = async (engine: EngineName, together: number, seconds: number): Promise<number> => {
  await using place = await places[engine]()
  await using store = openStore(place.spec)
  const run = Effect.runPromise
  const text = "x".repeat(500)
  let renewals = 0
  const until = performance.now() + seconds * 1000
  const renewing = async (key: string) => {
    for (let owner = 0; performance.now() < until; owner++) {
      await run(store.read(key))
      await run(store.acquire(key, `${owner}`, 30_000))
      const record = await run(store.read(key))
      const marked = SessionRecord.next(record, { proof: text })
      await run(store.write(key, marked))
      await run(store.write(key, SessionRecord.next(marked, { generation: record.generation + 1 })))
      await run(store.release(key, `${owner}`))
      renewals++
    }
  }
  await Promise.all(Array.from({ length: together }, (_, i) => renewing(`session ${i}`)))
  return Math.round(renewals / seconds)
}
