/** Runs a range of seeds and reports the first schedule that breaks an invariant, so that it can be read and replayed. */
import { explain, planOf, run } from "./simulation.ts"

/** Fails with a readable trace at the first seed that breaks an invariant. */
export const holdFor = (from: number, count: number): { readonly requests: number; readonly renewals: number } => {
  const only = process.env.KEYTURN_SEED
  const seeds = only === undefined ? Array.from({ length: count }, (_, i) => from + i) : [Number(only)]
  let requests = 0
  let renewals = 0
  for (const seed of seeds) {
    const plan = planOf(seed)
    const outcome = run(seed, plan)
    if (outcome.violations.length > 0) throw new Error(explain(seed, plan, outcome))
    requests += outcome.requests
    renewals += outcome.signIns + outcome.refreshes
  }
  return { requests, renewals }
}
