/**
 * What a session tells of itself beside its events: metrics, logs and spans, for whoever reads them through Effect. They
 * are labelled by API and scheme, never by account, and hold no secret. A request with a valid token touches none of them.
 *
 * `docs/observability.md` lists them all; names follow OpenTelemetry's conventions, durations are in seconds.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as LogLevel from "effect/LogLevel"
import * as Metric from "effect/Metric"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import type { SessionEvent } from "./SessionEvent.ts"

/** Whose sessions they are. */
export interface Options {
  /** The contract's name. */
  readonly api: string
  /** The scheme's name in the contract. */
  readonly scheme: string
}

/** A session that is told of. */
export interface Source {
  /** When the tokens in hand end, in milliseconds since the epoch. */
  readonly expiresAt: () => number | undefined
}

/** A call to the authorization server. */
export type Operation = "signIn" | "refresh" | "signOut"

/** Where the sessions of an API report to. */
export interface Telemetry {
  /** Counts and logs an event of a session; `Closed` is the last one. */
  readonly onEvent: (event: SessionEvent, session: Source) => void
  /**
   * Times a call and puts a span around it. A call in the background belongs to no request: its span is a root, also where
   * the session was opened within one that ended long ago.
   */
  readonly call: <A, E extends { readonly _tag: string }, R>(
    operation: Operation,
    background: boolean,
    effect: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
  /** Puts on record how long a caller waited for a renewal, in milliseconds. */
  readonly waited: (milliseconds: number) => void
}

/** Seconds: OpenTelemetry's boundaries for HTTP clients, and two more, for deadlines are longer here. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60]

const GAUGE = "keyturn.session.time_to_expiry"

/** What is left of the tokens in hand, by registry and labels: sessions of several accounts share the labels. */
const expiries = new WeakMap<Metric.MetricRegistry, Map<string, Set<Source>>>()

/**
 * Makes the telemetry of an API's sessions. It reports to the metric registry and the loggers of the context that it is made in.
 */
export const make = ({ api, scheme }: Options): Effect.Effect<Telemetry> =>
  Effect.contextWith((context: Context.Context<never>) => Effect.succeed(makeUnsafe(api, scheme, context)))

/** The same for a context that is at hand. */
export const makeUnsafe = (api: string, scheme: string, context: Context.Context<never>): Telemetry => {
  const clock = Context.get(context, Clock.Clock)
  const labels = { "keyturn.api": api, "keyturn.scheme": scheme }
  const timed = { ...labels, unit: "seconds" }
  const registry = Context.get(context, Metric.MetricRegistry)
  const counter = (name: string, description: string) =>
    Metric.counter(`keyturn.session.${name}`, { description, incremental: true, attributes: labels })
  const counters: Partial<Record<SessionEvent["_tag"], Metric.Counter<number>>> = {
    SignedIn: counter("sign_ins", "Sign-ins that gave tokens."),
    Refreshed: counter("refreshes", "Refreshes that gave tokens."),
    Adopted: counter("adoptions", "Tokens taken over from the store, where somebody else had put them."),
    SignedOut: counter("sign_outs", "Sessions ended on the server."),
    Displaced: counter("displacements", "Sessions that the server ended before their time.")
  }
  const failures = counter("failures", "Renewals, store calls and sign-outs that failed, by the kind of error.")
  const wait = Metric.histogram("keyturn.session.wait.duration", {
    description: "How long a caller waited for a renewal.",
    attributes: timed,
    boundaries
  })
  const duration = Metric.histogram("keyturn.session.call.duration", {
    description: "How long one sign-in, refresh or sign-out took, failed ones included.",
    attributes: timed,
    boundaries
  })

  // The gauge is read when somebody looks: a value written at the renewal would stand still from then on.
  const series = `${GAUGE}|${api}|${scheme}`
  const left = (session: Source): number => {
    const at = session.expiresAt()
    return at === undefined ? Number.POSITIVE_INFINITY : (at - clock.currentTimeMillisUnsafe()) / 1000
  }
  const show = (session: Source) => {
    const known = expiries.get(registry) ?? new Map<string, Set<Source>>()
    expiries.set(registry, known)
    const before = known.get(series)
    if (before !== undefined) return void before.add(session)
    const sessions = new Set([session])
    known.set(series, sessions)
    registry.set(series, {
      id: GAUGE,
      type: "Gauge",
      description: "Time until the tokens in hand expire, of several sessions the shortest; negative once they have.",
      attributes: timed,
      hooks: {
        get: () => ({
          value: [...sessions].reduce((least, session) => Math.min(least, left(session)), Number.POSITIVE_INFINITY)
        }),
        update: () => {},
        modify: () => {}
      }
    })
  }
  const hide = (session: Source) => {
    const sessions = expiries.get(registry)?.get(series)
    if (sessions?.delete(session) !== true || sessions.size > 0) return
    expiries.get(registry)?.delete(series)
    registry.delete(series)
  }

  const minimum = Context.get(context, References.MinimumLogLevel)
  const isRead = Context.get(context, References.CurrentLoggers).size > 0
  // A log of now belongs to no span that was open when the session was made.
  const runFork = Effect.runForkWith(Context.omit(Tracer.ParentSpan)(context) as Context.Context<never>)
  const log = (event: SessionEvent) => {
    const { _tag, at: _, generation, session, ...rest } = event
    // Nothing is above debug: a library does not write to a program's console unasked, and what a caller has to know is
    // an error of the call. What nobody reads starts no fiber.
    if (!isRead || LogLevel.isLessThan("Debug", minimum)) return
    const details = "error" in rest && typeof rest.error !== "string" ? causeOf(rest.error) : rest
    runFork(
      Effect.annotateLogs(Effect.logDebug(`keyturn: ${_tag}`), {
        "keyturn.session": session,
        "keyturn.generation": generation,
        ...details
      })
    )
  }
  const count = (event: SessionEvent) => {
    counters[event._tag]?.updateUnsafe(1, context)
    const failed = failureOf(event)
    if (failed !== undefined) Metric.withAttributes(failures, { "error.type": failed }).updateUnsafe(1, context)
  }

  return {
    onEvent: (event, session) => {
      count(event)
      if (event._tag === "Closed") hide(session)
      else if ("fingerprint" in event && event.expiresAt !== undefined) show(session)
      log(event)
    },
    call: (operation, background, effect) =>
      Effect.suspend(() => {
        const from = clock.monotonicTimeNanosUnsafe()
        return Effect.onExit(effect, (exit) =>
          Effect.sync(() => {
            Metric.withAttributes(duration, {
              "keyturn.operation": operation,
              ...(Exit.isFailure(exit) && { "error.type": tagOf(exit) })
            }).updateUnsafe(Number(clock.monotonicTimeNanosUnsafe() - from) / 1e9, context)
          })
        )
      }).pipe(Effect.withSpan(`keyturn.${operation}`, { root: background, attributes: labels })),
    waited: (milliseconds) => wait.updateUnsafe(milliseconds / 1000, context)
  }
}

const causeOf = (error: { readonly _tag: string; readonly message: string }) => ({
  "error.type": error._tag,
  error: error.message
})

/** The kind of failure that an event tells of, if any. */
const failureOf = (event: SessionEvent): string | undefined => {
  switch (event._tag) {
    case "RenewalFailed":
      return event.error._tag
    case "StoreFailed":
      return "StoreUnavailable"
    case "SignOutFailed":
      return event._tag
    default:
      return undefined
  }
}

/** The tag of what a call failed with; `_OTHER`, as OpenTelemetry has it, when it was interrupted or broke. */
const tagOf = (exit: Exit.Failure<unknown, { readonly _tag: string }>): string => {
  for (const reason of exit.cause.reasons) if (reason._tag === "Fail") return reason.error._tag
  return "_OTHER"
}
