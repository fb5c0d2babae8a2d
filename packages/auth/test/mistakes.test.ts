import { assert, describe, it } from "@effect/vitest"
import { mistakes } from "./simulation/mistakes.ts"
import { planOf } from "./simulation/plan.ts"
import { explain, run } from "./simulation/run.ts"

/** What gives each mistake away: the invariant that it breaks, not a crash of the simulation. */
const given: Readonly<Record<string, RegExp>> = {
  "no marker": /^I1/,
  "no re-read under the lease": /^I1/,
  "refresh anyway after a lock timeout": /^I2/,
  "a lock that covers only the write": /^I1/,
  "compare-and-set on the generation": /^I10/,
  "no compare-and-set": /^I10/,
  "release without comparing the owner": /^I2/,
  "the loser clears the winner": /^I10/
}

describe("the simulation finds each mistake that the protocol forbids", () => {
  for (const [name, broken] of Object.entries(mistakes)) {
    it(name, { timeout: 60_000 }, () => {
      const expected = given[name] as RegExp
      for (let seed = 1; seed <= 2000; seed++) {
        const plan = { ...planOf(seed), broken }
        const { violations } = run(seed, plan)
        if (violations.some((violation) => expected.test(violation))) {
          // The report leads to it again: the same seed gives the same run, step by step.
          const report = explain(seed, plan)
          assert.strictEqual(explain(seed, plan), report)
          assert.include(report, `KEYTURN_SEED=${seed}`)
          assert.include(report, violations.join("; "))
          return
        }
      }
      assert.fail(`2,000 seeds did not notice: ${name}`)
    })
  }
})
