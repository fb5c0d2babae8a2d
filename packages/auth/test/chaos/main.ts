/**
 * What takes too long for every run of the tests: a hundred thousand sessions that come and go, and random schedules from
 * seeds that no run has seen.
 *
 *     node packages/auth/test/chaos/main.ts [--opens 100000] [--schedules 20000] [--from SEED]
 *
 * Exits with 1 at the first thing that grows or the first schedule that breaks an invariant, which it prints.
 */
import { randomInt } from "node:crypto"
import { parseArgs } from "node:util"
import { holdFor } from "../support/schedules.ts"
import { churn, type Residue } from "./churn.ts"

const { values } = parseArgs({
  options: {
    opens: { type: "string", default: "100000" },
    schedules: { type: "string", default: "20000" },
    from: { type: "string", default: String(randomInt(10_001, 2 ** 31)) }
  }
})
const opens = Number(values.opens)
const schedules = Number(values.schedules)
const from = Number(values.from)

/** Bytes of the heap that a session may leave: less than its smallest object. */
const TOLERANCE = 16
/** Bytes by which a heap differs from itself; what leaks comes to more in time. */
const NOISE = 500_000

const median = (numbers: ReadonlyArray<number>): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0

const opensAndCloses = async (): Promise<ReadonlyArray<string>> => {
  const looks: Array<Residue> = []
  const every = Math.max(1, Math.floor(opens / 20))
  const live = await churn(opens, {
    together: 50,
    every,
    look: (residue, done) => {
      looks.push(residue)
      console.log(
        `${String(done).padStart(7)} sessions   resources ${residue.resources}   subscriptions ${residue.subscriptions}   series ${residue.series}   fibers ${residue.fibers}   heap ${(residue.heap / 1e6).toFixed(2)} MB`
      )
    }
  })
  const [first] = looks
  const last = looks.at(-1)
  if (first === undefined || last === undefined) return []
  const grown = (["resources", "subscriptions", "series", "fibers"] as const)
    .filter((name) => last[name] > first[name])
    .map((name) => `${name} grew from ${first[name]} to ${last[name]}`)
  // The first quarter warms the engine up; what leaks grows from the second to the last.
  const heap = looks.map(({ heap }) => heap)
  const quarter = Math.floor(heap.length / 4)
  const growth = median(heap.slice(-quarter)) - median(heap.slice(quarter, 2 * quarter))
  const each = growth / (every * 2.5 * quarter)
  console.log(`heap: ${each.toFixed(1)} bytes a session`)
  return [
    ...grown,
    ...(each > TOLERANCE && growth > NOISE ? [`the heap grows by ${each.toFixed(1)} bytes a session`] : []),
    ...(live > 0 ? [`${live} sessions are left on the server`] : [])
  ]
}

const leaks = await opensAndCloses()
for (const leak of leaks) console.error(leak)
if (leaks.length > 0) process.exit(1)

console.log(`${schedules} schedules from seed ${from}`)
const STEP = 1000
try {
  for (let done = 0; done < schedules; done += STEP) {
    const { renewals, requests } = holdFor(from + done, Math.min(STEP, schedules - done))
    console.log(`${String(done + STEP).padStart(7)} schedules   ${requests} requests   ${renewals} renewals`)
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
