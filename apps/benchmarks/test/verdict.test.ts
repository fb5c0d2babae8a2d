import { assert, describe, it } from "@effect/vitest"
import { exactly, judge } from "../src/verdict.ts"

const bar = { name: "cost", limit: 1, tolerated: 1.02, unit: "×" }
const result = (value: number, low: number, high: number) => judge(bar, { value, low, high }).result

describe("a bar", () => {
  it("is met when the whole interval is within the limit", () => {
    assert.strictEqual(result(0.9, 0.85, 1), "met")
    assert.strictEqual(judge({ name: "calls", limit: 1, unit: "" }, exactly(1)).result, "met")
  })

  it("is missed when the whole interval is beyond what is tolerated", () => {
    assert.strictEqual(result(1.1, 1.03, 1.2), "missed")
    assert.strictEqual(judge({ name: "calls", limit: 1, unit: "" }, exactly(2)).result, "missed")
  })

  it("is within noise when the run cannot tell, or the excess is tolerated", () => {
    assert.strictEqual(result(0.99, 0.9, 1.1), "within noise")
    assert.strictEqual(result(1.01, 1.005, 1.015), "within noise")
  })

  it("is missed when nothing was measured", () => {
    assert.strictEqual(result(Number.NaN, Number.NaN, Number.NaN), "missed")
  })
})
