/** What must hold of everything that is published, looked at in the tarballs themselves. */

import { readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { checkPackage, createPackageFromTarballData, type Problem } from "@arethetypeswrong/core"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { type Manifest, type Package, root, tarballOf } from "./packages.ts"
import { filesOf } from "./tarball.ts"

const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

/** Names of run-time hooks that npm would run on the machine of whoever installs. */
const installScripts = ["preinstall", "install", "postinstall", "prepare"]

/** Every file that an export or command leads to. */
const targetsOf = ({ bin, exports }: Manifest): ReadonlyArray<string> =>
  [
    ...Object.values(exports ?? {}).flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target)
    ),
    ...Object.values(bin ?? {})
  ].map((path) => path.replace(/^\.\//, ""))

/** Our own rules, for one tarball; each broken one in a sentence. */
export const brokenRules = (tarball: string): ReadonlyArray<string> => {
  const files = filesOf(tarball)
  const manifest = JSON.parse(decode(files.get("package.json"))) as Manifest
  const broken: Array<string> = []
  const must = (holds: boolean, otherwise: string) => {
    if (!holds) broken.push(otherwise)
  }
  for (const name of ["README.md", "LICENSE"]) must(files.has(name), `${name} is missing`)
  must(manifest.license === "MIT", "the licence is not MIT")
  must(manifest.type === "module", "it is not ESM")
  must(manifest.engines?.node === ">=22.19", "engines.node is not >=22.19")
  must(manifest.publishConfig?.provenance === true, "it would be published without provenance")
  for (const script of installScripts)
    must(manifest.scripts?.[script] === undefined, `it runs ${script} where it is installed`)
  for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
    must(!subpath.includes("*"), `the export ${subpath} is a wildcard`)
    const conditions = typeof target === "string" ? [] : Object.keys(target)
    must(conditions.length === 0 || conditions[0] === "types", `the export ${subpath} does not say its types first`)
  }
  for (const target of targetsOf(manifest)) must(files.has(target), `it leads to ${target}, which is not in it`)
  const ranges = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies })
  for (const [name, range] of ranges) {
    must(/^[\^~>=]?[\d.>=<|\s^]+(-[\w.]+)?$/.test(range), `it depends on ${name} as ${range}`)
  }
  for (const [path, content] of files) {
    must(
      /^(dist|src)\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md|[\w.-]+\.schema\.json)$/.test(path),
      `${path} has no business in it`
    )
    must(!/\.tsbuildinfo$|(^|\/)test\//.test(path), `${path} is of no use to a user`)
    if (!path.startsWith("dist/")) continue
    const source = decode(content)
    must(!source.includes(root) && !source.includes(`${homedir()}/`), `${path} names a folder of this machine`)
    if (path.endsWith(".js") && source.includes("sourceMappingURL")) {
      const map = JSON.parse(decode(files.get(`${path}.map`)) || "{}") as { readonly sources?: ReadonlyArray<string> }
      const sources = map.sources?.map((name) => join(path, "..", name)) ?? []
      must(sources.length > 0 && sources.every((name) => files.has(name)), `the sources of ${path} are not in it`)
    }
  }
  return broken
}

/** What publint finds wrong with a tarball. */
export const publintProblems = async (tarball: string): Promise<ReadonlyArray<string>> => {
  const bytes = readFileSync(tarball)
  const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  const { messages, pkg } = await publint({ pack: { tarball: data }, strict: true })
  return messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code)
}

/** Ours are ES modules only: `require()` of them works since Node 22.12, and only older resolution has nothing to find. */
const meant = (problem: Problem): boolean =>
  problem.kind === "CJSResolvesToESM" ||
  (problem.kind === "NoResolution" && problem.resolutionKind === "node10") ||
  ("resolutionKind" in problem && problem.resolutionKind === "node10")

/** What are-the-types-wrong finds wrong with a tarball. */
export const typeProblems = async (tarball: string): Promise<ReadonlyArray<string>> => {
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))))
  if (!result.types) return ["it has no types"]
  return result.problems.filter((problem) => !meant(problem)).map((problem) => JSON.stringify(problem))
}

/** Everything that is wrong with a package's tarball in `folder`. */
export const problemsOf = async (one: Package, folder: string): Promise<ReadonlyArray<string>> => {
  const tarball = join(folder, tarballOf(one))
  return [...brokenRules(tarball), ...(await publintProblems(tarball)), ...(await typeProblems(tarball))]
}
