/** Other programs. */
import { type ChildProcess, type ForkOptions, spawn } from "node:child_process"

/** A program's end. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Milliseconds from start to end. */
  readonly wall: number
  /** Whether it was ended by force, because its time was over. */
  readonly late: boolean
}

/** How to start a program. */
export interface Command {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Milliseconds until it is ended by force. Default ten minutes. */
  readonly timeout?: number
}

/** Children, each the leader of a group of its own: what they start has to end with them. */
const children = new Set<ChildProcess>()
let interrupted = false

const kill = ({ pid }: ChildProcess): void => {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL")
  } catch {
    // It has ended by itself.
  }
}

/** Ends everything that was started, and lets nothing else be started: whoever waits for it fails. */
export const interrupt = (): void => {
  interrupted = true
  for (const child of children) kill(child)
}

/** Keeps hold of a child from `launch` until it ends. */
export const guarded = <A extends ChildProcess>(launch: () => A): { readonly child: A; readonly stop: () => void } => {
  if (interrupted) throw new Error("interrupted")
  const child = launch()
  children.add(child)
  child.once("exit", () => children.delete(child))
  return { child, stop: () => kill(child) }
}

/** Runs a program to its end, however that is. */
export const run = (program: string, args: ReadonlyArray<string>, { cwd, env, timeout = 600_000 }: Command) =>
  new Promise<Ended>((resolve, reject) => {
    const start = process.hrtime.bigint()
    const { child, stop } = guarded(() =>
      spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true })
    )
    let late = false
    const timer = setTimeout(() => {
      late = true
      stop()
    }, timeout)
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.once("error", reject)
    child.once("exit", () => {
      clearTimeout(timer)
      // A program that it left behind would keep its output open, and us waiting.
      stop()
    })
    child.once("close", (code) =>
      resolve({ code, stdout, stderr, wall: Number(process.hrtime.bigint() - start) / 1e6, late })
    )
  })

/** Runs a program that has to succeed; otherwise an error with what it said. */
export const must = async (program: string, args: ReadonlyArray<string>, command: Command): Promise<Ended> => {
  const ended = await run(program, args, command)
  if (interrupted) throw new Error("interrupted")
  if (ended.late) throw new Error(`did not finish within ${(command.timeout ?? 600_000) / 1000} s`)
  if (ended.code === 0) return ended
  const said = `${ended.stdout}\n${ended.stderr}`.trim().split("\n").slice(-20).join("\n")
  throw new Error(`${[program, ...args].join(" ")} ended with ${ended.code}:\n${said}`)
}

/** Child processes that measure need a garbage collector they can call, and nothing inherited. */
export const forkOptions = {
  execArgv: ["--expose-gc"],
  serialization: "advanced",
  detached: true
} satisfies ForkOptions
