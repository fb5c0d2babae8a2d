/** Other versions of Node, from the npm package of that name. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root, run } from "./packages.ts"

/** Where the npm package `node` has its binaries: in a package for each platform, which needs no install script. */
const binaries = (): string =>
  `node-${process.platform === "darwin" && process.arch === "arm64" ? "bin-" : ""}${process.platform.replace("win32", "win")}-${process.arch}`

/** Fetches a version once and gives the path of its `node`. */
export const nodeOf = async (version: string): Promise<string> => {
  const folder = join(root, "node_modules/.cache/keyturn/node", version)
  const node = join(folder, "node_modules", binaries(), "bin", process.platform === "win32" ? "node.exe" : "node")
  if (existsSync(node)) return node
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }))
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]
  await run(folder, "npm", ["install", ...quiet, `${binaries()}@${version}`])
  return node
}
