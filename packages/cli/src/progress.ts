/**
 * One line a document: rewritten in place on a terminal, printed once anywhere else.
 */

/** Where progress goes: a stream that may be a terminal. */
interface Output {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** Tells what is being done. Without an output it says nothing. */
export class Progress {
  readonly #output: Output | undefined

  constructor(output: Output | undefined) {
    this.#output = output
  }

  start(text: string): void {
    if (this.#output?.isTTY) this.#output.write(`… ${text}`)
  }

  done(text: string): void {
    this.#end(`✓ ${text}`)
  }

  failed(text: string): void {
    this.#end(`✗ ${text}`)
  }

  #end(line: string): void {
    const clear = this.#output?.isTTY ? "\r\u001b[K" : ""
    this.#output?.write(`${clear}${line}\n`)
  }
}
