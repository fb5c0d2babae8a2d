/**
 * A fleet in good weather, for its size: so many processes of the real session on one store and one account, in virtual
 * time, with the policy that everybody gets. What it counts is what a store and a server have to bear.
 */
import * as Session from "@keyturn/auth/Session"
import type { SessionStore } from "@keyturn/auth/SessionStore"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { Authority } from "../support/authority.ts"
import { optionsOf, request } from "../support/fixture.ts"
import { makeCell } from "./cell.ts"
import { Machine, World } from "./world.ts"

export interface Fleet {
  readonly processes: number
  /** Milliseconds that an access token lives. */
  readonly life: number
  /** How many times the tokens are to end. */
  readonly expiries: number
  /** How often each process sends a request, in milliseconds. */
  readonly every: number
}

export type Calls = Readonly<Record<"read" | "write" | "acquire" | "release" | "subscribe" | "hold" | "leave", number>>

export interface Figures {
  readonly signIns: number
  readonly refreshes: number
  readonly signOuts: number
  readonly requests: number
  /** Requests that did not get 200. */
  readonly failed: number
  /** Milliseconds until the last process had its session. */
  readonly openedIn: number
  /** Store calls: while everybody opens at once, from then on, and while everybody closes at once. */
  readonly opening: Calls
  readonly running: Calls
  readonly closing: Calls
}

const LATENCY = 2

/** Runs a fleet from its first sign-in to its last sign-out. */
export const runFleet = ({ every, expiries, life, processes }: Fleet): Figures => {
  const world = new World(1)
  const authority = new Authority({ life })
  const subscribers = new Set<() => void>()
  const cell = makeCell(
    () => world.time,
    () => {
      for (const wake of subscribers) wake()
    }
  )
  const counts = { read: 0, write: 0, acquire: 0, release: 0, subscribe: 0, hold: 0, leave: 0 }
  const since = (before: Calls): Calls =>
    Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [name, count - before[name as keyof Calls]])
    ) as unknown as Calls
  const call = <A>(name: keyof Calls, machine: Machine, apply: () => A): Effect.Effect<A> =>
    Effect.callback((resume) => {
      counts[name]++
      world.after(LATENCY / 2, undefined, () => {
        const answer = apply()
        world.after(LATENCY / 2, machine, () => resume(Effect.succeed(answer)))
      })
    })
  const storeOf = (machine: Machine): SessionStore => ({
    shared: true,
    read: () => call("read", machine, cell.read),
    write: (_, next) => call("write", machine, () => cell.write(next)),
    acquire: (_, owner, ttl) => call("acquire", machine, () => cell.acquire(owner, ttl)),
    release: (_, owner) => call("release", machine, () => cell.release(owner)),
    subscribe: (_, wake) => {
      const word = () => void world.after(LATENCY / 2, machine, wake)
      return Effect.acquireRelease(
        Effect.sync(() => {
          counts.subscribe++
          subscribers.add(word)
        }),
        () => Effect.sync(() => void subscribers.delete(word))
      )
    },
    hold: (_, holder, ttl) => call("hold", machine, () => cell.hold(holder, ttl)),
    leave: (_, holder, end) => call("leave", machine, () => cell.leave(holder, end))
  })

  let requests = 0
  let failed = 0
  const serverNow = Effect.sync(() => world.now())
  const fleet = Array.from({ length: processes }, (_, i) => {
    const machine = new Machine(`p${i}`)
    const scope = Effect.runSync(Scope.make())
    return { machine, scope, session: undefined as Session.Session | undefined, closed: false }
  })
  const fork = (machine: Machine, effect: Effect.Effect<unknown>) =>
    void Effect.runForkWith(world.contextOf(machine))(effect)

  const zero = { ...counts }
  let openedIn = 0
  for (const process of fleet) {
    const { machine, scope } = process
    const options = optionsOf(authority, {
      now: serverNow,
      store: storeOf(machine),
      // The draws of the jitter are the code's own: a fleet that renews in step would be another question.
      policy: { renewal: { jitter: 0.25 } }
    })
    fork(
      machine,
      Effect.map(Effect.exit(Scope.provide(Session.make(options), scope)), (exit) => {
        if (!Exit.isSuccess(exit)) return
        process.session = exit.value
        openedIn = world.time
      })
    )
  }
  world.advance(30_000)
  const opening = since(zero)

  const opened = { ...counts }
  const ask = (process: (typeof fleet)[number]) => {
    const { machine, session } = process
    if (session === undefined || process.closed) return
    requests++
    fork(
      machine,
      Effect.map(Effect.exit(request(session, authority)), (exit) => {
        if (!Exit.isSuccess(exit) || exit.value !== 200) failed++
      })
    )
    world.after(every, machine, () => ask(process))
  }
  for (const process of fleet) world.after(world.between(0, every), process.machine, () => ask(process))
  world.advance(expiries * life - 30_000)
  const running = since(opened)

  const ran = { ...counts }
  for (const process of fleet) {
    process.closed = true
    fork(process.machine, Scope.close(process.scope, Exit.void))
  }
  world.advance(30_000)
  return {
    signIns: authority.count("signIn"),
    refreshes: authority.count("refresh"),
    signOuts: authority.count("signOut"),
    requests,
    failed: failed + fleet.filter(({ session }) => session === undefined).length,
    openedIn,
    opening,
    running,
    closing: since(ran)
  }
}
