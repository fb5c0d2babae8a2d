/**
 * What falls due, all sessions of a clock together: one sleep for the next of them, however many wait. It keeps no process
 * alive.
 */
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Background from "./background.ts"

/** Something that falls due. The two fields are the timers' own. */
export interface Timed {
  /** On the monotonic clock, in milliseconds. */
  due: number
  /** Where it is in the heap; -1 while it does not wait. */
  place: number
  readonly onDue: () => void
}

type RunFork = (effect: Effect.Effect<void>) => Fiber.Fiber<void>

/** Milliseconds on a clock that nobody sets: how long something has lasted is not for the wall clock to say. */
export const elapsed = (clock: Clock): number => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)

/** The timers of one clock: a heap, the next to fall due first. */
export class Timers {
  private readonly heap: Array<Timed> = []
  private readonly clock: Clock
  private sleeper: Fiber.Fiber<void> | undefined
  /** When the sleeper wakes. */
  private wakes = Number.POSITIVE_INFINITY
  private turns = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Has `timed` fall due after so many milliseconds, instead of when it would have. */
  set(timed: Timed, delay: number, runFork: RunFork): void {
    this.cancel(timed)
    timed.due = elapsed(this.clock) + delay
    timed.place = this.heap.push(timed) - 1
    this.rise(timed.place)
    if (timed.due < this.wakes) this.sleep(runFork)
  }

  cancel(timed: Timed): void {
    const { place } = timed
    if (place < 0) return
    timed.place = -1
    const last = this.heap.pop() as Timed
    if (last !== timed) {
      this.put(last, place)
      this.rise(place)
      this.sink(last.place)
    }
    // Nothing waits: neither does the sleeper. Otherwise it may wake for nothing, once.
    if (this.heap.length > 0) return
    this.sleeper?.interruptUnsafe()
    this.sleeper = undefined
    this.wakes = Number.POSITIVE_INFINITY
  }

  private sleep(runFork: RunFork): void {
    const turn = ++this.turns
    this.sleeper?.interruptUnsafe()
    this.sleeper = undefined
    const [next] = this.heap
    this.wakes = next?.due ?? Number.POSITIVE_INFINITY
    if (next === undefined) return
    const nap = Math.max(0, next.due - elapsed(this.clock))
    const sleeper = runFork(
      Effect.andThen(
        Background.sleep(nap),
        Effect.sync(() => this.wake(runFork))
      )
    )
    // A clock may end a sleep at once, and the next one has then begun in there.
    if (turn === this.turns) this.sleeper = sleeper
  }

  private wake(runFork: RunFork): void {
    this.sleeper = undefined
    this.wakes = Number.NEGATIVE_INFINITY
    for (;;) {
      const [next] = this.heap
      if (next === undefined || next.due > elapsed(this.clock)) break
      this.cancel(next)
      next.onDue()
    }
    this.sleep(runFork)
  }

  private put(timed: Timed, place: number): void {
    this.heap[place] = timed
    timed.place = place
  }

  private rise(from: number): void {
    const timed = this.heap[from] as Timed
    let at = from
    while (at > 0) {
      const parent = this.heap[(at - 1) >> 1] as Timed
      if (parent.due <= timed.due) break
      this.put(parent, at)
      at = (at - 1) >> 1
    }
    this.put(timed, at)
  }

  private sink(from: number): void {
    const { heap } = this
    const timed = heap[from] as Timed
    let at = from
    for (;;) {
      const left = 2 * at + 1
      const child =
        heap[left + 1] !== undefined && (heap[left + 1] as Timed).due < (heap[left] as Timed).due ? left + 1 : left
      const below = heap[child]
      if (below === undefined || below.due >= timed.due) break
      this.put(below, at)
      at = child
    }
    this.put(timed, at)
  }
}

const known = new WeakMap<Clock, Timers>()

/** The timers of a clock. */
export const of = (clock: Clock): Timers => {
  const found = known.get(clock) ?? new Timers(clock)
  known.set(clock, found)
  return found
}
