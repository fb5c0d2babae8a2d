/** `pnpm bench`. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import type { Case } from "./case.ts"
import { cases } from "./cases/index.ts"
import { chart } from "./chart.ts"
import { documented } from "./docs.ts"
import { machine, versions } from "./machine.ts"
import { page, pictures, results, work } from "./places.ts"
import { prepare } from "./prepare.ts"
import { interrupt } from "./process.ts"
import { report } from "./report.ts"
import { type Result, resultOf } from "./result.ts"
import { columns, print } from "./table.ts"

const usage = `pnpm bench [NAME…] [--quick]    measures, prints tables and verdicts, writes apps/benchmarks/results
pnpm bench --report             makes results/report.html of the results that are there
pnpm bench --docs               writes their figures into docs/benchmarks.md

  --quick    few rounds and small sizes: shows that everything works, not more; results are kept apart, in .work/quick
  --report   after measuring, or alone
  --docs     after measuring, or alone
  --help     this text

Cases, in this order when none is named:
${columns(cases.map(({ name, question }) => [`  ${name}`, question]).map(([name = "", question = ""]) => [name, question.padEnd(80)]))}`

const log = (line: string): void => console.error(`· ${line}`)

/** Quick results are kept apart: what is documented comes from full runs. */
const folderOf = (quick: boolean): string => (quick ? join(work, "quick") : results)

const measure = async (one: Case, quick: boolean): Promise<void> => {
  const before = await machine()
  const start = Date.now()
  const outcome = await one.run({ quick, log })
  const result = resultOf(one, outcome, {
    quick,
    at: new Date(start).toISOString(),
    seconds: (Date.now() - start) / 1000,
    machine: before,
    versions: await versions()
  })
  const folder = folderOf(quick)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${one.name}.json`), `${JSON.stringify(result, null, 2)}\n`)
  writeFileSync(join(folder, `${one.name}.svg`), `${chart(result, one.chart)}\n`)
  console.log(`${print(result)}\n`)
}

/** The results that are there, in the order of the cases. */
const readResults = (folder: string): ReadonlyArray<Result> =>
  cases
    .map(({ name }) => join(folder, `${name}.json`))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, "utf8")) as Result)

const writeReport = (folder: string): void => {
  const found = readResults(folder)
  const html = report(found.map((result) => [result, readFileSync(join(folder, `${result.name}.svg`), "utf8")]))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "report.html"), html)
  console.log(join(folder, "report.html"))
}

const writeDocs = (): void => {
  const found = readResults(results)
  mkdirSync(pictures, { recursive: true })
  for (const { name } of found) copyFileSync(join(results, `${name}.svg`), join(pictures, `${name}.svg`))
  writeFileSync(page, documented(readFileSync(page, "utf8"), new Map(found.map((result) => [result.name, result]))))
  console.log(page)
}

const main = async (): Promise<number> => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean" },
      report: { type: "boolean" },
      docs: { type: "boolean" },
      help: { type: "boolean", short: "h" }
    }
  })
  if (values.help === true) {
    console.log(usage)
    return 0
  }
  const unknown = positionals.filter((name) => !cases.some((one) => one.name === name))
  if (unknown.length > 0) throw new Error(`no case is called ${unknown.join(", ")}; see pnpm bench --help`)
  const quick = values.quick === true
  if (positionals.length > 0 || (values.report !== true && values.docs !== true)) {
    await prepare(log)
    const chosen = cases.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
    for (const [i, one] of chosen.entries()) {
      log(`${one.name}, ${i + 1} of ${chosen.length}`)
      await measure(one, quick)
    }
  }
  if (values.report === true) writeReport(folderOf(quick))
  if (values.docs === true) writeDocs()
  return 0
}

// What is under way fails and tidies up behind itself; asked a second time, it ends at once.
let interrupted = false
process.once("SIGINT", () => {
  interrupted = true
  interrupt()
  process.once("SIGINT", () => process.exit(130))
})

try {
  process.exitCode = await main()
} catch (error) {
  console.error(interrupted ? "interrupted" : error instanceof Error ? error.message : error)
  process.exitCode = interrupted ? 130 : 2
}
