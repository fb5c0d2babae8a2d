/** Chance that repeats: the same seed gives the same data set. Tokens do not come from here, they must never repeat. */

/** A source of chance. */
export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number
  /** One of the items. */
  pick<A>(items: ReadonlyArray<A>): A
  /** Whether something of this probability happens. */
  chance(probability: number): boolean
  /** The items in another order. */
  shuffle<A>(items: ReadonlyArray<A>): Array<A>
}

/** A generator of 32-bit state (the mulberry32 construction): small, fast, and good enough to make up names. */
export const makeRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    between,
    pick: (items) => {
      if (items.length === 0) throw new RangeError("pick: nothing to pick from")
      return items[between(0, items.length - 1)] as (typeof items)[number]
    },
    chance: (probability) => next() < probability,
    shuffle: (items) => {
      const out = [...items]
      for (let i = out.length - 1; i > 0; i--) {
        const j = between(0, i)
        const held = out[i] as (typeof out)[number]
        out[i] = out[j] as (typeof out)[number]
        out[j] = held
      }
      return out
    }
  }
}
