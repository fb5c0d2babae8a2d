/**
 * The store that the processes share, at the other end of a network: calls take their time, overtake each other, fail
 * before or after they happened, are repeated, come late or twice.
 */
import { StoreUnavailable } from "@keyturn/auth/SessionError"
import { type SessionRecord, shift } from "@keyturn/auth/SessionRecord"
import type { SessionStore } from "@keyturn/auth/SessionStore"
import * as Effect from "effect/Effect"
import { makeCell } from "./cell.ts"
import type { Oracle } from "./oracle.ts"
import type { Plan } from "./plan.ts"
import type { Trouble } from "./trouble.ts"
import type { Machine, World } from "./world.ts"

/** How long a process waits before it takes a call for failed, in milliseconds. */
export const PATIENCE = 2000

/** What becomes of a call that does not go well. */
const fates = ["before", "after", "late", "again"] as const

/** The store as one process sees it. */
export type StoreOf = (machine: Machine) => SessionStore

export const makeStore = (world: World, plan: Plan, oracle: Oracle, trouble: Trouble): StoreOf => {
  const subscribers = new Set<() => void>()
  const honest = makeCell(
    () => world.time,
    () => {
      for (const wake of subscribers) wake()
    }
  )
  const cell = plan.broken?.(honest) ?? honest

  /** The store goes away, and comes back with what it had, its leases perhaps not. */
  const outage = () => {
    const millis = world.between(500, 15_000)
    trouble.storeBackAt = world.time + millis
    oracle.fault("store", () => `is away for ${millis} ms`)
    if (!world.chance(0.5)) return
    world.after(millis, undefined, () => {
      honest.loseLease()
      oracle.leasesLost()
      oracle.fault("store", () => "comes back without its leases")
    })
  }

  /** One call: `apply` is what happens in the store each time that its message arrives. */
  const call = <A>(
    machine: Machine,
    name: string,
    apply: () => A,
    onFailure: () => void = () => {}
  ): Effect.Effect<A, StoreUnavailable> =>
    Effect.callback((resume) => {
      if (trouble.strikes("outages", 0.004)) outage()
      const fate = trouble.strikes("store", 0.03) ? world.pick(fates) : "well"
      const fail = (when: string, millis: number) => {
        world.after(millis, machine, () => {
          oracle.fault(machine, () => `store.${name} failed ${when}`)
          onFailure()
          resume(Effect.fail(unavailable(`${name} failed ${when}`)))
        })
      }
      let repeated = false
      const arrive = () => {
        if (trouble.storeBackAt > world.time) {
          if (fate !== "late") fail("while the store was away", world.between(0, PATIENCE))
          return
        }
        const answer = apply()
        if (trouble.strikes("echoes", 0.05)) world.after(world.between(1, 10_000), undefined, () => void echo())
        if (fate === "late") return
        if (fate === "again" && !repeated) {
          // The answer is lost, and the store's client asks again.
          repeated = true
          world.after(world.between(10, PATIENCE), machine, arrive)
          return
        }
        trouble.at(machine, `before it hears of its ${name}`, 0.1)
        if (fate === "after") fail("after it happened", PATIENCE)
        else soon(machine, 0.7, () => resume(Effect.succeed(answer)))
      }
      const echo = () => {
        if (trouble.storeBackAt <= world.time) apply()
      }
      const send = () => {
        if (fate === "before") fail("before it happened", world.between(0, PATIENCE))
        else if (fate === "late") {
          fail("as far as can be told", PATIENCE)
          world.after(world.between(PATIENCE, 10_000), undefined, arrive)
        } else soon(undefined, 0.5, arrive)
      }
      trouble.at(machine, `when it asks for its ${name}`, 0.1)
      if (machine.dead || machine.pausedUntil > world.time) world.after(0, machine, send)
      else send()
    })

  /** Some calls take no time worth mentioning, which is cheap to simulate. */
  const soon = (machine: Machine | undefined, probability: number, run: () => void) => {
    const ready = machine === undefined || (!machine.dead && machine.pausedUntil <= world.time)
    if (ready && world.chance(probability)) run()
    else world.after(world.between(1, 60), machine, run)
  }

  return (machine) => ({
    shared: true,
    read: () =>
      call(machine, "read", () => {
        const record = cell.read()
        world.say(machine.name, () => `reads ${glance(record)}`)
        // Kept in the engine's time, as stores that are shared by machines keep it.
        return shift(record, machine.ahead)
      }),
    write: (_key, next) => {
      const kept = shift(next, -machine.ahead)
      return call(
        machine,
        "write",
        () => {
          const before = honest.read()
          const done = cell.write(kept)
          if (honest.read() !== before) oracle.wrote(machine, kept)
          world.say(machine.name, () => `${done ? "writes" : "may not write"} ${glance(kept)}`)
          return done
        },
        () => oracle.failedToWrite(kept)
      )
    },
    acquire: (_key, owner, ttl) =>
      call(machine, "acquire", () => {
        const done = cell.acquire(owner, ttl)
        if (done) oracle.leased(machine, owner, ttl)
        world.say(machine.name, () => `${done ? "takes" : "does not get"} the lease as ${owner.slice(0, 4)}`)
        return done
      }),
    release: (_key, owner) =>
      call(machine, "release", () => {
        cell.release(owner)
        oracle.released(owner)
        world.say(machine.name, () => `releases the lease of ${owner.slice(0, 4)}`)
      }),
    subscribe: (_key, wake) => {
      // Word of a change takes its time, gets lost, and comes twice.
      const word = () => {
        if (trouble.storeBackAt > world.time || world.chance(0.1)) return
        world.after(world.between(0, 100), machine, wake)
        if (world.chance(0.05)) world.after(world.between(0, 5000), machine, wake)
      }
      return Effect.acquireRelease(
        Effect.suspend(() => {
          if (trouble.storeBackAt > world.time) return Effect.fail(unavailable("subscribe failed: the store is away"))
          subscribers.add(word)
          return Effect.void
        }),
        () => Effect.sync(() => void subscribers.delete(word))
      )
    },
    hold: (_key, holder, ttl) => call(machine, "hold", () => cell.hold(holder, ttl)),
    leave: (_key, holder, end) =>
      call(machine, "leave", () => {
        const before = cell.leave(holder, end)
        world.say(machine.name, () => `leaves${before === undefined ? "" : " as the last"}`)
        if (before !== undefined) oracle.ended++
        oracle.stored = honest.read()
        return before && shift(before, machine.ahead)
      })
  })
}

const unavailable = (message: string) => new StoreUnavailable({ message })

const glance = ({ generation, marker, tokens, version }: SessionRecord): string =>
  `v${version} g${generation}${marker ? ` with the marker of ${marker.operation} ${marker.attempt}` : ""}${tokens ? "" : " without tokens"}`
