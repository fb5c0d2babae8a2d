/** Packs every package into the folder that is named, checks the tarballs, and lists them in `published.json`. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { problemsOf } from "./lint.ts"
import { packAll, tarballOf } from "./packages.ts"
import { filesOf } from "./tarball.ts"

const [out = "tarballs"] = process.argv.slice(2)
const packages = await packAll(out)
const problems: Array<string> = []
const published = []
for (const one of packages) {
  problems.push(...(await problemsOf(one, out)).map((problem) => `${one.name}: ${problem}`))
  if (one.manifest.version === "0.0.0") problems.push(`${one.name}: it has no changeset, and so no version yet`)
  const tarball = tarballOf(one)
  published.push({ name: one.name, version: one.manifest.version, tarball, files: filesOf(join(out, tarball)).size })
}
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
writeFileSync(join(out, "published.json"), JSON.stringify(published, null, 2))
