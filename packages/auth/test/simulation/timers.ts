import type { Machine } from "./world.ts"

/** What is to happen at a time. `run` is gone once it was cancelled. */
export interface Timer {
  at: number
  /** Those of one instant go off in the order in which they were set. */
  order: number
  readonly owner: Machine | undefined
  run: (() => void) | undefined
}

const earlier = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** Timers, the next one first: a binary heap. */
export class Timers {
  private readonly heap: Array<Timer> = []

  /** How many are set and will go off. */
  waiting(): number {
    return this.heap.filter(({ owner, run }) => run !== undefined && owner?.dead !== true).length
  }

  next(): Timer | undefined {
    return this.heap[0]
  }

  push(timer: Timer): void {
    const { heap } = this
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!earlier(timer, heap[parent] as Timer)) break
      heap[at] = heap[parent] as Timer
      at = parent
    }
    heap[at] = timer
  }

  pop(): void {
    const { heap } = this
    const last = heap.pop() as Timer
    const { length } = heap
    if (length === 0) return
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= length) break
      const right = left + 1
      const child = right < length && earlier(heap[right] as Timer, heap[left] as Timer) ? right : left
      if (!earlier(heap[child] as Timer, last)) break
      heap[at] = heap[child] as Timer
      at = child
    }
    heap[at] = last
  }
}
