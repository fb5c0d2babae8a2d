/** Runs a range of seeds and reports the first that breaks an invariant, so that it can be read and replayed. */
import { planOf } from "./plan.ts"
import { explain, run } from "./run.ts"

export interface Count {
  readonly requests: number
  readonly renewals: number
}

/** Fails with a readable trace at the first seed that breaks an invariant. */
export const holdFor = (from: number, count: number): Count => {
  const only = process.env.KEYTURN_SEED
  const first = only === undefined ? from : Number(only)
  let requests = 0
  let renewals = 0
  for (let seed = first; seed < first + (only === undefined ? count : 1); seed++) {
    const plan = planOf(seed)
    const outcome = run(seed, plan)
    if (outcome.violations.length > 0) throw new Error(explain(seed, plan))
    requests += outcome.requests
    renewals += outcome.signIns + outcome.refreshes
  }
  return { requests, renewals }
}
