/** Tells how far the reading has come: one line that moves on a terminal, one line a list anywhere else. On stderr. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export class Progress extends Context.Service<
  Progress,
  {
    /** So many items are to be expected, as far as one can know beforehand. */
    readonly expect: (items: number) => void
    readonly read: (list: string, items: number) => void
    readonly done: (list: string, items: number) => void
    readonly failed: (list: string) => void
  }
>()("nightly/Progress") {
  /** Progress on an output, which is cleared at the end of the scope. */
  static readonly layer = (output: Output) =>
    Layer.effect(
      Progress,
      Effect.gen(function* () {
        let expected = 0
        let count = 0
        let current = ""
        const bar = () => {
          const share = expected === 0 ? 0 : Math.min(1, count / expected)
          const full = Math.round(share * 24)
          const line = `${"█".repeat(full)}${"░".repeat(24 - full)} ${String(Math.round(share * 100)).padStart(3)} %  ${count} read  ${current}`
          return `\r\u001b[2K${line.slice(0, (output.columns || 80) - 1)}`
        }
        const clear = () => {
          if (output.isTTY) output.write("\r\u001b[2K")
        }
        const show = () => {
          if (output.isTTY) output.write(bar())
        }
        const end = (line: string) => {
          clear()
          output.write(`${line}\n`)
          show()
        }
        yield* Effect.addFinalizer(() => Effect.sync(clear))
        return {
          expect: (items) => {
            expected += items
          },
          read: (list, items) => {
            count += items
            current = list
            show()
          },
          done: (list, items) => end(`read ${list}: ${items}`),
          failed: (list) => end(`could not read ${list}`)
        }
      })
    )
}
