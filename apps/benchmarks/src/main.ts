/** `pnpm bench`. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import type { Case } from "./case.ts"
import { cases } from "./cases/index.ts"
import { chart } from "./chart.ts"
import { machine, versions } from "./machine.ts"
import { results } from "./places.ts"
import { prepare } from "./prepare.ts"
import { report } from "./report.ts"
import { type Result, resultOf } from "./result.ts"
import { columns, print } from "./table.ts"

const usage = `pnpm bench [NAME…] [--quick]    measures, prints tables and verdicts, writes apps/benchmarks/results
pnpm bench --report             makes results/report.html of the results that are there

  --quick    few rounds and small sizes: shows that everything works, not more
  --report   after measuring, or alone
  --help     this text

Cases, in this order when none is named:
${columns(cases.map(({ name, question }) => [`  ${name}`, question]).map(([name = "", question = ""]) => [name, question.padEnd(80)]))}`

const log = (line: string): void => console.error(`· ${line}`)

const measure = async (one: Case, quick: boolean): Promise<void> => {
  const before = machine()
  const start = Date.now()
  const outcome = await one.run({ quick, log })
  const result = resultOf(one, outcome, {
    quick,
    at: new Date(start).toISOString(),
    seconds: (Date.now() - start) / 1000,
    machine: before,
    versions: await versions()
  })
  writeFileSync(join(results, `${one.name}.json`), `${JSON.stringify(result, null, 2)}\n`)
  writeFileSync(join(results, `${one.name}.svg`), `${chart(result, one.chart)}\n`)
  console.log(`${print(result)}\n`)
}

const writeReport = (): void => {
  const known = new Map(cases.map(({ name }, i) => [name, i]))
  const found = readdirSync(results)
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(readFileSync(join(results, file), "utf8")) as Result)
    .sort((a, b) => (known.get(a.name) ?? 0) - (known.get(b.name) ?? 0))
  const page = report(found.map((result) => [result, readFileSync(join(results, `${result.name}.svg`), "utf8")]))
  writeFileSync(join(results, "report.html"), page)
  console.log(join(results, "report.html"))
}

const main = async (): Promise<number> => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: "boolean" }, report: { type: "boolean" }, help: { type: "boolean", short: "h" } }
  })
  if (values.help === true) {
    console.log(usage)
    return 0
  }
  const unknown = positionals.filter((name) => !cases.some((one) => one.name === name))
  if (unknown.length > 0) throw new Error(`no case is called ${unknown.join(", ")}; see pnpm bench --help`)
  mkdirSync(results, { recursive: true })
  if (positionals.length > 0 || values.report !== true) {
    await prepare(log)
    for (const one of cases) {
      if (positionals.length === 0 || positionals.includes(one.name)) await measure(one, values.quick === true)
    }
  }
  if (values.report === true) writeReport()
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
