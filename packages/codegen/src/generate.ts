/**
 * From documents to files: everything is read and checked before anything is written.
 */
import { join, relative, resolve } from "node:path"
import { checkConsistency } from "./consistency.ts"
import { readContract } from "./contract-data.ts"
import { type Diagnostic, GenerateError, inReadingOrder } from "./diagnostic.ts"
import { openDocument } from "./document.ts"
import { Loader, resolveReference } from "./load.ts"
import { modulesOf } from "./modules.ts"
import type { TypesOptions } from "./openapi-typescript.ts"
import { generatedFolder, type PackageOptions, packageFiles } from "./package-files.ts"
import { changedFiles, type OutputFile, WriteFault, writeTogether } from "./write.ts"

/** One API to generate. Paths are relative to the folder of the config file, or to the working directory. */
export interface ApiOptions {
  /** The OpenAPI document: a path or an http(s) URL. */
  readonly document: string
  /** The contract's name; by default the document's folder, or its host. */
  readonly name?: string
  /** The folder to write to. */
  readonly out: string
  /** Overlay documents, applied in order. */
  readonly overlays?: ReadonlyArray<string>
  /** Generate a package of its own; without it, modules only. */
  readonly package?: PackageOptions
  /** What the types look like. */
  readonly types?: TypesOptions
}

/** Where to work, and how to stop. */
export interface RunOptions {
  /** The folder that relative paths start at. Default: the working directory. */
  readonly cwd?: string
  readonly signal?: AbortSignal
}

/** What one document was turned into. Nothing is written yet. */
export interface Generated {
  readonly name: string
  readonly document: string
  readonly files: ReadonlyArray<OutputFile>
  readonly operations: number
  readonly warnings: ReadonlyArray<Diagnostic>
  /** The files (not URLs) that were read: what a watcher has to watch. */
  readonly inputs: ReadonlyArray<string>
}

/** Generates one API in memory. Throws a `GenerateError` with everything that is wrong with its documents. */
export const generateApi = async (
  api: ApiOptions,
  { cwd = process.cwd(), signal }: RunOptions = {}
): Promise<Generated> => {
  const loader = new Loader(cwd, signal)
  try {
    return await generate(api, loader, signal)
  } catch (error) {
    if (!(error instanceof RangeError) || !/call stack/.test(error.message)) throw error
    const file = loader.nameOf(resolveReference(api.document, { cwd }))
    const message = "the document is nested too deeply"
    throw new GenerateError([{ severity: "error", rule: "document-depth", message, file }], loader.files)
  }
}

const generate = async (api: ApiOptions, loader: Loader, signal: AbortSignal | undefined): Promise<Generated> => {
  const diagnostics: Array<Diagnostic> = []
  const opened = await openDocument(api.document, api.overlays ?? [], loader, diagnostics)
  const fail = () => diagnostics.some(({ severity }) => severity === "error")
  if (opened === undefined) throw new GenerateError(diagnostics, loader.files)
  const { root, report, reference } = opened
  const name = api.name ?? nameOf(api.document)
  const read = checked(fail(), () => {
    const read = readContract(root, name, reference, report)
    checkConsistency(root, read.operations, report)
    return read
  })
  if (read === undefined || fail()) throw new GenerateError(diagnostics, loader.files)
  let modules: ReadonlyMap<string, string>
  try {
    modules = modulesOf({ root, ...read, types: api.types ?? {} })
  } catch (error) {
    const message = `openapi-typescript cannot make types of this document: ${error instanceof Error ? error.message : String(error)}`
    const hint = "remove what it trips over by an overlay, and report the document to Keyturn"
    const file = loader.nameOf(reference)
    throw new GenerateError([...diagnostics, { severity: "error", rule: "types", message, hint, file }], loader.files)
  }
  signal?.throwIfAborted()
  const out = resolve(loader.cwd, api.out)
  const folder = api.package === undefined ? out : join(out, generatedFolder)
  const files = [...modules].map(([path, text]) => ({ path: join(folder, path), text }))
  if (api.package !== undefined) {
    const around = packageFiles(api.package, root, read.contract, read.operations)
    files.push(...[...around].map(([path, text]) => ({ path: join(out, path), text })))
  }
  return {
    name,
    document: api.document,
    files,
    operations: read.operations.length,
    warnings: inReadingOrder(diagnostics),
    inputs: loader.files
  }
}

/** Reads on in a document that is broken already, to tell of everything at once; what trips over the breakage is no news. */
const checked = <A>(broken: boolean, read: () => A): A | undefined => {
  try {
    return read()
  } catch (error) {
    if (broken) return undefined
    throw error
  }
}

/** Writes what was generated, all of it or nothing, and returns the paths that changed. */
export const writeGenerated = (
  generated: ReadonlyArray<Generated>,
  cwd: string = process.cwd()
): ReadonlyArray<string> => {
  const changed = changedFiles(generated.flatMap(({ files }) => files))
  try {
    writeTogether(changed)
  } catch (error) {
    if (!(error instanceof WriteFault)) throw error
    const file = relative(cwd, error.path)
    throw new GenerateError([
      {
        severity: "error",
        rule: "unwritable-output",
        message: `cannot write ${file}: ${error.message}`,
        hint: "nothing was written; check the folder, or choose another one with --out",
        file
      }
    ])
  }
  return changed.map(({ path }) => path)
}

/** `specs/bench/openapi.yaml` → `bench`; `https://api.example.com/openapi.json` → `api-example-com`; `pets.yaml` → `pets`. */
export const nameOf = (document: string): string => {
  const url = /^https?:\/\/([^/?#:]+)/i.exec(document)
  const parts = document.split(/[\\/]/).map((part) => part.replace(/(?:\.(?:json|ya?ml))+$/i, ""))
  const telling = parts.filter((part) => !/^(?:|\.+|openapi|swagger|api|specs?|index|dist|docs?)$/i.test(part))
  const name = url?.[1] ?? telling.at(-1) ?? "api"
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "api"
  )
}
