/** Whether sessions that come and go leave anything that grows. */
import { churn, type Residue } from "./churn.ts"

/** Bytes of the heap that a session may leave: less than its smallest object. */
const TOLERANCE = 16
/** Bytes by which a heap differs from itself; what leaks comes to more in time. */
const NOISE = 500_000

const median = (numbers: ReadonlyArray<number>): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0

/** Opens and closes so many sessions, prints what is left as it goes on, and gives what grew. */
export const opensAndCloses = async (opens: number): Promise<ReadonlyArray<string>> => {
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
  if (quarter === 0) return grown
  const growth = median(heap.slice(-quarter)) - median(heap.slice(quarter, 2 * quarter))
  const each = growth / (every * 2.5 * quarter)
  console.log(`heap: ${each.toFixed(1)} bytes a session`)
  return [
    ...grown,
    ...(each > TOLERANCE && growth > NOISE ? [`the heap grows by ${each.toFixed(1)} bytes a session`] : []),
    ...(live > 0 ? [`${live} sessions are left on the server`] : [])
  ]
}
