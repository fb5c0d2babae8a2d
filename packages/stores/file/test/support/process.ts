import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"

/** Another process with a store on the same file. */
export interface Other extends AsyncDisposable {
  readonly process: ChildProcess
  readonly call: (name: "acquire" | "hold" | "count", ...args: ReadonlyArray<string | number>) => Promise<unknown>
  /** The newest version that it said it had stored. */
  readonly stored: () => number
  /** Resolves when it has stored something more. */
  readonly storing: () => Promise<unknown>
  readonly kill: () => Promise<void>
}

export const startOther = (path: string): Other => {
  const child = fork(new URL("./child.ts", import.meta.url), [path], {
    execArgv: ["--disable-warning=ExperimentalWarning"]
  })
  const failing = new Set<(error: Error) => void>()
  let calls = 0
  let newest = 0
  const waiting = new Map<number, (result: unknown) => void>()
  child.on("message", (message: { id?: number; result?: unknown; stored?: number }) => {
    if (message.stored !== undefined) newest = message.stored
    else waiting.get(message.id as number)?.(message.result)
  })
  const exited = once(child, "exit")
  void exited.then(([code]) => {
    for (const fail of failing) fail(new Error(`The other process exited (${code}).`))
  })
  const kill = async () => {
    child.kill("SIGKILL")
    await exited
  }
  return {
    process: child,
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        waiting.set(++calls, resolve)
        failing.add(reject)
        child.send({ id: calls, name, args })
      }),
    stored: () => newest,
    storing: () => once(child, "message"),
    kill,
    [Symbol.asyncDispose]: kill
  }
}
