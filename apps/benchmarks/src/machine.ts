/** What a result was measured on, and with. */
import { readFileSync } from "node:fs"
import { availableParallelism, cpus, release, totalmem, type } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { peers, root } from "./places.ts"
import { run } from "./process.ts"

/** The machine, as far as it explains figures. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memory: string
  readonly system: string
  readonly node: string
  /** Cores that others kept busy just before, while nothing ran here: beyond half of all, and the figures are suspect. */
  readonly load: number
}

/** Milliseconds that all cores together were busy, and were there. */
const cpuTimes = (): readonly [busy: number, all: number] => {
  const times = cpus().map(({ times }) => times)
  const all = times.flatMap((one) => Object.values(one)).reduce((sum, time) => sum + time, 0)
  return [all - times.reduce((sum, { idle }) => sum + idle, 0), all]
}

/** The system's own load average still tells of the case before this one. */
const load = async (): Promise<number> => {
  const [busy, all] = cpuTimes()
  await sleep(5000)
  const [busyThen, allThen] = cpuTimes()
  return ((busyThen - busy) / (allThen - all)) * cpus().length
}

export const machine = async (): Promise<Machine> => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  system: `${type()} ${release()}`,
  node: process.version,
  load: Math.round((await load()) * 100) / 100
})

/** The versions of everything that was compared; ours is the commit, with a plus when there are changes on top of it. */
export const versions = async (): Promise<Readonly<Record<string, string>>> => {
  const manifest = JSON.parse(readFileSync(join(peers, "package.json"), "utf8")) as {
    dependencies: Record<string, string>
  }
  const commit = await run("git", ["describe", "--always", "--dirty=+", "--exclude=*"], { cwd: root })
  return { keyturn: commit.stdout.trim() || "unknown", ...manifest.dependencies }
}
