import { assert, describe, it } from "@effect/vitest"
import { churn, type Residue } from "./chaos/churn.ts"

describe("two thousand sessions that come and go", () => {
  it("leave no timer, listener, series, fiber or session behind (I8)", { timeout: 60_000 }, async () => {
    const looks: Array<Residue> = []
    const live = await churn(2000, { together: 50, every: 500, look: (residue) => looks.push(residue) })
    assert.strictEqual(looks.length, 4)
    const [first] = looks as [Residue]
    for (const { fibers, resources, series, subscriptions } of looks) {
      assert.deepStrictEqual({ fibers, series, subscriptions }, { fibers: 0, series: first.series, subscriptions: 0 })
      // The test runner has a few of its own.
      assert.isBelow(resources, first.resources + 50)
    }
    assert.strictEqual(live, 0)
  })
})
