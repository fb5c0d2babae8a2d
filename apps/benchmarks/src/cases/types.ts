/** What the compiler has to do for an application of so many calls. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Case, Role, Series } from "../case.ts"
import { type Client, folderOf, generateClients, writePrograms } from "../github.ts"
import { peers } from "../places.ts"
import { run } from "../process.ts"
import { interleave } from "../rounds.ts"
import { type Estimate, ratio } from "../statistics.ts"
import { judge, type Verdict } from "../verdict.ts"

const clients: ReadonlyArray<{ readonly name: Client; readonly role: Role }> = [
  { name: "openapi-fetch", role: "peer" },
  { name: "keyturn", role: "ours" },
  { name: "hey-api", role: "peer" }
]

const compilers = { "TypeScript 5.9": "typescript", "TypeScript 7": "typescript-7" } as const

const metrics = {
  instantiations: ["", /^Instantiations:\s+([\d.]+)/m],
  "check time": ["ms", /^Check time:\s+([\d.]+)s/m],
  "memory used": ["MB", /^Memory used:\s+([\d.]+)K/m]
} as const
type Metric = keyof typeof metrics

type Found = Readonly<Record<Metric, number>>

/** Checks one program; a program that does not compile is no measurement. */
const check = async (compiler: string, client: Client, program: string): Promise<Found> => {
  const project = join(folderOf(client), `tsconfig.${program}.json`)
  const compilerOptions = {
    target: "ES2023",
    module: "NodeNext",
    lib: ["ES2023", "DOM", "DOM.Iterable"],
    types: [],
    strict: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    noEmit: true
  }
  writeFileSync(project, JSON.stringify({ compilerOptions, files: [program] }))
  const bin = join(peers, "node_modules", compiler, "bin/tsc")
  const { code, stdout } = await run(process.execPath, [bin, "-p", project, "--extendedDiagnostics"], {
    cwd: folderOf(client)
  })
  if (code !== 0) throw new Error(`${client}: ${program} does not compile:\n${stdout.slice(0, 2000)}`)
  const read = (metric: Metric): number => Number(metrics[metric][1].exec(stdout)?.[1] ?? Number.NaN)
  return {
    instantiations: read("instantiations"),
    "check time": read("check time") * 1000,
    "memory used": read("memory used") / 1000
  }
}

export const types: Case = {
  name: "types",
  question: "What does the compiler do for 1, 50 and 500 calls of GitHub's API?",
  chart: { metric: "instantiations" },
  run: async ({ log, quick }) => {
    await generateClients(log)
    const sizes = quick ? [1, 50] : [1, 50, 500]
    const programs = writePrograms(sizes)
    const series: Array<Series> = []
    const worst = new Map<Metric, { readonly where: string; readonly measured: Estimate }>()
    for (const [compiler, folder] of Object.entries(compilers)) {
      for (const [size, program] of programs) {
        log(`types: ${compiler}, ${size} calls`)
        const found = await interleave(clients, quick ? 1 : 5, ({ name }) => check(folder, name, program))
        const values = (client: Client, metric: Metric) => (found.get(client) ?? []).map((one) => one[metric])
        const group = `${size} call${size === 1 ? "" : "s"}, ${compiler}`
        for (const metric of Object.keys(metrics) as ReadonlyArray<Metric>) {
          for (const { name: contender, role } of clients) {
            series.push({ group, metric, unit: metrics[metric][0], contender, role, values: values(contender, metric) })
          }
          const measured = ratio(values("keyturn", metric), values("openapi-fetch", metric))
          const known = worst.get(metric)
          if (known === undefined || measured.value > known.measured.value)
            worst.set(metric, { where: group, measured })
        }
      }
    }
    const verdicts: ReadonlyArray<Verdict> = [...worst].map(([metric, { measured, where }]) =>
      judge({ name: `${metric}, keyturn to openapi-fetch, at worst (${where})`, limit: 1.25, unit: "×" }, measured)
    )
    const notes = [
      "All programs make the same calls, each a different one, and compile without an error. The compilers' own figures; libraries are not checked again (skipLibCheck)."
    ]
    return { series, verdicts, notes }
  }
}
