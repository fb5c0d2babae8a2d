/** Other programs. */
import { type ForkOptions, spawn } from "node:child_process"

/** A program's end. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Milliseconds from start to end. */
  readonly wall: number
}

/** How to start a program. */
export interface Command {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Milliseconds until it is ended by force. Default ten minutes. */
  readonly timeout?: number
}

/** Runs a program to its end, however that is. */
export const run = (program: string, args: ReadonlyArray<string>, { cwd, env, timeout = 600_000 }: Command) =>
  new Promise<Ended>((resolve, reject) => {
    const start = process.hrtime.bigint()
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout,
      killSignal: "SIGKILL"
    })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.once("error", reject)
    child.once("close", (code) =>
      resolve({ code, stdout, stderr, wall: Number(process.hrtime.bigint() - start) / 1e6 })
    )
  })

/** Runs a program that has to succeed; otherwise an error with what it said. */
export const must = async (program: string, args: ReadonlyArray<string>, command: Command): Promise<Ended> => {
  const ended = await run(program, args, command)
  if (ended.code === 0) return ended
  const said = `${ended.stdout}\n${ended.stderr}`.trim().split("\n").slice(-20).join("\n")
  throw new Error(`${[program, ...args].join(" ")} ended with ${ended.code}:\n${said}`)
}

/** Child processes that measure need a garbage collector they can call, and nothing inherited. */
export const forkOptions = { execArgv: ["--expose-gc"], serialization: "advanced" } satisfies ForkOptions
