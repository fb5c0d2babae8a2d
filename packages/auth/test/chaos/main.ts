/**
 * What takes too long for every run of the tests: a hundred thousand sessions that come and go, and a hundred thousand
 * simulations of a fleet from seeds that no run has seen.
 *
 *     node packages/auth/test/chaos/main.ts [--opens 100000] [--seeds 100000] [--from SEED]
 *     node packages/auth/test/chaos/main.ts --seed SEED
 *
 * Exits with 1 at the first thing that grows or the first simulation that breaks an invariant, which it prints; `--seed` runs
 * one simulation and prints what happened in it, step by step.
 */
import { randomInt } from "node:crypto"
import { parseArgs } from "node:util"
import { planOf } from "../simulation/plan.ts"
import { explain, run } from "../simulation/run.ts"
import { holdFor } from "../simulation/seeds.ts"
import { opensAndCloses } from "./growth.ts"

const { values } = parseArgs({
  options: {
    opens: { type: "string", default: "100000" },
    seeds: { type: "string", default: "100000" },
    from: { type: "string", default: String(randomInt(10_001, 2 ** 31)) },
    seed: { type: "string" }
  }
})

const replay = (seed: number): boolean => {
  console.log(explain(seed, planOf(seed)))
  return run(seed, planOf(seed)).violations.length === 0
}

const simulate = (from: number, seeds: number): boolean => {
  const STEP = 1000
  const began = performance.now()
  console.log(`${seeds} simulations from seed ${from}`)
  try {
    for (let done = 0; done < seeds; done += STEP) {
      const { renewals, requests } = holdFor(from + done, Math.min(STEP, seeds - done))
      const seconds = Math.round((performance.now() - began) / 1000)
      console.log(
        `${String(Math.min(done + STEP, seeds)).padStart(7)} simulations   ${requests} requests   ${renewals} renewals   ${seconds} s`
      )
    }
    return true
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return false
  }
}

const grown = values.seed === undefined ? await opensAndCloses(Number(values.opens)) : []
for (const what of grown) console.error(what)
const held =
  grown.length === 0 &&
  (values.seed === undefined ? simulate(Number(values.from), Number(values.seeds)) : replay(Number(values.seed)))
process.exitCode = held ? 0 : 1
