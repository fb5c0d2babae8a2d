/**
 * `keyturn generate`: what to generate is gathered from flags or the config file, and told on the terminal.
 */
import { existsSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import {
  type ApiOptions,
  type Diagnostic,
  differencesOf,
  extendedDocument,
  type Generated,
  GenerateError,
  generateApi,
  loadConfig,
  writeGenerated
} from "@keyturn/codegen"
import { Progress } from "./progress.ts"
import { count, printDiagnostics } from "./report.ts"
import { changeOf } from "./watch.ts"

/** The flags of `keyturn generate`. */
export interface GenerateInput {
  readonly document: string | undefined
  readonly out: string | undefined
  readonly overlays: ReadonlyArray<string>
  readonly name: string | undefined
  readonly package: string | undefined
  readonly config: string | undefined
  readonly check: boolean
  readonly watch: boolean
  readonly json: boolean
}

/** Exit codes: 0 done, 1 a document is wrong or files are out of date, 2 the command itself was wrong. */
export const runGenerate = async (input: GenerateInput, signal: AbortSignal): Promise<number> => {
  let watched: ReadonlyArray<string> = []
  for (;;) {
    const gathered = await gather(input)
    if (typeof gathered === "string") {
      console.error(`keyturn generate: ${gathered}`)
      if (watched.length === 0) return 2
    } else {
      const { exitCode, inputs } = await generateOnce(gathered, input, signal)
      if (!input.watch) return exitCode
      watched = gathered.config === undefined ? inputs : [...inputs, gathered.config]
    }
    const change = changeOf(watched, signal)
    console.error(`\nWatching ${count(watched.length, "file")}. Press Ctrl-C to stop.`)
    console.error(`\n${relative(process.cwd(), await change)} changed.`)
  }
}

/** The APIs to generate, and the folder their paths start at. */
interface Gathered {
  readonly apis: ReadonlyArray<ApiOptions>
  readonly cwd: string
  /** The config file they come from. */
  readonly config?: string
}

const gather = async (input: GenerateInput): Promise<Gathered | string> => {
  if (input.check && input.watch) return "--check and --watch exclude each other"
  const { out, overlays, name } = input
  const document = input.document ?? (await firstOf(overlays, (overlay) => extendedDocument(overlay)))
  if (document === undefined) {
    const stray = (["out", "name", "package"] as const).find((flag) => input[flag] !== undefined)
    if (stray !== undefined) return `--${stray} goes with a document; in a config file it is written there`
    if (overlays.length > 0) return "--overlay goes with a document, or with an overlay that says what it extends"
    const config = await loadConfig(input.config)
    return typeof config === "string" ? config : { apis: config.apis, cwd: config.cwd, config: config.path }
  }
  if (input.config !== undefined) return "give either a document or --config"
  if (out === undefined) return "--out DIR is missing: the folder to write to"
  const named = {
    ...(name === undefined ? {} : { name }),
    ...(input.package === undefined ? {} : { package: { name: input.package } })
  }
  return { apis: [{ document, out, overlays, ...named }], cwd: process.cwd() }
}

const firstOf = async <A, B>(
  items: ReadonlyArray<A>,
  find: (item: A) => Promise<B | undefined>
): Promise<B | undefined> => {
  for (const item of items) {
    const found = await find(item)
    if (found !== undefined) return found
  }
  return undefined
}

const generateOnce = async (
  { apis, cwd }: Gathered,
  { check, json }: GenerateInput,
  signal: AbortSignal
): Promise<{ readonly exitCode: number; readonly inputs: ReadonlyArray<string> }> => {
  const progress = new Progress(json ? undefined : process.stderr)
  const generated: Array<Generated> = []
  const diagnostics: Array<Diagnostic> = []
  const inputs: Array<string> = []
  for (const api of apis) {
    progress.start(api.document)
    try {
      const result = await generateApi(api, { cwd, signal })
      generated.push(result)
      diagnostics.push(...result.warnings)
      inputs.push(...result.inputs)
      progress.done(`${result.name}: ${count(result.operations, "operation")} in ${api.document}`)
    } catch (error) {
      if (!(error instanceof GenerateError)) throw error
      diagnostics.push(...error.diagnostics)
      inputs.push(...error.inputs)
      progress.failed(api.document)
    }
  }
  let written: ReadonlyArray<string> = []
  let differences = ""
  if (generated.length === apis.length) {
    try {
      if (check) differences = differencesOf(generated, process.cwd())
      else written = writeGenerated(generated)
    } catch (error) {
      if (!(error instanceof GenerateError)) throw error
      diagnostics.push(...error.diagnostics)
    }
  }
  const errors = diagnostics.filter(({ severity }) => severity === "error").length
  const ok = errors === 0 && differences === ""
  if (json) {
    const names = written.map((path) => relative(process.cwd(), path))
    console.log(JSON.stringify({ ok, written: names, differences, diagnostics }, null, 2))
  } else {
    printDiagnostics(diagnostics)
    if (errors > 0) console.error(`\n${count(errors, "error")}. Nothing was written.`)
    else if (differences !== "") {
      console.error(`\n${differences}\n\nThe generated files are out of date: run \`keyturn generate\`.`)
    } else if (check) console.log("Up to date.")
    else {
      console.log(written.length === 0 ? "Nothing changed." : `${count(written.length, "file")} written.`)
      const missing = missingPackages(apis, cwd)
      if (missing.length > 0) console.log(`The modules import what is not installed: npm install ${missing.join(" ")}`)
    }
  }
  return { exitCode: ok ? 0 : 1, inputs: [...new Set(inputs)] }
}

/** What the generated modules import and a module at their place would not find. A package of its own brings it along. */
const missingPackages = (apis: ReadonlyArray<ApiOptions>, cwd: string): ReadonlyArray<string> =>
  ["openapi-fetch", "@keyturn/contract"].filter((name) =>
    apis.some((api) => {
      if (api.package !== undefined) return false
      for (let folder = resolve(cwd, api.out); ; folder = dirname(folder)) {
        if (existsSync(join(folder, "node_modules", name))) return false
        if (folder === dirname(folder)) return true
      }
    })
  )
