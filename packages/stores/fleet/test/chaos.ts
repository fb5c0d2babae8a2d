/**
 * What takes too long for every run of the tests: large fleets on every engine through every kind of fault, and the crash
 * matrix a hundred times.
 *
 *     node packages/stores/fleet/test/chaos.ts [--engine file|redis|postgres]… [--only NAME]… [--processes 16]
 *       [--requests 500] [--kills 100] [--crashes 100] [--node PATH]…
 *
 * `--node` names further executables of Node: a fleet of all of them then shares each engine too.
 * Exits with 1 when something did not hold, after everything else was tried.
 */
import { parseArgs } from "node:util"
import { measure, throughput } from "./support/cost.ts"
import { ways } from "./support/crash/client.ts"
import { crash } from "./support/crash/matrix.ts"
import { type EngineName, engineNames, places } from "./support/places.ts"
import { apiOutages, calm, engineOutages, kills, nodeVersions, pauses, wrongClocks } from "./support/scenarios.ts"

const number = (standard: number) => ({ type: "string", default: String(standard) }) as const
const names = { type: "string", multiple: true } as const
const { values } = parseArgs({
  options: {
    engine: names,
    only: names,
    processes: number(16),
    requests: number(500),
    kills: number(100),
    crashes: number(100),
    node: names
  }
})
const size = { processes: Number(values.processes), requests: Number(values.requests), pause: 80 }
const times = Number(values.kills)
const nodes = [process.execPath, ...(values.node ?? [])]
/** A process holds so many sessions for each of the matrix's places to die: a file takes one write at a time. */
const TOGETHER = { file: 5, redis: 25, postgres: 25 }
/** Milliseconds that a call may take there: none of its answers may get lost for want of time. */
const DEADLINE = 10_000

const crashes = async (engine: EngineName) => {
  const cases: Record<string, number> = {}
  for (const way of ways) {
    await using place = await places[engine]()
    const most = TOGETHER[engine]
    for (let left = Number(values.crashes); left > 0; left -= most) {
      cases[way] = (cases[way] ?? 0) + (await crash(place, way, Math.min(most, left), DEADLINE))
    }
  }
  return cases
}

const runs: Record<string, (engine: EngineName) => Promise<object>> = {
  calm: (engine) => calm(engine, size),
  "wrong-clocks": (engine) => wrongClocks(engine, size),
  kills: (engine) => kills(engine, size, { every: 300, times }),
  pauses: (engine) => pauses(engine, size, 5),
  "engine-outages": (engine) => engineOutages(engine, size, 5000),
  "api-outages": (engine) => apiOutages(engine, size, 5000),
  crashes,
  ...(nodes.length > 1 && { "node-versions": (engine) => nodeVersions(engine, size, nodes) }),
  cost: async (engine) => {
    const { median, renewal } = await measure(engine, { requests: 0, renewals: 500 })
    if (median >= 5)
      throw new Error(`lock and write took ${median.toFixed(1)} ms: quiet the machine, or mend the store`)
    return { calls: renewal.length, milliseconds: Number(median.toFixed(2)), aSecond: await throughput(engine, 20, 5) }
  }
}

for (const engine of engineNames) {
  if (values.engine !== undefined && !values.engine.includes(engine)) continue
  for (const [name, run] of Object.entries(runs)) {
    if (values.only !== undefined && !values.only.includes(name)) continue
    const from = performance.now()
    const took = () => `${((performance.now() - from) / 1000).toFixed(0)} s`
    try {
      console.log(`${engine} ${name}: ${JSON.stringify(await run(engine))} in ${took()}`)
    } catch (error) {
      console.error(`${engine} ${name}: FAILED after ${took()}:`, error instanceof Error ? error.message : error)
      process.exitCode = 1
    }
  }
}
