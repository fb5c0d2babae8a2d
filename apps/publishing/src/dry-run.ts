/**
 * `pnpm release:dry`: everything that a release does but publish. In a copy of the last commit it sets the versions, builds,
 * packs, and checks the tarballs; then it tells what would go out.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root, run } from "./packages.ts"

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`

interface Step {
  readonly name: string
  readonly command: string
  readonly args: ReadonlyArray<string>
}

const steps = (out: string): ReadonlyArray<Step> => [
  { name: "install", command: "pnpm", args: ["install", "--frozen-lockfile", "--prefer-offline"] },
  { name: "set the versions", command: "pnpm", args: ["exec", "changeset", "version"] },
  {
    name: "bring the lock file in line",
    command: "pnpm",
    args: ["install", "--no-frozen-lockfile", "--prefer-offline"]
  },
  { name: "build", command: "pnpm", args: ["build"] },
  { name: "pack and check", command: process.execPath, args: ["apps/publishing/src/check-tarballs.ts", out] }
]

const scratch = mkdtempSync(join(tmpdir(), "keyturn-release-"))
const stop = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort())
try {
  const copy = join(scratch, "copy")
  const out = join(scratch, "tarballs")
  mkdirSync(out)
  const uncommitted = await run(root, "git", ["status", "--porcelain"])
  if (uncommitted !== "") console.error("! What is not committed is left out, as it would be in a release.")
  await run(root, "git", ["clone", "--quiet", "--no-hardlinks", root, copy])
  for (const { args, command, name } of steps(out)) {
    if (stop.signal.aborted) throw new Error("interrupted")
    console.error(`… ${name}`)
    await run(copy, command, args)
  }
  const published = JSON.parse(readFileSync(join(out, "published.json"), "utf8")) as ReadonlyArray<{
    readonly name: string
    readonly version: string
    readonly tarball: string
    readonly files: number
  }>
  for (const { files, name, tarball, version } of published) {
    console.log(`${name}@${version}  ${files} files, ${kilobytes(statSync(join(out, tarball)).size)}`)
  }
  console.log(`\n${published.length} packages would be published. Nothing was.`)
} catch (error) {
  console.error(`✗ ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = stop.signal.aborted ? 130 : 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
