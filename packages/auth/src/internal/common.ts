/** What the sessions of an API have in common: kept once, for a process may hold a great many of them. */
import type { Clock } from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { Scope } from "effect/Scope"
import type { Grant, GrantContext } from "../Grant.ts"
import * as Lifetime from "../Lifetime.ts"
import type { Policy } from "../Policy.ts"
import type { Options } from "../Session.ts"
import type { SessionStore } from "../SessionStore.ts"
import type { Telemetry } from "../Telemetry.ts"
import * as Timers from "./timers.ts"

export interface Common {
  readonly services: Context.Context<never>
  readonly clock: Clock
  readonly timers: Timers.Timers
  readonly runFork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  readonly context: GrantContext
  readonly terms: Lifetime.Terms
  readonly policy: Policy
  readonly store: SessionStore
  /** How long a holder counts without another word of it, in milliseconds. */
  readonly holdFor: number
  readonly telemetry: Telemetry
}

/** Makes the telemetry of an API's sessions, in the context that it reports to. */
export type MakeTelemetry = (api: string, scheme: string, services: Context.Context<never>) => Telemetry

const sameServices = (a: Context.Context<never>, b: Context.Context<never>): boolean => {
  if (a === b) return true
  if (a.mapUnsafe.size !== b.mapUnsafe.size) return false
  for (const [key, value] of a.mapUnsafe) if (b.mapUnsafe.get(key) !== value) return false
  return true
}

const known = new WeakMap<GrantContext, Array<Common>>()

/** The common part of a session: that of an earlier one, if all of it is the same. */
export const of = (options: Options, store: SessionStore, makeTelemetry: MakeTelemetry): Effect.Effect<Common> =>
  Effect.contextWith((all: Context.Context<never>) =>
    Effect.clockWith((clock) => {
      const services = Context.omit(Scope)(all as Context.Context<Scope>) as Context.Context<never>
      const { context, grant, policy } = options
      const terms = Lifetime.terms(context.description, grant.signIn, grant.refresh !== undefined)
      const list = known.get(context) ?? []
      const found = list.find(
        (one) =>
          one.policy === policy &&
          one.store === store &&
          one.terms.signIn === terms.signIn &&
          one.terms.refreshable === terms.refreshable &&
          one.clock === clock &&
          sameServices(one.services, services)
      )
      if (found !== undefined) return Effect.succeed(found)
      const made: Common = {
        services,
        clock,
        timers: Timers.of(clock),
        runFork: Effect.runForkWith(services),
        context,
        terms,
        policy,
        store,
        holdFor: store.shared ? Duration.toMillis(policy.heartbeat) * 3 : Number.POSITIVE_INFINITY,
        telemetry: makeTelemetry(options.contract.name, options.schemeName, services)
      }
      // A program has few of them; one that makes a new policy for each session has as many as sessions, and shares none.
      known.set(context, [made, ...list].slice(0, 4))
      return Effect.succeed(made)
    })
  )

/** Whether a grant's session can ever change. */
export const isFixed = (grant: Grant): boolean => grant.signIn === "never" && grant.refresh === undefined
