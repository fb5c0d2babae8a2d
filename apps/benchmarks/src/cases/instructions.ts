/**
 * The hot path in instructions, counted by callgrind while the engine only interprets: the same program takes the same number on
 * a busy machine. An optimising engine makes other programs of these, so a count backs a time and does not replace it.
 */
import { fileURLToPath } from "node:url"
import type { Case, Contender, Series } from "../case.ts"
import { contenderFile } from "../prepare.ts"
import { run as runProgram } from "../process.ts"
import { exactly, judge, type Verdict } from "../verdict.ts"

const contenders: ReadonlyArray<Contender> = [
  { name: "openapi-fetch", role: "floor" },
  { name: "openapi-fetch-middleware", role: "peer" },
  { name: "keyturn", role: "ours" },
  { name: "badgateway", role: "peer" },
  { name: "hey-api", role: "peer" },
  { name: "ky", role: "peer" }
]

const program = fileURLToPath(new URL("./instructions.mjs", import.meta.url))

/** Nothing is collected, drawn or done beside the program, so that a count is the same each time. */
const engine = [
  "--jitless",
  "--single-threaded",
  "--hash-seed=1",
  "--random-seed=1",
  "--min-semi-space-size=512",
  "--max-semi-space-size=512",
  "--no-warnings"
]

const instructionsOf = async (contender: string, method: string, count: number): Promise<number> => {
  const valgrind = ["--tool=callgrind", "--callgrind-out-file=/dev/null"]
  const args = [...valgrind, process.execPath, ...engine, program, contenderFile(contender), method, String(count)]
  const { code, stderr } = await runProgram("valgrind", args, { cwd: process.cwd() })
  const [, said] = /Collected : (\d+)/.exec(stderr) ?? []
  if (code !== 0 || said === undefined)
    throw new Error(`${contender}: callgrind ended with ${code}: ${stderr.slice(-300)}`)
  return Number(said)
}

const isThere = async (): Promise<boolean> => {
  try {
    return (await runProgram("valgrind", ["--version"], { cwd: process.cwd() })).code === 0
  } catch {
    return false
  }
}

export const instructions: Case = {
  name: "instructions",
  question: "How many instructions does a call take with a valid token, in process, when the engine only interprets?",
  run: async ({ log, quick }) => {
    if (!(await isThere())) {
      return {
        series: [],
        verdicts: [],
        notes: ["valgrind is not installed: nothing was counted (apt-get install valgrind)."]
      }
    }
    const [few, many] = quick ? [100, 200] : [300, 1300]
    const series: Array<Series> = []
    const verdicts: Array<Verdict> = []
    for (const method of ["GET", "POST"]) {
      const counts = new Map<string, number>()
      for (const { name, role } of contenders) {
        log(`instructions: ${method}, ${name}`)
        // What starting takes is in both counts.
        const each =
          ((await instructionsOf(name, method, many)) - (await instructionsOf(name, method, few))) / (many - few)
        counts.set(name, each)
        const group = method === "POST" ? "POST 1 kB, in process" : "GET, in process"
        series.push({ group, metric: "instructions per call", unit: "", contender: name, role, values: [each] })
      }
      const ratio = (counts.get("keyturn") ?? Number.NaN) / (counts.get("openapi-fetch-middleware") ?? Number.NaN)
      verdicts.push(
        judge(
          { name: `${method}: keyturn to openapi-fetch + middleware`, limit: 1, tolerated: 1.02, unit: "×" },
          exactly(ratio)
        )
      )
    }
    return { series, verdicts, notes: [] }
  }
}
