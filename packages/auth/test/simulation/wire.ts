/** The way to the server and back: calls get lost on either leg, come late or twice, and are turned away. */
import { type GrantFailure, GrantUnavailable } from "@keyturn/auth/Grant"
import * as Effect from "effect/Effect"
import type { Authority, Operation, Pair, Wire } from "../support/authority.ts"
import type { Oracle } from "./oracle.ts"
import { DEADLINE } from "./plan.ts"
import type { Trouble } from "./trouble.ts"
import type { Machine, World } from "./world.ts"

/** What becomes of a call that does not go well. */
const fates = ["lost", "unanswered", "gateway", "busy", "refused", "late"] as const

/** The way of one process. */
export type WireOf = (machine: Machine) => (operation: Operation) => Wire

export const makeWire = (world: World, authority: Authority, oracle: Oracle, trouble: Trouble): WireOf => {
  /** What reaches the server beyond anybody's control: after its sender's lease has run out, or a second time. */
  let beyond = false
  let sender: Machine | undefined
  let sentAt = 0
  authority.onEntry = (kind, token) => {
    const machine = sender as Machine
    world.say("server", () => `${kind} ${token}${beyond ? " (late, or an echo)" : ""}`)
    if (beyond) return
    if (kind === "signIn") oracle.signedIn()
    if (kind === "refresh" || kind === "reuse") oracle.redeemed(machine, token, sentAt)
  }

  return (machine) => (operation) => (committing) =>
    Effect.callback<Pair, GrantFailure>((resume) => {
      const flight = { machine, operation }
      const fate = trouble.strikes("server", 0.2) ? world.pick(fates) : "well"
      const until = oracle.leasedUntil(machine)
      const asked = world.time
      const finish = (result: Effect.Effect<Pair, GrantFailure>) => {
        slow.run = undefined
        oracle.landed(flight)
        resume(result)
      }
      const unavailable = (ambiguous: boolean, status?: number) =>
        finish(Effect.fail(new GrantUnavailable({ ambiguous, status, message: `${operation} got no answer` })))
      const slow = world.after(DEADLINE, machine, () => {
        oracle.fault(machine, () => `hears nothing of its ${operation} in time`)
        unavailable(true)
      })
      const back = (answered: () => void) =>
        world.after(world.between(20, 800), machine, () => {
          trouble.at(machine, `when the answer to its ${operation} comes`, 1)
          // It may be waiting in the socket of a process that stands still.
          world.after(0, machine, () => slow.run !== undefined && answered())
        })
      const commit = (echo: boolean) => {
        beyond = echo || (operation === "refresh" && until <= world.time)
        sender = machine
        sentAt = asked
        const exit = Effect.runSyncExit(committing)
        beyond = false
        return exit
      }
      const arrive = () => {
        trouble.at(machine, `while its ${operation} is out`, 1)
        // It can still end the session that somebody made meanwhile.
        if (operation !== "signOut" && (fate === "late" || until <= world.time)) {
          oracle.fault("server", () => `a ${operation} of ${machine.name} comes late`)
        }
        if (fate === "busy") return void back(() => unavailable(false, 429))
        const exit = commit(false)
        if (trouble.strikes("echoes", 0.05)) {
          world.after(world.between(1, 10_000), undefined, () => {
            oracle.fault("server", () => `a ${operation} of ${machine.name} comes a second time`)
            commit(true)
          })
        }
        if (fate === "gateway") {
          oracle.fault(machine, () => `gets no answer to its ${operation} but a gateway's`)
          return void back(() => unavailable(true, 504))
        }
        if (fate !== "unanswered") back(() => finish(exit))
      }

      const send = () => {
        // Given up meanwhile.
        if (slow.run === undefined) return
        if (operation !== "signOut") oracle.calls(flight)
        world.say(machine.name, () => `calls ${operation}`)
        if (fate === "refused") world.after(0, machine, () => unavailable(false))
        else if (fate !== "lost") {
          world.after(fate === "late" ? world.between(DEADLINE, 12_000) : world.between(20, 800), undefined, arrive)
        }
      }
      trouble.at(machine, `before it calls ${operation}`, 1)
      if (machine.dead || machine.pausedUntil > world.time) world.after(0, machine, send)
      else send()
      // Given up: what was sent comes to the server all the same.
      return Effect.sync(() => {
        slow.run = undefined
        oracle.landed(flight)
        oracle.fault(machine, () => `gives up its ${operation}`)
        if (operation === "signIn") oracle.abandoned++
      })
    })
}
