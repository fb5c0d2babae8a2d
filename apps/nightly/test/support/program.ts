import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { BenchReport } from "../../src/report/bench.ts"
import type { Report } from "../../src/report/report.ts"

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

/** What a run of the program came to. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder for reports and one beside it for state, taken away with the `using` that it is bound to. */
export const scratch = () => {
  const base = mkdtempSync(join(tmpdir(), "nightly-test-"))
  const path = join(base, "out")
  mkdirSync(path)
  const read = (name: string) => readFileSync(join(path, "latest", name), "utf8")
  return {
    base,
    path,
    state: join(base, "state"),
    backups: join(base, "backups"),
    /** What is in the folder for reports, hidden files too. */
    names: () => readdirSync(path).sort(),
    /** The files of the latest report. */
    files: () => readdirSync(join(path, "latest")).sort(),
    /** One of them. */
    read,
    report: () => JSON.parse(read("report.json")) as Report & { readonly bench: BenchReport },
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true })
  }
}

/** The variables that the program knows: of this process's own, none reaches it. */
export const foreign = /^(BENCH|ALLURA|BITS|PINK|NIGHTLY|KEYTURN|REDIS|DATABASE|OTEL)_/

/** Starts the real program, in a process group of its own when asked. Without more said its state is beside `--out`. */
export const start = (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
  options: { readonly detached?: boolean; readonly cwd?: string } = {}
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } => {
  const inherited = Object.entries(process.env).filter(([name]) => !foreign.test(name))
  const out = args[args.indexOf("--out") + 1]
  const base = args.includes("--out") ? dirname(out as string) : tmpdir()
  const own = { NIGHTLY_STATE: join(base, "state"), NIGHTLY_BACKUPS: join(base, "backups") }
  const child = spawn(process.execPath, [main, ...args], {
    // Where there is no `.env`.
    cwd: options.cwd ?? tmpdir(),
    env: { ...Object.fromEntries(inherited), ...own, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: options.detached ?? false
  })
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (chunk) => (stdout += chunk))
  child.stderr.on("data", (chunk) => (stderr += chunk))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, stdout, stderr }))
  })
  return { child, ended }
}

/** Runs the real program to its end. */
export const run = (args: ReadonlyArray<string>, env?: Readonly<Record<string, string>>): Promise<Ended> =>
  start(args, env).ended
