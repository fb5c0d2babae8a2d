import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))

/** A run of the real command. */
export interface Run {
  readonly child: ChildProcess
  /** What it printed so far. */
  readonly output: () => { readonly stdout: string; readonly stderr: string }
  /** Resolves once the output matches; rejects with all of it when the command ends before. */
  readonly until: (pattern: RegExp) => Promise<void>
  readonly done: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>
}

/** Where the command runs: a folder, and what it finds in its environment besides ours. */
export type Place = string | { readonly cwd: string; readonly env: Readonly<Record<string, string>> }

/** Starts `keyturn …args` in a folder. */
export const keyturn = (place: Place, ...args: ReadonlyArray<string>): Run => {
  const { cwd, env } = typeof place === "string" ? { cwd: place, env: {} } : place
  const child = spawn(process.execPath, [bin, ...args], { cwd, env: { ...process.env, NO_COLOR: "1", ...env } })
  const text = { stdout: "", stderr: "" }
  const listeners = new Set<() => void>()
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk) => {
      text[stream] += chunk
      for (const listener of listeners) listener()
    })
  }
  const done = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, ...text }))
  })
  const until = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!pattern.test(text.stdout + text.stderr)) return
        listeners.delete(look)
        resolve()
      }
      listeners.add(look)
      look()
      void done.then(() => reject(new Error(`ended before ${pattern}:\n${text.stdout}${text.stderr}`)))
    })
  return { child, output: () => ({ ...text }), until, done }
}
