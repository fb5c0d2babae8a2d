import { assert, describe, it } from "@effect/vitest"
import { mistakes } from "./support/mistakes.ts"
import { explain, planOf, run } from "./support/simulation.ts"

/** What gives each mistake away, and it alone: an invariant, not a crash of the double. */
const given: Readonly<Record<string, RegExp>> = {
  "no marker": /^I1/,
  "no re-read under the lease": /^I1/,
  "refresh anyway after a lock timeout": /^I2/,
  "compare-and-set on the generation": /^I10/,
  "no compare-and-set": /^I10/,
  "release without comparing the owner": /^I2/,
  "the loser clears the winner": /^I10/
}

describe("the schedules find each mistake that the protocol forbids", () => {
  for (const [name, broken] of Object.entries(mistakes)) {
    it(name, { timeout: 120_000 }, () => {
      const expected = given[name] as RegExp
      for (let seed = 1; seed <= 2000; seed++) {
        const plan = { ...planOf(seed), broken }
        const outcome = run(seed, plan)
        if (outcome.violations.some((violation) => expected.test(violation))) {
          // The report leads to it again: the same seed gives the same run.
          assert.deepStrictEqual(run(seed, plan).trace, outcome.trace)
          assert.include(explain(seed, plan, outcome), `KEYTURN_SEED=${seed}`)
          return
        }
      }
      assert.fail(`2,000 schedules did not notice: ${name}`)
    })
  }
})
