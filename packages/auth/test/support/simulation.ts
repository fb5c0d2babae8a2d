/**
 * One schedule: a few processes that share a store and an account, a server that loses answers, strangers, crashes,
 * pauses and clocks that jump, all chosen by a seed; and the invariants of the design, judged by what the server and the
 * store saw.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { type GrantFailure, GrantUnavailable } from "../../src/Grant.ts"
import * as Session from "../../src/Session.ts"
import { isSessionError, StoreUnavailable } from "../../src/SessionError.ts"
import type { SessionRecord } from "../../src/SessionRecord.ts"
import * as SessionStore from "../../src/SessionStore.ts"
import { Authority, type Operation, type Pair } from "./authority.ts"
import { optionsOf, tokenOf } from "./fixture.ts"
import { Machine, World } from "./world.ts"

/** What may go wrong in a schedule. */
export interface Weather {
  /** Answers lost before or after the server did its work, 5xx, 429, refused connections. */
  readonly server: boolean
  /** Store calls that fail, before or after they happened. */
  readonly store: boolean
  readonly crashes: boolean
  /** Processes that stand still longer than a lease lasts. */
  readonly pauses: boolean
  readonly strangers: boolean
  readonly clocks: boolean
}

export const calm: Weather = {
  server: false,
  store: false,
  crashes: false,
  pauses: false,
  strangers: false,
  clocks: false
}

export interface Plan {
  readonly weather: Weather
  readonly signIn: "headless" | "interactive"
  readonly grace: number
  readonly limit: number
  /** A store with a mistake planted in it. */
  readonly broken?: (store: SessionStore.SessionStore, world: World) => SessionStore.SessionStore
}

/** What a seed stands for when nothing else is said. */
export const planOf = (seed: number): Plan => {
  const world = new World(seed ^ 0x5bd1e995)
  const some = () => world.chance(0.4)
  const weather: Weather = world.chance(0.2)
    ? calm
    : { server: some(), store: some(), crashes: some(), pauses: some(), strangers: some(), clocks: some() }
  return {
    weather,
    signIn: world.chance(0.3) ? "interactive" : "headless",
    grace: world.chance(0.25) ? 20_000 : 0,
    limit: world.chance(0.7) ? 1 : 3
  }
}

const LIFE = 90_000
const DEADLINE = 3000
const KEY_POLICY = {
  renewal: { margin: "10 seconds", fraction: 0.2, jitter: 0.25 },
  deadline: { signIn: DEADLINE, refresh: DEADLINE, signOut: 4000, lease: "20 seconds" },
  coolDown: "2 seconds",
  displacement: { budget: 3, window: "1 minute", backOff: "1 second" },
  heartbeat: "20 seconds"
} as const

export interface Outcome {
  readonly violations: ReadonlyArray<string>
  readonly trace: ReadonlyArray<string>
  readonly signIns: number
  readonly refreshes: number
  readonly requests: number
}

class Lost extends Error {}

/** Runs one schedule and says which invariants it broke. */
export const run = (seed: number, plan: Plan = planOf(seed)): Outcome => {
  const world = new World(seed)
  const { weather } = plan
  const headless = plan.signIn === "headless"
  const violations: Array<string> = []
  const violate = (what: string) => {
    world.say("!!", what)
    violations.push(what)
  }
  const authority = new Authority({ limit: plan.limit, life: LIFE, grace: plan.grace })
  authority.onEntry = (kind, token) => world.say("server", `${kind} ${token}`)
  const serverNow = Effect.sync(() => world.now())
  let troubled = true
  /** Everything that a sign-in may be owed to. */
  let excuses = 0
  const excuse = (who: string, what: string, weight = 1) => {
    excuses += weight
    world.say(who, what)
  }

  // The store: one for all, on the world's own clock, each call with a way there and back.
  const memory = SessionStore.memory()
  const storeMachine = new Machine("store")
  const storeContext = world.contextOf(storeMachine)
  const inStore = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provide(effect, storeContext)
  let stored: SessionRecord = { version: 0, generation: 0 }
  const leases = new Map<string, { readonly machine: Machine; until: number }>()
  const known = new Set<string>()
  const unsaved = new Set<string>()
  const honest: SessionStore.SessionStore = {
    ...memory,
    shared: true,
    read: (key) => inStore(memory.read(key)),
    write: (key, next) => inStore(memory.write(key, next)),
    acquire: (key, owner, ttl) => inStore(memory.acquire(key, owner, ttl)),
    hold: (key, holder, ttl) => inStore(memory.hold(key, holder, ttl)),
    leave: (key, holder, end) => inStore(memory.leave(key, holder, end))
  }
  const shared = plan.broken === undefined ? honest : plan.broken(honest, world)

  const storeOf = (machine: Machine): SessionStore.SessionStore => {
    const through = <A>(name: string, effect: Effect.Effect<A, StoreUnavailable>): Effect.Effect<A, StoreUnavailable> =>
      Effect.suspend(() => {
        if (machine.dead) return Effect.never
        const fails = troubled && weather.store && world.chance(0.02)
        const late = fails && world.chance(0.5)
        const fail = Effect.suspend(() => {
          excuse(machine.name, `store.${name} failed ${late ? "after it happened" : "before it happened"}`, 2)
          return Effect.fail(new StoreUnavailable({ message: `${name} failed` }))
        })
        const there = world.chance(0.5) ? Effect.void : world.sleep(world.between(1, 60), machine)
        const back = world.chance(0.7) ? Effect.void : world.sleep(world.between(1, 60), machine)
        return Effect.andThen(there, () =>
          machine.dead
            ? Effect.never
            : fails && !late
              ? fail
              : Effect.flatMap(effect, (value) =>
                  Effect.andThen(back, () => (machine.dead ? Effect.never : fails ? fail : Effect.succeed(value)))
                )
        )
      })
    return {
      shared: true,
      read: (key) => through("read", shared.read(key)),
      write: (key, next) =>
        Effect.tapError(
          through(
            "write",
            Effect.suspend(() => {
              const before = stored
              return Effect.map(shared.write(key, next), (done) => {
                if (done) {
                  stored = next
                  if (next.generation < before.generation) violate("I10: a write took the generation back")
                  if (next.generation > before.generation) {
                    // Only the last one to write its marker may store what came of it.
                    const owner = before.marker === undefined ? undefined : leases.get(before.marker.owner)?.machine
                    if (owner !== machine && !unsaved.has(next.tokens ? Redacted.value(next.tokens.accessToken) : "")) {
                      violate(`I10: ${machine.name} stored tokens over the marker of ${owner?.name ?? "nobody"}`)
                    }
                  }
                  if (next.tokens !== undefined) known.add(Redacted.value(next.tokens.accessToken))
                  world.say(
                    machine.name,
                    `wrote v${next.version} g${next.generation}${next.marker ? ` marker ${next.marker.operation}#${next.marker.attempt}` : ""}${next.tokens ? "" : " no tokens"}`
                  )
                } else world.say(machine.name, `write v${next.version} refused`)
                return done
              })
            })
          ),
          () => Effect.sync(() => void unsaved.add(next.tokens ? Redacted.value(next.tokens.accessToken) : ""))
        ),
      acquire: (key, owner, ttl) =>
        through(
          "acquire",
          Effect.map(shared.acquire(key, owner, ttl), (done) => {
            if (done) {
              leases.set(owner, { machine, until: world.time + ttl })
              world.say(machine.name, `leased as ${owner.slice(0, 4)}`)
            }
            return done
          })
        ),
      release: (key, owner) =>
        through(
          "release",
          Effect.tap(shared.release(key, owner), () =>
            Effect.sync(() => {
              const lease = leases.get(owner)
              if (lease !== undefined) lease.until = Math.min(lease.until, world.time)
            })
          )
        ),
      subscribe: (key, wake) =>
        shared.subscribe(key, () => {
          // Word of a change travels, and gets lost.
          if (!world.chance(0.1)) world.after(world.between(0, 100), machine, wake)
        }),
      hold: (key, holder, ttl) => through("hold", shared.hold(key, holder, ttl)),
      leave: (key, holder, end) =>
        through(
          "leave",
          Effect.tap(shared.leave(key, holder, end), () =>
            Effect.map(honest.read(key), (record) => {
              stored = record
            })
          )
        )
    }
  }

  // The wire to the server.
  interface Flying {
    readonly machine: Machine
    readonly operation: Operation
  }
  const flying = new Set<Flying>()
  const late = new Set<number>()
  const leaseOf = (machine: Machine): number =>
    Math.max(0, ...[...leases.values()].filter((lease) => lease.machine === machine).map(({ until }) => until))
  /** Trouble strikes where it hurts: while a call is out. The others go on meanwhile. */
  const hinder = (machine: Machine): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (!troubled || machine.dead) return Effect.void
      if (weather.crashes && world.chance(0.04)) {
        machine.dead = true
        // What it had asked for may still be under way, and its tokens die with it.
        excuse(machine.name, "crashes in a call", 2)
        hurry(30_000)
      } else if (weather.pauses && world.chance(0.12)) {
        // A little longer than its lease: it wakes while its successor is at work.
        const pause = world.between(7000, 13_000)
        machine.pausedUntil = world.time + pause
        excuse(machine.name, `stands still for ${pause} ms in a call`, 2)
        if (world.chance(0.5)) stranger()
        hurry(pause)
        return world.sleep(0, machine)
      }
      return Effect.void
    })
  const stranger = () => {
    excuse("server", "a stranger signs in")
    authority.stranger(world.now())
  }
  /** Requests from everybody for a while. */
  const hurry = (millis: number) => {
    for (const process of processes) {
      for (let i = 0; i < 3; i++) world.after(world.between(0, millis), undefined, () => request(process, false))
    }
  }
  const wireOf =
    (machine: Machine) =>
    (operation: Operation) =>
    (committing: Effect.Effect<Pair, GrantFailure>): Effect.Effect<Pair, GrantFailure> =>
      Effect.suspend(() => {
        if (machine.dead) return Effect.never
        const commit = Effect.suspend(() => {
          // What arrives after its sender's lease has run out is beyond anybody's control.
          if (operation === "refresh" && leaseOf(machine) <= world.time) late.add(authority.log.length)
          return committing
        })
        const flight: Flying = { machine, operation }
        if (operation !== "signOut") {
          for (const other of flying) {
            // I2: a lease keeps others out, unless it has run out under its holder.
            if (other.machine !== machine && leaseOf(other.machine) > world.time) {
              violate(`I2: ${machine.name} calls ${operation} while ${other.machine.name} is at it under its lease`)
            }
          }
          flying.add(flight)
        }
        world.say(machine.name, `calls ${operation}`)
        const unavailable = (ambiguous: boolean, status?: number) =>
          Effect.fail(new GrantUnavailable({ ambiguous, status, message: `${operation} got no answer` }))
        const draw = troubled && weather.server ? world.random() : 1
        const there = Effect.andThen(hinder(machine), world.sleep(world.between(20, 800)))
        // The answer may be waiting in the socket of a process that stands still.
        const back = Effect.andThen(world.sleep(world.between(20, 800), machine), hinder(machine))
        const exchange: Effect.Effect<Pair, GrantFailure> =
          draw < 0.05
            ? Effect.andThen(there, () => {
                excuse(machine.name, `${operation} lost before the server`)
                return unavailable(true)
              })
            : draw < 0.12
              ? Effect.andThen(there, Effect.exit(commit)).pipe(
                  Effect.andThen(() => {
                    excuse(machine.name, `${operation} done, answer lost`)
                    return Effect.andThen(back, unavailable(true, draw < 0.09 ? 504 : undefined))
                  })
                )
              : draw < 0.15
                ? Effect.andThen(there, unavailable(false, 429))
                : draw < 0.18
                  ? unavailable(false)
                  : Effect.andThen(there, Effect.exit(commit)).pipe(
                      Effect.flatMap((exit) =>
                        Effect.andThen(back, () =>
                          machine.dead ? Effect.never : (exit as Effect.Effect<Pair, GrantFailure>)
                        )
                      )
                    )
        const slow = Effect.andThen(world.sleep(DEADLINE, machine), () => {
          excuse(machine.name, `${operation} took too long`)
          return unavailable(true)
        })
        return Effect.ensuring(
          Effect.raceFirst(exchange, slow),
          Effect.sync(() => void flying.delete(flight))
        )
      })

  // The programs.
  let requests = 0
  const failures: Array<string> = []
  const known401 = (machine: Machine, session: Session.Session) =>
    Effect.gen(function* () {
      requests++
      const send = (token: string) =>
        Effect.andThen(
          world.sleep(world.between(5, 300), machine),
          Effect.sync(() => {
            if (!known.has(token) && !unsaved.has(token))
              violate(`I3: ${machine.name} used ${token} before it was stored`)
            return authority.use(world.now(), token)
          })
        )
      const first = session.credentialUnsafe() ?? (yield* session.credential)
      if ((yield* send(tokenOf(first))) === 200) return 200 as const
      const second = yield* session.renew(first)
      const status = yield* send(tokenOf(second))
      if (status === 200) return status
      // Others may have renewed again meanwhile; a person's program would simply try once more.
      const third = yield* session.renew(second)
      return yield* send(tokenOf(third))
    })

  interface Process {
    readonly machine: Machine
    readonly scope: Scope.Closeable
    session: Session.Session | undefined
    closing: Fiber.Fiber<unknown> | undefined
    failed: boolean
  }
  const processes: Array<Process> = []
  let closedByLast = 0
  let jumped = 0

  const start = () => {
    const machine = new Machine(`p${processes.length + 1}`)
    // Clocks of machines that share a store are a little apart; a jump moves them together.
    if (weather.clocks) machine.ahead = jumped + world.between(-2000, 2000)
    const context = world.contextOf(machine)
    const scope = Effect.runSync(Scope.make())
    const process: Process = { machine, scope, session: undefined, closing: undefined, failed: false }
    processes.push(process)
    world.say(machine.name, "starts")
    const options = optionsOf(authority, {
      signIn: plan.signIn,
      now: serverNow,
      wire: wireOf(machine),
      store: storeOf(machine),
      policy: KEY_POLICY,
      description: {
        refresh: { method: "POST", path: "/token", reuse: plan.grace > 0 ? { grace: "PT20S" } : "never" },
        limit: { sessions: plan.limit, onExcess: "evict-oldest" }
      },
      onEvent: (event) => {
        world.say(machine.name, event._tag === "RenewalFailed" ? `RenewalFailed ${event.error._tag}` : event._tag)
      }
    })
    Effect.runForkWith(context)(
      Effect.andThen(Effect.exit(Scope.provide(Session.make(options), scope)), (exit) =>
        Effect.sync(() => {
          if (Exit.isSuccess(exit)) process.session = exit.value
          else {
            process.failed = true
            world.say(machine.name, "could not open")
            process.closing = Effect.runForkWith(context)(Scope.close(scope, Exit.void))
          }
        })
      )
    )
    return process
  }

  const request = (process: Process, expected: boolean) => {
    const { machine, session } = process
    if (session === undefined || machine.dead || process.closing !== undefined) return
    const context = world.contextOf(machine)
    const fiber = Effect.runForkWith(context)(
      Effect.exit(known401(machine, session)).pipe(
        Effect.andThen((exit) =>
          Effect.sync(() => {
            if (process.closing !== undefined || machine.dead) return
            if (Exit.isSuccess(exit) && exit.value === 200) return
            const why = Exit.isSuccess(exit)
              ? "401"
              : exit.cause.reasons
                  .map((reason) =>
                    reason._tag === "Fail" && isSessionError(reason.error) ? reason.error._tag : reason._tag
                  )
                  .join()
            if (why === "Interrupt") return
            world.say(machine.name, `request failed: ${why}`)
            if (expected) failures.push(`${machine.name} ${why}`)
          })
        )
      )
    )
    if (world.chance(0.15)) world.after(world.between(0, 1500), undefined, () => fiber.interruptUnsafe())
  }

  const close = (process: Process) => {
    if (process.closing !== undefined || process.machine.dead) return
    world.say(process.machine.name, "closes")
    process.closing = Effect.runForkWith(world.contextOf(process.machine))(Scope.close(process.scope, Exit.void))
  }

  const strictly = Object.values(weather).every((bad) => !bad)
  const alive = () => processes.filter(({ closing, machine }) => !machine.dead && closing === undefined)

  const happen = () => {
    const living = alive()
    const draw = world.random()
    if (living.length === 0 || (draw < 0.05 && processes.length < 6)) return void start()
    const process = living[Math.floor(world.random() * living.length)] as Process
    if (draw < 0.6) {
      const times = world.chance(0.2) ? 5 : 1
      for (let i = 0; i < times; i++) request(process, strictly)
    } else if (draw < 0.64) close(process)
    else if (draw < 0.68 && weather.crashes) {
      process.machine.dead = true
      // What it had asked for may still be under way, and its tokens die with it.
      excuse(process.machine.name, "crashes", 2)
    } else if (draw < 0.72 && weather.pauses) {
      process.machine.pausedUntil = world.time + world.between(4000, 30_000)
      excuse(process.machine.name, "stands still", 2)
    } else if (draw < 0.75 && weather.strangers) {
      stranger()
    } else if (draw < 0.79 && weather.clocks) {
      const by = world.between(-3_600_000, 3_600_000)
      jumped += by
      for (const { machine } of processes) machine.ahead += by
      // Tokens are judged by the wall clock: a jump makes a good one look dead.
      excuse("clocks", `jump by ${by} ms`)
    }
  }

  const random = Math.random
  Math.random = world.random
  const { getRandomValues } = crypto
  crypto.getRandomValues = (array) => {
    const bytes = array as unknown as Uint8Array
    for (let i = 0; i < bytes.length; i++) bytes[i] = world.random() * 256
    return array
  }
  try {
    const first = world.between(1, 4)
    for (let i = 0; i < first; i++) start()
    const steps = world.between(8, 30)
    for (let step = 0; step < steps; step++) {
      world.advance(world.chance(0.15) ? world.between(20_000, LIFE * 1.3) : world.between(0, 8000))
      happen()
    }
    // The weather clears; after a while everything that is still open has to work.
    troubled = false
    world.say("", "-- the weather clears")
    world.advance(150_000)
    for (const process of alive()) {
      if (process.session === undefined) {
        if (headless) violate(`I8: ${process.machine.name} neither opened nor failed`)
        continue
      }
      const { machine, session } = process
      let answer: string | undefined
      Effect.runForkWith(world.contextOf(machine))(
        Effect.exit(known401(machine, session)).pipe(
          Effect.andThen((exit) =>
            Effect.sync(() => {
              answer = Exit.isSuccess(exit)
                ? String(exit.value)
                : exit.cause.reasons
                    .map((r) => (r._tag === "Fail" && isSessionError(r.error) ? r.error._tag : r._tag))
                    .join()
            })
          )
        )
      )
      world.advance(25_000)
      if (answer === undefined) violate(`I8: a request of ${machine.name} never ended`)
      else if (answer !== "200" && (headless || answer !== "SessionLost")) {
        violate(`I4: in good weather a request of ${machine.name} ended in ${answer}`)
      }
    }
    for (const failure of failures) violate(`I4: in good weather a request failed: ${failure}`)
    for (const process of processes) close(process)
    world.advance(30_000)
    closedByLast = authority.count("signOut")
    for (const { closing, machine } of processes) {
      if (!machine.dead && closing?.pollUnsafe() === undefined) violate(`I8: ${machine.name} did not close`)
    }
    if (world.waiting() > 0) violate(`I8: ${world.waiting()} timers outlive every session`)
    judge()
  } catch (error) {
    violate(error instanceof Lost ? error.message : `died: ${error instanceof Error ? error.stack : String(error)}`)
  } finally {
    Math.random = random
    crypto.getRandomValues = getRandomValues
  }

  function judge() {
    // I1, by the server: how often each refresh token came.
    const came = new Map<string, number>()
    for (const [index, { kind, token }] of authority.log.entries()) {
      if (plan.grace > 0 && late.has(index)) continue
      if (kind === "refresh" || kind === "reuse") came.set(token, (came.get(token) ?? 0) + 1)
    }
    for (const [token, times] of came) {
      if (times > (headless ? 1 : 2)) violate(`I1: ${token} was redeemed ${times} times outside the grace`)
      if (times === 2 && strictly) violate(`I1: ${token} was redeemed twice though nothing went wrong`)
    }
    // I5: sign-ins are owed to the first one, to sign-outs, and to what went wrong.
    const bound = (headless ? 1 + closedByLast : processes.length) + excuses
    if (authority.count("signIn") > bound) {
      violate(
        `I5: ${authority.count("signIn")} sign-ins where ${bound} would do (${excuses} faults, ${closedByLast} sign-outs)`
      )
    }
    // With nothing gone wrong the last one out leaves no session behind.
    if (strictly && authority.live() > 0) violate("I5: a session is left on the server after the last holder left")
  }

  return {
    violations,
    trace: world.trace,
    signIns: authority.count("signIn"),
    refreshes: authority.count("refresh"),
    requests
  }
}

/** A failing schedule as text: what broke, what was planned, and what happened. */
export const explain = (seed: number, plan: Plan, outcome: Outcome): string =>
  [
    `seed ${seed}: ${outcome.violations.join("; ")}`,
    `replay it with: KEYTURN_SEED=${seed}`,
    JSON.stringify(plan),
    ...outcome.trace
  ].join("\n")
