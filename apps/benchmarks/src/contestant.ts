/**
 * A contender in a process of its own: what one makes the engine optimise for, or collect, is not another's cost. The
 * parent says what to do and when, so that contenders take turns.
 */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { contenderFile } from "./prepare.ts"
import { forkOptions, guarded } from "./process.ts"

/** What a contender's module gives for a configuration. */
export interface Api {
  readonly read: (id: number, signal?: AbortSignal) => Promise<unknown>
  readonly store: (items: unknown) => Promise<unknown>
  readonly close: () => Promise<void>
  /** `count` calls one after the other, for a contender whose users do not leave it for each. */
  readonly repeat?: (call: "read" | "store", argument: unknown, count: number) => Promise<void>
}

/** The process of one contender. */
export interface Contestant {
  readonly name: string
  /** Runs an exported function of the module that this contestant was started with. */
  readonly ask: <A>(task: string, argument?: unknown) => Promise<A>
  readonly stop: () => void
}

/**
 * Starts a process that loads `module` (a file beside this one's `cases`), whose exported functions are its tasks: each
 * gets the contender's file and what the parent gives. `execArgv` are further arguments of Node's.
 */
export const start = (name: string, module: URL, execArgv: ReadonlyArray<string> = []): Contestant => {
  const { child, stop } = guarded(() =>
    fork(fileURLToPath(new URL("./contestant-main.ts", import.meta.url)), {
      ...forkOptions,
      execArgv: [...forkOptions.execArgv, ...execArgv],
      env: { ...process.env, CONTENDER: contenderFile(name), TASKS: module.href, NODE_NO_WARNINGS: "1" }
    })
  )
  let settle: { resolve: (value: never) => void; reject: (error: Error) => void } | undefined
  child.on("message", ({ error, value }: { error?: string; value?: never }) => {
    if (error === undefined) settle?.resolve(value as never)
    else settle?.reject(new Error(`${name}: ${error}`))
  })
  child.once("exit", (code, signal) => settle?.reject(new Error(`${name} ended with ${code ?? signal}`)))
  return {
    name,
    ask: (task, argument) =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject }
        // With a callback, the end of the process is an answer like any other.
        child.send({ task, argument }, (error) => {
          if (error !== null) reject(new Error(`${name} has ended`))
        })
      }),
    stop: () => {
      settle = undefined
      stop()
    }
  }
}
