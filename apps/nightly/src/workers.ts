/** Several processes that share the work of a run, and the sessions in the store. */
import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { LogLevel } from "effect/LogLevel"
import * as References from "effect/References"
import { TaskFailed } from "./failure.ts"
import { Pool } from "./pool.ts"
import { type RunEvent, RunEventsService } from "./run-events.ts"
import type { Environment } from "./settings.ts"
import type { Input, Output, TaskName, Tell } from "./tasks.ts"

/** What a worker is from its beginning. */
export interface Role {
  readonly process: number
  readonly size: number
  readonly interactive: boolean
  readonly logJson: boolean
  readonly logLevel: LogLevel
}

/** What a worker is told. */
export type Order =
  | { readonly _tag: "Perform"; readonly name: TaskName; readonly input: Input<TaskName> }
  | { readonly _tag: "Stop" }

/** What a worker tells. */
export type Word =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Event"; readonly event: RunEvent }
  | { readonly _tag: "Progress"; readonly done: number; readonly text: string }
  | { readonly _tag: "Done"; readonly value: Output<TaskName> }
  | { readonly _tag: "Failed"; readonly message: string }

interface Job {
  readonly name: TaskName
  readonly input: Input<TaskName>
  readonly tell: Tell
  readonly result: Deferred.Deferred<Output<TaskName>, TaskFailed>
  /** How many workers died of it, or during it. */
  deaths: number
}

interface Worker {
  readonly child: ChildProcess
  readonly ended: Promise<void>
  ready: boolean
  jobs: number
  job: Job | undefined
}

/** A worker that does not end by itself is ended after so many milliseconds. */
const GRACE = 15_000

const program = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url))

/** So many processes. They find everything in the environment, and end with the scope. */
export const workers = (
  size: number,
  environment: Environment,
  { interactive, logJson }: { readonly interactive: boolean; readonly logJson: boolean }
) =>
  Layer.effect(
    Pool,
    Effect.gen(function* () {
      const events = yield* RunEventsService
      const logLevel = yield* References.MinimumLogLevel
      const queue: Array<Job> = []
      const pool: Array<Worker> = []
      let stopping = false

      const settle = (job: Job, result: Effect.Effect<Output<TaskName>, TaskFailed>) =>
        Deferred.doneUnsafe(job.result, result)

      /** Gives work to whoever has done least. Nobody begins before all are there: it is shared from the start. */
      const share = () => {
        if (pool.some(({ ready }) => !ready)) return
        while (queue.length > 0) {
          const [worker] = pool.filter(({ job }) => job === undefined).sort((a, b) => a.jobs - b.jobs)
          if (worker === undefined) return
          const job = queue.shift() as Job
          worker.job = job
          worker.jobs += 1
          worker.child.send({ _tag: "Perform", name: job.name, input: job.input } satisfies Order)
        }
      }

      const hear = (worker: Worker, word: Word) => {
        const { job } = worker
        if (word._tag === "Ready") worker.ready = true
        else if (word._tag === "Event") events.emit(word.event)
        else if (word._tag === "Progress") job?.tell(word.done, word.text)
        else if (job !== undefined) {
          worker.job = undefined
          settle(
            job,
            word._tag === "Done" ? Effect.succeed(word.value) : Effect.fail(new TaskFailed({ message: word.message }))
          )
        }
        share()
      }

      /** What a worker that died was doing is done by another, once. */
      const bury = (worker: Worker) => {
        pool.splice(pool.indexOf(worker), 1)
        const { job } = worker
        if (job !== undefined) {
          job.deaths += 1
          if (job.deaths < 2 && pool.length > 0 && !stopping) queue.unshift(job)
          else
            settle(job, Effect.fail(new TaskFailed({ message: "The processes that worked on it ended unexpectedly." })))
        }
        if (pool.length === 0) {
          for (const waiting of queue.splice(0)) {
            settle(waiting, Effect.fail(new TaskFailed({ message: "No process is left to work on it." })))
          }
        }
        share()
      }

      const start = (number: number): Worker => {
        const child = fork(
          program,
          [JSON.stringify({ process: number, size, interactive, logJson, logLevel } satisfies Role)],
          {
            serialization: "advanced",
            env: environment as NodeJS.ProcessEnv,
            stdio: ["ignore", "ignore", "inherit", "ipc"]
          }
        )
        const worker: Worker = {
          child,
          ended: new Promise((resolve) => child.once("exit", () => resolve())),
          ready: false,
          jobs: 0,
          job: undefined
        }
        child.on("message", (word) => hear(worker, word as Word))
        child.once("exit", () => bury(worker))
        child.once("error", () => bury(worker))
        return worker
      }

      yield* Effect.acquireRelease(
        Effect.sync(() => pool.push(...Array.from({ length: size }, (_, i) => start(i + 1)))),
        () =>
          Effect.promise(async () => {
            stopping = true
            const all = [...pool]
            for (const { child } of all) if (child.connected) child.send({ _tag: "Stop" } satisfies Order)
            const late = setTimeout(() => all.map(({ child }) => child.kill("SIGKILL")), GRACE)
            await Promise.all(all.map(({ ended }) => ended))
            clearTimeout(late)
          })
      )

      return {
        size,
        perform: <K extends TaskName>(name: K, input: Input<K>, tell: Tell) =>
          Effect.suspend(() => {
            const job: Job = { name, input, tell, result: Deferred.makeUnsafe(), deaths: 0 }
            queue.push(job)
            share()
            return Deferred.await(job.result) as Effect.Effect<Output<K>, TaskFailed>
          })
      }
    })
  )
