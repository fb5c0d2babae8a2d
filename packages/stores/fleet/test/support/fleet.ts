import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import type { StoreSpec } from "./stores.ts"

/** What a worker is to do. */
export interface Job {
  readonly store: StoreSpec
  readonly url: string
  readonly credentials: { readonly login: string; readonly password: string }
  readonly requests: number
  /** Milliseconds between two requests, on average. */
  readonly pause: number
}

/** What a worker is told. */
export type Order = "start" | "end"

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

/** Starts processes, and makes sure that none is left behind. */
export const makeFleet = (job: Job) => {
  const workers = new Set<Worker>()
  const failures: Array<string> = []
  const start = (): Worker => {
    const child = fork(new URL("./worker.ts", import.meta.url), [JSON.stringify(job)], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
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
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...workers].map((worker) => worker.kill()))
    }
  }
}
