/**
 * A world of its own for a simulation: virtual time, and a scheduler that picks by a seed which of the runnable fibers goes
 * next. Nothing in it touches the event loop, so that ten thousand runs take seconds, and the same seed gives the same run.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import { Scheduler } from "effect/Scheduler"
import { type Timer, Timers } from "./timers.ts"

/** Mulberry32: small, and good enough to choose with. */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A process: its clock may be wrong, it may stand still for a while, and it may die. */
export class Machine {
  readonly name: string
  /** How far its wall clock is ahead, in milliseconds. */
  ahead = 0
  pausedUntil = 0
  dead = false
  /** When something last went wrong for it. */
  troubledAt = -1
  /** What its fibers run in, once there are any. */
  context: Context.Context<never> | undefined

  constructor(name: string) {
    this.name = name
  }
}

/** So much may happen at one moment. */
const BUSY = 500_000

export class World {
  readonly random: () => number
  /** Milliseconds since the world began. */
  time = 0
  /** One line an event; kept only by a world that is asked to: most runs are read by nobody. */
  readonly trace: Array<string> = []
  private readonly tracing: boolean
  private readonly tasks: Array<() => void> = []
  /** Whose task it is, at the same place. */
  private readonly owners: Array<Machine> = []
  private readonly timers = new Timers()
  private order = 0

  constructor(seed: number, tracing = false) {
    this.random = randomFrom(seed)
    this.tracing = tracing
  }

  static readonly EPOCH = 1_700_000_000_000

  now(): number {
    return World.EPOCH + this.time
  }

  say(who: string, what: () => string): void {
    if (this.tracing) this.trace.push(`${(this.time / 1000).toFixed(3).padStart(9)} ${who.padEnd(7)} ${what()}`)
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  between(low: number, high: number): number {
    return Math.floor(low + this.random() * (high - low))
  }

  pick<A>(from: ReadonlyArray<A>): A {
    return from[Math.floor(this.random() * from.length)] as A
  }

  /** How many timers wait: none may be left when everything is closed. */
  waiting(): number {
    return this.timers.waiting()
  }

  /** Runs `run` after so much time; a dead machine never gets there, a paused one when it goes on. */
  after(millis: number, owner: Machine | undefined, run: () => void): Timer {
    const timer = { at: this.time + Math.max(0, Math.ceil(millis)), order: this.order++, owner, run }
    this.timers.push(timer)
    return timer
  }

  sleep(millis: number, owner?: Machine): Effect.Effect<void> {
    if (millis === Number.POSITIVE_INFINITY) return Effect.never
    return Effect.callback<void>((resume) => {
      const timer = this.after(millis, owner, () => resume(Effect.void))
      return Effect.sync(() => {
        timer.run = undefined
      })
    })
  }

  /** What a fiber of this machine runs in. Its fibers never go on once it is dead. */
  contextOf(machine: Machine): Context.Context<never> {
    machine.context ??= this.makeContext(machine)
    return machine.context
  }

  private makeContext(machine: Machine): Context.Context<never> {
    const wall = () => this.now() + machine.ahead
    const monotonic = () => BigInt(Math.round(this.time)) * 1_000_000n
    const clock: Clock.Clock = {
      currentTimeMillisUnsafe: wall,
      currentTimeMillis: Effect.sync(wall),
      currentTimeNanosUnsafe: () => BigInt(wall()) * 1_000_000n,
      currentTimeNanos: Effect.sync(() => BigInt(wall()) * 1_000_000n),
      monotonicTimeNanosUnsafe: monotonic,
      monotonicTimeNanos: Effect.sync(monotonic),
      sleep: (duration) => this.sleep(Duration.toMillis(duration), machine)
    }
    const scheduler: Scheduler = {
      executionMode: "async",
      shouldYield: (fiber) => fiber.currentOpCount >= 2048,
      makeDispatcher: () => ({
        scheduleTask: (task) => this.ready(machine, task),
        flush: () => this.settle()
      })
    }
    return Context.make(Clock.Clock, clock).pipe(
      Context.add(Scheduler, scheduler),
      // Ten thousand runs have a lot to say, and nobody listens.
      Context.add(References.MinimumLogLevel, "None"),
      Context.add(References.TracerEnabled, false)
    ) as Context.Context<never>
  }

  /** Runs every fiber that can run, in an order that the seed chooses. */
  settle(): void {
    const { owners, tasks } = this
    for (let steps = 0; tasks.length > 0; steps++) {
      if (steps > BUSY) throw new Error("The world does not come to rest: something spins.")
      const at = tasks.length === 1 ? 0 : Math.floor(this.random() * tasks.length)
      const task = tasks[at] as () => void
      const owner = owners[at] as Machine
      tasks[at] = tasks[tasks.length - 1] as () => void
      owners[at] = owners[owners.length - 1] as Machine
      tasks.pop()
      owners.pop()
      if (owner.dead) continue
      if (owner.pausedUntil > this.time) this.after(owner.pausedUntil - this.time, owner, task)
      else task()
    }
  }

  /** Lets time pass. */
  advance(millis: number): void {
    const until = this.time + millis
    for (let steps = 0; ; ) {
      this.settle()
      const timer = this.timers.next()
      if (timer === undefined || timer.at > until) break
      this.timers.pop()
      const { owner, run } = timer
      if (run === undefined || owner?.dead === true) continue
      steps = timer.at > this.time ? 0 : steps + 1
      if (steps > BUSY) throw new Error("Time does not get on: something spins.")
      this.time = Math.max(this.time, timer.at)
      if (owner !== undefined && owner.pausedUntil > this.time) {
        timer.at = owner.pausedUntil
        timer.order = this.order++
        this.timers.push(timer)
        continue
      }
      timer.run = undefined
      run()
    }
    this.time = until
    this.settle()
  }

  private ready(machine: Machine, task: () => void): void {
    this.tasks.push(task)
    this.owners.push(machine)
  }
}
