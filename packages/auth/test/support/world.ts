/**
 * A world of its own for a schedule: virtual time, and a scheduler that picks by a seed which of the runnable fibers goes
 * next. Nothing in it touches the event loop, so that ten thousand schedules take seconds, and the same seed gives the
 * same run.
 */
import type { Clock } from "effect/Clock"
import * as ClockModule from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { MinimumLogLevel } from "effect/References"
import { Scheduler } from "effect/Scheduler"

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

interface Timer {
  readonly at: number
  readonly order: number
  readonly owner: Machine | undefined
  run: (() => void) | undefined
}

const never = Effect.never

/** A process: its clock may be wrong, it may stand still for a while, and it may die. */
export class Machine {
  readonly name: string
  /** How far its wall clock is ahead, in milliseconds. */
  ahead = 0
  pausedUntil = 0
  dead = false

  constructor(name: string) {
    this.name = name
  }
}

export class World {
  readonly random: () => number
  /** Milliseconds since the world began. */
  time = 0
  readonly trace: Array<string> = []
  private readonly tasks: Array<() => void> = []
  private readonly heap: Array<Timer> = []
  private order = 0

  constructor(seed: number) {
    this.random = randomFrom(seed)
  }

  static readonly EPOCH = 1_700_000_000_000

  now(): number {
    return World.EPOCH + this.time
  }

  say(who: string, what: string): void {
    this.trace.push(`${(this.time / 1000).toFixed(3).padStart(9)} ${who.padEnd(7)} ${what}`)
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  between(low: number, high: number): number {
    return Math.floor(low + this.random() * (high - low))
  }

  /** How many timers wait: none may be left when everything is closed. */
  waiting(): number {
    return this.heap.filter(({ owner, run }) => run !== undefined && owner?.dead !== true).length
  }

  /** Runs `run` after so much time; a dead machine never gets there, a paused one when it goes on. */
  after(millis: number, owner: Machine | undefined, run: () => void): () => void {
    const timer: Timer = { at: this.time + Math.max(0, Math.ceil(millis)), order: this.order++, owner, run }
    this.push(timer)
    return () => {
      timer.run = undefined
    }
  }

  sleep(millis: number, owner?: Machine): Effect.Effect<void> {
    if (millis === Number.POSITIVE_INFINITY) return never
    return Effect.callback<void>((resume) => {
      const cancel = this.after(millis, owner, () => resume(Effect.void))
      return Effect.sync(cancel)
    })
  }

  readonly scheduler: Scheduler = {
    executionMode: "async",
    shouldYield: (fiber) => fiber.currentOpCount >= 2048,
    makeDispatcher: () => ({
      scheduleTask: (task) => void this.tasks.push(task),
      flush: () => this.settle()
    })
  }

  /** What a fiber of this machine runs in. */
  contextOf(machine: Machine): Context.Context<never> {
    const wall = () => this.now() + machine.ahead
    const clock: Clock = {
      currentTimeMillisUnsafe: wall,
      currentTimeMillis: Effect.sync(wall),
      currentTimeNanosUnsafe: () => BigInt(wall()) * 1_000_000n,
      currentTimeNanos: Effect.sync(() => BigInt(wall()) * 1_000_000n),
      monotonicTimeNanosUnsafe: () => BigInt(Math.round(this.time)) * 1_000_000n,
      monotonicTimeNanos: Effect.sync(() => BigInt(Math.round(this.time)) * 1_000_000n),
      sleep: (duration) => this.sleep(Duration.toMillis(duration), machine)
    }
    return Context.make(ClockModule.Clock, clock).pipe(
      Context.add(Scheduler, this.scheduler),
      // Ten thousand schedules have a lot to say.
      Context.add(MinimumLogLevel, "None")
    ) as Context.Context<never>
  }

  /** Runs every fiber that can run, in an order that the seed chooses. */
  settle(): void {
    const { tasks } = this
    for (let steps = 0; tasks.length > 0; steps++) {
      if (steps > 200_000) throw new Error("The world does not come to rest: something spins.")
      const at = tasks.length === 1 ? 0 : Math.floor(this.random() * tasks.length)
      const task = tasks[at] as () => void
      tasks[at] = tasks[tasks.length - 1] as () => void
      tasks.pop()
      task()
    }
  }

  /** Lets time pass. */
  advance(millis: number): void {
    const until = this.time + millis
    for (let steps = 0; ; steps++) {
      if (steps > 200_000) throw new Error("Time does not get on: something spins.")
      this.settle()
      const timer = this.heap[0]
      if (timer === undefined || timer.at > until) break
      this.pop()
      if (timer.run === undefined || timer.owner?.dead === true) continue
      this.time = Math.max(this.time, timer.at)
      const { owner } = timer
      if (owner !== undefined && owner.pausedUntil > this.time) {
        this.push({ ...timer, at: owner.pausedUntil, order: this.order++ }, timer)
        continue
      }
      timer.run()
    }
    this.time = until
    this.settle()
  }

  private push(timer: Timer, original?: Timer): void {
    if (original !== undefined) {
      // The handle that cancels it keeps working after it was put off.
      Object.defineProperty(timer, "run", { get: () => original.run, set: (run) => (original.run = run) })
    }
    const { heap } = this
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!earlier(heap[at] as Timer, heap[parent] as Timer)) break
      swap(heap, at, parent)
      at = parent
    }
  }

  private pop(): void {
    const { heap } = this
    const last = heap.pop() as Timer
    if (heap.length === 0) return
    heap[0] = last
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= heap.length) return
      const right = left + 1
      const child = right < heap.length && earlier(heap[right] as Timer, heap[left] as Timer) ? right : left
      if (!earlier(heap[child] as Timer, heap[at] as Timer)) return
      swap(heap, at, child)
      at = child
    }
  }
}

const earlier = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

const swap = (heap: Array<Timer>, a: number, b: number): void => {
  const held = heap[a] as Timer
  heap[a] = heap[b] as Timer
  heap[b] = held
}
