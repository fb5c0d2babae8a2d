/** What it takes to turn a document into a client. */
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"
import type { Case, Contender, Series } from "../case.ts"
import { githubDocument, githubOverlay } from "../github.ts"
import { here, peers, root, work } from "../places.ts"
import { must } from "../process.ts"
import { interleave } from "../rounds.ts"
import { medianWithin, quantile, ratio } from "../statistics.ts"
import { judge, type Verdict } from "../verdict.ts"

interface Generator extends Contender {
  /** Types alone, or a client too. */
  readonly client: boolean
  /** Node's arguments to turn a document into files in `out`, both relative to `cwd`. */
  readonly args: (document: string, out: string) => ReadonlyArray<string>
}

const bin = (name: string): string => join(peers, "node_modules", name)

/** Writes the config file that a generator insists on, and gives its path. */
const config = (out: string, name: string, source: string): string => {
  mkdirSync(out, { recursive: true })
  const file = join(out, name)
  writeFileSync(file, source)
  return file
}

const kubbConfig = (document: string, out: string): string => `import { defineConfig } from "@kubb/core"
import { pluginClient } from "@kubb/plugin-client"
import { pluginOas } from "@kubb/plugin-oas"
import { pluginTs } from "@kubb/plugin-ts"
export default defineConfig({
  root: ${JSON.stringify(out)},
  input: { path: ${JSON.stringify(document)} },
  output: { path: "./gen", clean: true, format: false, lint: false },
  plugins: [pluginOas(), pluginTs(), pluginClient({ client: "fetch" })]
})
`

const generators: ReadonlyArray<Generator> = [
  {
    name: "openapi-typescript",
    role: "peer",
    client: false,
    args: (document, out) => [bin("openapi-typescript/bin/cli.js"), document, "-o", join(out, "types.ts")]
  },
  {
    name: "keyturn",
    role: "ours",
    client: true,
    args: (document, out) => [
      join(work, "keyturn/node_modules/keyturn/dist/bin.js"),
      ...["generate", document, "--out", out, "--name", "measured"],
      ...(document === githubDocument ? ["--overlay", githubOverlay] : [])
    ]
  },
  {
    name: "hey-api",
    role: "peer",
    client: true,
    args: (document, out) => [bin("@hey-api/openapi-ts/bin/run.js"), "-i", document, "-o", out]
  },
  {
    name: "orval",
    role: "peer",
    client: true,
    args: (document, out) => [
      bin("orval/dist/bin/orval.mjs"),
      ...["--input", document, "--output", join(out, "client.ts"), "--client", "fetch"]
    ]
  },
  {
    name: "kubb",
    role: "peer",
    client: true,
    args: (document, out) => [
      bin("@kubb/cli/bin/kubb.cjs"),
      ...["generate", "--config", config(out, "kubb.config.mjs", kubbConfig(document, out))]
    ]
  }
]

/** The documents, the largest first. */
const documentsOf = (): ReadonlyMap<string, string> => {
  const box = join(work, "box.json")
  if (!existsSync(box)) {
    writeFileSync(box, gunzipSync(readFileSync(join(root, "packages/codegen/test/fixtures/box-openapi.json.gz"))))
  }
  return new Map([
    ["GitHub", githubDocument],
    ["Box", box],
    ["Allura", join(root, "specs/allura/openapi.yaml")],
    ["Bench", join(root, "specs/bench/openapi.yaml")]
  ])
}

/** What takes longer than this, in milliseconds, is measured twice, not seven times: its distance is in no doubt. */
const patience = 20_000

interface Found {
  /** Milliseconds. */
  readonly wall: number
  /** Megabytes, of the largest process. */
  readonly memory: number
}

const hook = fileURLToPath(new URL("../memory-hook.mjs", import.meta.url))

/** Generates once. Fails when the generator does, takes more than `timeout` ms, or leaves nothing that knows the document. */
const generate = async (generator: Generator, document: string, timeout: number): Promise<Found> => {
  const place = join(work, "generate")
  const out = join(place, "out")
  const memory = join(place, "memory")
  rmSync(place, { recursive: true, force: true })
  mkdirSync(memory, { recursive: true })
  const { wall } = await must(process.execPath, generator.args(document, out), {
    cwd: work,
    timeout,
    env: { NODE_OPTIONS: `--import=${hook}`, MEMORY_HOOK: memory, CI: "1" }
  })
  const written = globSync("**/*.ts", { cwd: out }).reduce((sum, file) => sum + statSync(join(out, file)).size, 0)
  if (written < statSync(document).size / 20)
    throw new Error(`${generator.name} wrote ${written} bytes for ${document}`)
  const peaks = readdirSync(memory).map((file) => Number(readFileSync(join(memory, file), "utf8")))
  return { wall, memory: Math.max(...peaks) / 1000 }
}

export const generation: Case = {
  name: "generate",
  question: "What does it take to turn a document into a client?",
  chart: { metric: "time" },
  run: async ({ log, quick }) => {
    const series: Array<Series> = []
    const verdicts: Array<Verdict> = []
    const notes: Array<string> = [
      "Whole commands, from start to exit. openapi-typescript makes types alone; the others clients too. Memory is the peak of the largest process."
    ]
    const timeout = quick ? 60_000 : 120_000
    for (const [group, document] of documentsOf()) {
      // The largest takes minutes with some.
      if (quick && group === "GitHub") continue
      const able: Array<Generator> = []
      const slow: Array<Generator> = []
      for (const generator of generators) {
        try {
          const { wall } = await generate(generator, document, timeout) // also warms the file cache
          able.push(generator)
          if (wall > patience) slow.push(generator)
        } catch (error) {
          const said = (error instanceof Error ? error.message : String(error)).replaceAll(here, "").slice(-300)
          if (said === "interrupted") throw error
          log(`generate: ${group}, ${generator.name}: ${said}`)
          notes.push(`${group}, ${generator.name}: ${said}`)
        }
      }
      log(`generate: ${group}, ${able.map(({ name }) => name).join(", ")}`)
      const measure = (generator: Generator) => generate(generator, document, timeout)
      const swift = able.filter((generator) => !slow.includes(generator))
      const found = new Map([
        ...(await interleave(swift, quick ? 1 : 7, measure)),
        ...(await interleave(slow, quick ? 1 : 2, measure))
      ])
      const values = (name: string, of: (found: Found) => number) => (found.get(name) ?? []).map(of)
      const wall = (name: string) => values(name, (one) => one.wall)
      for (const { name: contender, role } of able) {
        series.push({ group, metric: "time", unit: "ms", contender, role, values: wall(contender) })
        const memory = values(contender, (one) => one.memory)
        series.push({ group, metric: "peak memory", unit: "MB", contender, role, values: memory })
      }
      verdicts.push(
        judge(
          { name: `${group}: time, keyturn to openapi-typescript`, limit: 1.25, unit: "×" },
          ratio(wall("keyturn"), wall("openapi-typescript"))
        )
      )
      const rivals = able.filter(({ client, role }) => client && role === "peer")
      const best = rivals.sort((a, b) => quantile(wall(a.name), 0.5) - quantile(wall(b.name), 0.5))[0]
      if (best !== undefined && medianWithin(wall("keyturn")).value > 0) {
        verdicts.push(
          judge(
            { name: `${group}: time, keyturn to the fastest full client (${best.name})`, limit: 1, unit: "×" },
            ratio(wall("keyturn"), wall(best.name))
          )
        )
      }
    }
    rmSync(join(work, "generate"), { recursive: true, force: true })
    return { series, verdicts, notes }
  }
}
