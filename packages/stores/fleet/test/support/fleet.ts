import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { PolicyInput } from "@keyturn/auth/Policy"
import type { StoreSpec } from "./stores.ts"

/** What a worker is to do. */
export interface Job {
  readonly store: StoreSpec
  readonly url: string
  readonly credentials: { readonly login: string; readonly password: string }
  readonly requests: number
  /** Milliseconds between two requests, on average. */
  readonly pause: number
  /** What the session does beside the fleets' usual. */
  readonly policy?: Pick<PolicyInput, "deadline" | "linger" | "sessions">
}

/** What a worker is told: to begin, to send one more request and tell what came of it, to sign everybody out, to leave. */
export type Order = "start" | "ask" | "everywhere" | "end"

/** What a worker tells: an event of its session or of its own, or a request that failed. */
export type Report = { readonly event: string } | { readonly failed: string }

/** A worker process. */
export interface Worker {
  readonly process: ChildProcess
  /** Resolves when it tells this event; rejects when it exits before. */
  readonly told: (event: string) => Promise<void>
  readonly events: ReadonlyArray<string>
  readonly order: (order: Order) => void
  /** SIGKILL; resolves once it is dead. */
  readonly kill: () => Promise<void>
  readonly exited: Promise<number | null>
}

/** How a worker differs from the others. */
export interface Difference {
  /** Milliseconds by which its clock is ahead. */
  readonly clock?: number
  /** The Node that runs it. Default: this one. */
  readonly node?: string
}

/** Starts processes, and makes sure that none is left behind. */
export const makeFleet = (job: Job) => {
  const workers = new Set<Worker>()
  const failures: Array<string> = []
  const counts = new Map<string, number>()
  const start = ({ clock = 0, node = process.execPath }: Difference = {}): Worker => {
    const child = fork(new URL("./worker.ts", import.meta.url), [JSON.stringify(job)], {
      execPath: node,
      execArgv: ["--disable-warning=ExperimentalWarning", "--experimental-strip-types"],
      env: { ...process.env, CLOCK_AHEAD: String(clock), NODE_COMPILE_CACHE: join(tmpdir(), "keyturn-fleet-cache") },
      stdio: ["ignore", "inherit", "pipe", "ipc"]
    })
    let stderr = ""
    child.stderr?.on("data", (text) => {
      stderr += text
    })
    const events: Array<string> = []
    const waiting = new Map<string, () => void>()
    child.on("message", (report: Report) => {
      if ("failed" in report) failures.push(report.failed)
      else {
        events.push(report.event)
        counts.set(report.event, (counts.get(report.event) ?? 0) + 1)
        waiting.get(report.event)?.()
      }
    })
    const exited = once(child, "exit").then(([code]) => {
      workers.delete(worker)
      return code as number | null
    })
    const worker: Worker = {
      process: child,
      events,
      exited,
      told: (event) =>
        events.includes(event)
          ? Promise.resolve()
          : Promise.race([
              new Promise<void>((resolve) => waiting.set(event, resolve)),
              exited.then((code) => {
                throw new Error(`A worker exited (${code}) before it was ${event}: ${stderr}`)
              })
            ]),
      order: (order) => void child.send(order),
      kill: async () => {
        child.kill("SIGKILL")
        await exited
      }
    }
    exited.catch(() => {})
    workers.add(worker)
    return worker
  }
  return {
    start,
    workers,
    /** What requests failed with. */
    failures,
    /** How often an event was told, by all that ever lived. */
    count: (event: string) => counts.get(event) ?? 0,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...workers].map((worker) => worker.kill()))
    }
  }
}
