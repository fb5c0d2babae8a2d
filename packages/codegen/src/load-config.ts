/**
 * Finds and runs a config file.
 */
import { existsSync, statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import type { ApiOptions } from "./generate.ts"
import { isObject } from "./tree.ts"

const names = ["keyturn.config.ts", "keyturn.config.mts", "keyturn.config.js", "keyturn.config.mjs"]

/** When each config file was changed last, as of its first loading. */
const firstLoaded = new Map<string, number>()

/** A changed file must be another module, or a watcher would be given the old one again. */
const specifierOf = (path: string): string => {
  const changed = statSync(path).mtimeMs
  const first = firstLoaded.get(path) ?? changed
  firstLoaded.set(path, first)
  const { href } = pathToFileURL(path)
  return changed === first ? href : `${href}?${changed}`
}

/** A config file, read. */
export interface LoadedConfig {
  readonly apis: ReadonlyArray<ApiOptions>
  /** The folder that its paths start at: its own. */
  readonly cwd: string
  /** Its absolute path. */
  readonly path: string
}

/** The config file `file`, or the one in the working directory; or what is wrong with it, in words. */
export const loadConfig = async (file?: string): Promise<LoadedConfig | string> => {
  const path = resolve(file ?? names.find((name) => existsSync(name)) ?? (names[0] as string))
  if (!existsSync(path)) {
    return file === undefined
      ? `there is no ${names[0]} here: name a document and --out, or run \`keyturn init\``
      : `there is no file ${file}`
  }
  let module: { readonly default?: unknown }
  try {
    module = await import(specifierOf(path))
  } catch (error) {
    const missing = /Cannot find package '([^']+)'/.exec(String(error))?.[1]
    if (missing !== undefined)
      return `${path} imports ${missing}, which is not installed: npm install --save-dev ${missing}`
    return `${path} does not load: ${error instanceof Error ? error.message : String(error)}`
  }
  const config = module.default
  if (!isObject(config) || !isObject(config.apis)) {
    return `${path} must export default defineConfig({ apis: { name: { document, out } } })`
  }
  const apis: Array<ApiOptions> = []
  for (const [name, api] of Object.entries(config.apis)) {
    if (!isObject(api) || typeof api.document !== "string" || typeof api.out !== "string") {
      return `${path}: apis.${name} needs "document" and "out", both texts`
    }
    apis.push({ name, ...(api as unknown as ApiOptions) })
  }
  if (apis.length === 0) return `${path} names no API under "apis"`
  return { apis, cwd: dirname(path), path }
}
