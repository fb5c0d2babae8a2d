/** A process of the fleet: the real session in it, requests as a program makes them, and its end. */
import * as Session from "@keyturn/auth/Session"
import { isSessionError, type SessionError } from "@keyturn/auth/SessionError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { Authority } from "../support/authority.ts"
import { optionsOf, tokenOf } from "../support/fixture.ts"
import type { Oracle } from "./oracle.ts"
import { type Plan, policy, SIGN_OUT } from "./plan.ts"
import { PATIENCE, type StoreOf } from "./store.ts"
import type { WireOf } from "./wire.ts"
import { Machine, type World } from "./world.ts"

/** What the processes of a simulation share. */
export interface Surroundings {
  readonly world: World
  readonly plan: Plan
  readonly authority: Authority
  readonly oracle: Oracle
  readonly storeOf: StoreOf
  readonly wireOf: WireOf
}

/** The longest that closing may take, in milliseconds: the deadline of the policy, and a store call that was out. */
const CLOSING = SIGN_OUT + PATIENCE

/** What a program that asked for something got: a status, or the names of the errors. */
const outcomeOf = (exit: Exit.Exit<200 | 401, SessionError>): string =>
  Exit.isSuccess(exit)
    ? String(exit.value)
    : exit.cause.reasons
        .map((reason) => (reason._tag === "Fail" && isSessionError(reason.error) ? reason.error._tag : reason._tag))
        .join()

export class Process {
  readonly machine: Machine
  session: Session.Session | undefined
  /** How many requests were begun. */
  requests = 0
  /** Whether it takes part still. */
  private open = true
  private closing: Fiber.Fiber<unknown> | undefined
  private readonly scope = Effect.runSync(Scope.make())
  private readonly around: Surroundings

  constructor(name: string, ahead: number, around: Surroundings) {
    const { authority, oracle, plan, storeOf, wireOf, world } = around
    this.around = around
    this.machine = new Machine(name)
    this.machine.ahead = ahead
    oracle.opened++
    world.say(name, () => `starts${ahead === 0 ? "" : `, its clock ${ahead} ms off`}`)
    const options = optionsOf(authority, {
      signIn: plan.signIn,
      now: Effect.sync(() => world.now()),
      wire: wireOf(this.machine),
      store: storeOf(this.machine),
      policy,
      description: {
        refresh: {
          method: "POST",
          path: "/token",
          reuse: plan.grace > 0 ? { grace: `PT${plan.grace / 1000}S` } : "never"
        },
        limit: { sessions: plan.limit, onExcess: "evict-oldest" }
      },
      onEvent: (event) =>
        world.say(name, () => (event._tag === "RenewalFailed" ? `RenewalFailed ${event.error._tag}` : event._tag))
    })
    const grant = plan.proved ? options.grant : { ...options.grant, secret: undefined }
    this.fork(
      Effect.map(Effect.exit(Scope.provide(Session.make({ ...options, grant }), this.scope)), (exit) => {
        if (Exit.isSuccess(exit)) this.session = exit.value
        else {
          world.say(name, () => "could not open")
          this.close()
        }
      })
    )
  }

  get living(): boolean {
    return !this.machine.dead && this.open
  }

  get closed(): boolean {
    return this.machine.dead || this.closing?.pollUnsafe() !== undefined
  }

  /** Sends a request, perhaps to lose patience with it, and tells what came of it unless it was cut short. */
  request(done: (outcome: string) => void, patience = Number.POSITIVE_INFINITY): void {
    const { session } = this
    if (session === undefined || !this.living) return
    this.requests++
    const fiber = this.fork(
      Effect.map(Effect.exit(this.send(session)), (exit) => {
        const outcome = outcomeOf(exit)
        if (!this.living || outcome === "Interrupt") return
        if (outcome !== "200") this.around.world.say(this.machine.name, () => `its request fails: ${outcome}`)
        done(outcome)
      })
    )
    if (patience < Number.POSITIVE_INFINITY) {
      this.around.world.after(patience, this.machine, () => fiber.interruptUnsafe())
    }
  }

  close(): void {
    if (!this.living) return
    this.open = false
    const { oracle, world } = this.around
    const { name, pausedUntil } = this.machine
    world.say(name, () => "closes")
    const from = Math.max(world.time, pausedUntil)
    this.closing = this.fork(
      Effect.map(Scope.close(this.scope, Exit.void), () => {
        const took = world.time - from
        if (took > CLOSING && this.machine.pausedUntil <= from) oracle.violate(`I8: ${name} took ${took} ms to close`)
      })
    )
  }

  private fork<A>(effect: Effect.Effect<A>): Fiber.Fiber<A> {
    return Effect.runForkWith(this.around.world.contextOf(this.machine))(effect)
  }

  private readonly send = Effect.fnUntraced(function* (this: Process, session: Session.Session) {
    const { authority, oracle, world } = this.around
    const ask = (token: string) =>
      Effect.map(world.sleep(world.between(5, 300), this.machine), () => {
        oracle.sent(this.machine, token)
        return authority.use(world.now(), token)
      })
    const first = session.credentialUnsafe() ?? (yield* session.credential)
    if ((yield* ask(tokenOf(first))) === 200) return 200 as const
    const second = yield* session.renew(first)
    if ((yield* ask(tokenOf(second))) === 200) return 200 as const
    // Others may have renewed again meanwhile; a person's program would simply try once more.
    const third = yield* session.renew(second)
    return yield* ask(tokenOf(third))
  })
}
