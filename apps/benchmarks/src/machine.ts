/** What a result was measured on, and with. */
import { readFileSync } from "node:fs"
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os"
import { join } from "node:path"
import { peers, root } from "./places.ts"
import { run } from "./process.ts"

/** The machine, as far as it explains figures. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memory: string
  readonly system: string
  readonly node: string
  /** Work that ran or waited for a core in the minute before: beyond half the cores, and the figures are suspect. */
  readonly load: number
}

export const machine = (): Machine => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  system: `${type()} ${release()}`,
  node: process.version,
  load: Math.round((loadavg()[0] ?? 0) * 100) / 100
})

/** The versions of everything that was compared; ours is the commit, with a plus when there are changes on top of it. */
export const versions = async (): Promise<Readonly<Record<string, string>>> => {
  const manifest = JSON.parse(readFileSync(join(peers, "package.json"), "utf8")) as {
    dependencies: Record<string, string>
  }
  const commit = await run("git", ["describe", "--always", "--dirty=+", "--exclude=*"], { cwd: root })
  return { keyturn: commit.stdout.trim() || "unknown", ...manifest.dependencies }
}
