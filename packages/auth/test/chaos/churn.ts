/**
 * Sessions that come and go: what each opens it must close. Counted is what would grow: timers and sockets of the process,
 * entries and listeners of the store, series of the metric registry, fibers that still run, and bytes of the heap.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as References from "effect/References"
import * as Session from "../../src/Session.ts"
import * as SessionStore from "../../src/SessionStore.ts"
import { Authority } from "../support/authority.ts"
import { optionsOf, request } from "../support/fixture.ts"

/** What is left at one moment. */
export interface Residue {
  /** Timers and sockets that keep the process busy. */
  readonly resources: number
  /** Callbacks that the store still has. */
  readonly subscriptions: number
  readonly series: number
  /** Fibers that began and have not ended. */
  readonly fibers: number
  /** Bytes of the heap after a collection. */
  readonly heap: number
}

setFlagsFromString("--expose_gc")
const collect = runInNewContext("gc") as () => void

const busy = /^(Timeout|TCP|TLS|UDP)/

/** A store that counts who listens to it. */
const counted = (inner: SessionStore.SessionStore) => {
  let subscriptions = 0
  const store: SessionStore.SessionStore = {
    ...inner,
    subscribe: (key, wake) =>
      Effect.acquireRelease(
        Effect.sync(() => void subscriptions++),
        () => Effect.sync(() => void subscriptions--)
      ).pipe(Effect.andThen(inner.subscribe(key, wake)))
  }
  return { store, subscriptions: () => subscriptions }
}

/**
 * Opens and closes `count` sessions, `together` of them at a time, and calls `look` with what is left after each `every`.
 * Two in three share an account, the others have one of their own; each sends a request and every tenth renews. Gives how
 * many sessions are left on the server.
 */
export const churn = async (
  count: number,
  options: {
    readonly together: number
    readonly every: number
    readonly look: (residue: Residue, done: number) => void
  }
): Promise<number> => {
  const authority = new Authority({ limit: Number.POSITIVE_INFINITY })
  const { store, subscriptions } = counted(SessionStore.memory())
  const registry: Metric.MetricRegistry = new Map()
  let fibers = 0
  const runtime: Metric.FiberRuntimeMetricsService = {
    recordFiberStart: () => void fibers++,
    recordFiberEnd: () => void fibers--
  }
  const context = Context.make(Metric.MetricRegistry, registry).pipe(
    Context.add(References.CurrentLoggers, new Set()),
    Context.add(Metric.FiberRuntimeMetrics, runtime)
  )
  const one = (i: number) =>
    Effect.scoped(
      Effect.gen(function* () {
        const made = optionsOf(authority, { store, wire: () => (commit) => commit })
        const grant = i % 3 === 0 ? { ...made.grant, identity: `ada-${i}` } : made.grant
        const session = yield* Session.make({ ...made, grant })
        const stop = session.onEvent(() => {})
        yield* request(session, authority)
        if (i % 10 === 0) yield* session.renew(yield* session.credential)
        if (i % 2 === 0) stop()
      })
    )
  const look = (done: number) => {
    authority.log.length = 0
    collect()
    options.look(
      {
        resources: process.getActiveResourcesInfo().filter((name) => busy.test(name)).length,
        subscriptions: subscriptions(),
        series: registry.size,
        fibers,
        heap: process.memoryUsage().heapUsed
      },
      done
    )
  }
  for (let done = 0; done < count; ) {
    const wave = Math.min(options.together, count - done)
    const from = done
    await Effect.runPromiseWith(context)(
      Effect.forEach(
        Array.from({ length: wave }, (_, i) => from + i),
        one,
        { concurrency: "unbounded", discard: true }
      )
    )
    done += wave
    if (Math.floor(done / options.every) > Math.floor(from / options.every)) {
      // What ends, ends in this turn of the event loop or in the next.
      await new Promise((resolve) => setImmediate(resolve))
      look(done)
    }
  }
  return authority.live()
}
