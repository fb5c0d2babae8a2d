import { assert, describe, it } from "@effect/vitest"
import { medianWithin, quantile, ratio, summarize } from "../src/statistics.ts"

/** A list of `n` numbers between 0 and 1 that are the same every time. */
const numbers = (n: number, seed: number): ReadonlyArray<number> => {
  let state = seed
  return Array.from({ length: n }, () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  })
}

describe("statistics", () => {
  it("interpolate quantiles between neighbours, in whatever order the values come", () => {
    assert.strictEqual(quantile([4, 1, 3, 2], 0.5), 2.5)
    assert.strictEqual(quantile([5, 1, 2, 3, 4], 0.99), 4.96)
    assert.strictEqual(quantile([7], 0.99), 7)
    assert.isNaN(quantile([], 0.5))
  })

  it("sum up by median, p99, minimum and the distance of the quartiles", () => {
    assert.deepStrictEqual(summarize([10, 30, 20, 40, 50]), {
      count: 5,
      median: 30,
      p99: 49.6,
      min: 10,
      spread: 20 / 30
    })
    assert.strictEqual(summarize([0, 0, 0]).spread, 0)
  })

  it("are not moved by one wild value", () => {
    const calm = Array.from({ length: 21 }, (_, i) => 100 + i)
    assert.strictEqual(summarize([...calm.slice(1), 1e9]).median, 111)
    assert.isBelow(medianWithin([...calm.slice(1), 1e9]).high, 120)
  })

  it("hold the true median in about 95 of 100 intervals", () => {
    let held = 0
    for (let seed = 1; seed <= 1000; seed++) {
      const { high, low } = medianWithin(numbers(41, seed * 7919))
      if (low <= 0.5 && 0.5 <= high) held++
    }
    assert.isAtLeast(held, 930)
    // An interval that is never wrong would say too little.
    assert.isAtMost(held, 990)
  })

  it("compare round by round, so that what disturbs a round disturbs no ratio", () => {
    const base = numbers(25, 3).map((x) => 10 + 1000 * x)
    const twice = base.map((value) => 2 * value)
    assert.deepStrictEqual(ratio(twice, base), { value: 2, low: 2, high: 2 })
    const { high, low } = ratio(twice.slice(1), base)
    assert.isBelow(low, 2)
    assert.isAbove(high, 2)
  })
})
