/** What installing our packages brings along: every package, its licence, and whether it runs anything at installation. */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Manifest } from "./packages.ts"

/** Licences that ask for nothing but their own text to be kept. */
const permissive = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "ISC",
  "MIT",
  "PSF-2.0",
  "Python-2.0"
])

/** An installed package. */
export interface Supplied {
  readonly name: string
  readonly version: string
  readonly license: string
  /** What is wrong with having it. */
  readonly problems: ReadonlyArray<string>
}

const hooks = ["preinstall", "install", "postinstall"]

/** All packages in an installation's `node_modules`, however deep. */
export const suppliedIn = (folder: string): ReadonlyArray<Supplied> => {
  const found = new Map<string, Supplied>()
  const manifests = globSync("node_modules/**/package.json", { cwd: folder })
  for (const path of manifests) {
    // Folders inside of a package have manifests too, which name no package.
    if (!/node_modules\/(@[^/]+\/)?[^/@]+\/package\.json$/.test(path)) continue
    const manifest = JSON.parse(readFileSync(join(folder, path), "utf8")) as Manifest
    const { license = "none", name, scripts = {}, version } = manifest
    const problems = [
      ...(license.split(/ OR |[()]/).some((one) => permissive.has(one.trim())) ? [] : [`its licence is ${license}`]),
      ...hooks.filter((hook) => scripts[hook] !== undefined).map((hook) => `it runs ${hook} where it is installed`)
    ]
    found.set(`${name}@${version}`, { name, version, license, problems })
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
