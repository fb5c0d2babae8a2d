import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

/** What a run of the program came to. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder of its own, taken away with the `using` that it is bound to. */
export const scratch = () => {
  const path = mkdtempSync(join(tmpdir(), "nightly-test-"))
  return {
    path,
    /** What is in it, hidden files too. */
    names: () => readdirSync(path).sort(),
    read: (name: string) => readFileSync(join(path, name), "utf8"),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true })
  }
}

/** Starts the real program. Nothing of this process's `BENCH_…` reaches it. */
export const start = (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } => {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("BENCH_"))
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"]
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

/** The environment that points at a service. */
export const pointAt = (server: {
  readonly url: string
  readonly credentials: { readonly service: { readonly login: string; readonly password: string } }
}) => ({
  BENCH_URL: server.url,
  BENCH_LOGIN: server.credentials.service.login,
  BENCH_PASSWORD: server.credentials.service.password
})
