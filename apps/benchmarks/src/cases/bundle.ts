/** What a program weighs in a browser, and what it takes to load on Node. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import { gzipSync } from "node:zlib"
import type { Case, Contender, Series } from "../case.ts"
import { peers, work } from "../places.ts"
import { contenderFile } from "../prepare.ts"
import { must } from "../process.ts"
import { interleave } from "../rounds.ts"
import { medianWithin } from "../statistics.ts"
import { exactly, judge, type Verdict } from "../verdict.ts"

interface Program extends Contender {
  /** What its program imports, for the cold import. */
  readonly module: string
}

const contenders: ReadonlyArray<Program> = [
  { name: "fetch", role: "floor", module: "node:process" },
  { name: "openapi-fetch-middleware", role: "peer", module: "openapi-fetch" },
  { name: "keyturn", role: "ours", module: "@keyturn/client" },
  { name: "keyturn-effect", role: "ours", module: "@keyturn/client/effect" },
  { name: "hey-api", role: "peer", module: join(work, "hey-api/index.mjs") },
  { name: "ky", role: "peer", module: "ky" },
  { name: "axios-auth-refresh", role: "peer", module: "axios-auth-refresh" },
  { name: "badgateway", role: "peer", module: "@badgateway/oauth2-client" },
  { name: "google-auth-library", role: "peer", module: "google-auth-library" },
  { name: "azure", role: "peer", module: "@azure/core-rest-pipeline" }
]

/** Bundles a program for a browser and gives the minified code. */
type Bundler = (entry: string, platform: "browser" | "node") => Promise<string>

const load = <A>(name: string): Promise<A> =>
  import(pathToFileURL(createRequire(join(peers, "package.json")).resolve(name)).href) as Promise<A>

interface Esbuild {
  readonly build: (options: object) => Promise<{ readonly outputFiles: ReadonlyArray<{ readonly text: string }> }>
}

interface Rolldown {
  readonly build: (options: object) => Promise<{ readonly output: ReadonlyArray<{ readonly code?: string }> }>
}

const bundlers = async (): Promise<Readonly<Record<string, Bundler>>> => {
  const esbuild = await load<Esbuild>("esbuild")
  const rolldown = await load<Rolldown>("rolldown")
  return {
    esbuild: async (entry, platform) => {
      const options = { entryPoints: [entry], bundle: true, minify: true, format: "esm", target: "es2022" }
      const { outputFiles } = await esbuild.build({ ...options, platform, write: false, logLevel: "silent" })
      return outputFiles.map(({ text }) => text).join("")
    },
    rolldown: async (entry, platform) => {
      const output = { format: "esm", minify: true, codeSplitting: false }
      const { output: chunks } = await rolldown.build({
        input: entry,
        platform,
        output,
        write: false,
        logLevel: "silent"
      })
      return chunks.map(({ code }) => code ?? "").join("")
    }
  }
}

const gzipped = (code: string): number => (code.trim() === "" ? 0 : gzipSync(code, { level: 9 }).length)

/** Writes a program next to the modules that it needs. */
const program = (name: string, beside: string, lines: ReadonlyArray<string>): string => {
  const folder = join(beside, ".programs")
  mkdirSync(folder, { recursive: true })
  const file = join(folder, name)
  writeFileSync(file, `${lines.join("\n")}\n`)
  return file
}

const coldImport = async (cwd: string, module: string): Promise<number> => {
  const source = `const start = performance.now(); await import(${JSON.stringify(module)}); console.log(performance.now() - start); process.exit()`
  return Number((await must(process.execPath, ["--input-type=module", "--eval", source], { cwd })).stdout)
}

export const bundle: Case = {
  name: "bundle",
  question: "What does a small program weigh, and how long does it take to load?",
  chart: { metric: "size, minified and gzipped" },
  run: async ({ log, quick }) => {
    const series: Array<Series> = []
    const verdicts: Array<Verdict> = []
    const notes: Array<string> = [
      "The program signs in, reads an item, stores one and prints: the same for all, in ES modules."
    ]
    const installed = join(work, "keyturn")
    const folder = (name: string) => dirname(contenderFile(name))
    try {
      for (const [bundler, build] of Object.entries(await bundlers())) {
        log(`bundle: ${bundler}`)
        for (const { name: contender, role } of contenders) {
          const entry = program(`${contender}.mjs`, folder(contender), [
            `import { setup } from "../${contender}.mjs"`,
            'const api = await setup({ url: "https://items.example", username: "ada", password: "secret" })',
            "console.log(await api.read(1), await api.store([]))"
          ])
          const size = await build(entry, "browser").then(gzipped, async () => {
            notes.push(`${contender} does not bundle for a browser with ${bundler}: the size is that for Node.`)
            return gzipped(await build(entry, "node"))
          })
          const values = [size / 1000]
          series.push({
            group: bundler,
            metric: "size, minified and gzipped",
            unit: "kB",
            contender,
            role,
            values
          })
          if (contender === "keyturn") {
            verdicts.push(
              judge(
                { name: `connect with a password and the memory store, ${bundler}`, limit: 30, unit: "kB" },
                exactly(size / 1000)
              )
            )
          }
        }
        const contract = program("contract.mjs", installed, [
          'import { contract } from "@keyturn/bench"',
          "console.log(contract)"
        ])
        const onlyTypes = program("types.ts", installed, [
          'import type { paths } from "@keyturn/bench/types"',
          "export type Paths = paths"
        ])
        verdicts.push(
          judge(
            { name: `Bench's contract, ${bundler}`, limit: 4, unit: "kB" },
            exactly(gzipped(await build(contract, "browser")) / 1000)
          ),
          judge(
            { name: `an import of types alone, ${bundler}`, limit: 0, unit: "bytes" },
            exactly(gzipped((await build(onlyTypes, "browser")).replace(/^\s*export\s*\{\s*\};?\s*$/gm, "")))
          )
        )
      }
    } finally {
      for (const beside of [installed, join(peers, "contenders")]) {
        rmSync(join(beside, ".programs"), { recursive: true, force: true })
      }
    }
    log("bundle: cold imports")
    const found = await interleave(contenders, quick ? 7 : 31, ({ module, name }) => coldImport(folder(name), module))
    for (const { name: contender, role } of contenders) {
      const values = found.get(contender) ?? []
      series.push({ group: "Node", metric: "cold import", unit: "ms", contender, role, values })
    }
    const base = found.get("openapi-fetch-middleware") ?? []
    const added = (found.get("keyturn") ?? []).map((time, i) => time - (base[i] as number))
    verdicts.push(
      judge(
        { name: "cold import of @keyturn/client beyond openapi-fetch's", limit: 100, unit: "ms" },
        medianWithin(added)
      )
    )
    return { series, verdicts, notes }
  }
}
