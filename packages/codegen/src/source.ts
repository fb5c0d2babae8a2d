/**
 * A text that was read, with a name to show and a way to find a JSON pointer in it.
 */
import type { Position } from "./diagnostic.ts"
import { type Span, spanInJson } from "./json-position.ts"
import { yamlSpans } from "./yaml-position.ts"

/** A JSON pointer as its unescaped parts. */
export type Pointer = ReadonlyArray<string>

/** A place in a text: a value, or with `onKey` the key that holds it. */
export interface Location {
  readonly source: Source
  readonly pointer: Pointer
  readonly onKey?: boolean
}

/** A text read from a file or URL. */
export class Source {
  /** An absolute path, or a URL. */
  readonly reference: string
  /** As shown: relative to the working directory, or a URL. */
  readonly name: string
  readonly text: string
  readonly #json: boolean
  #lineStarts: ReadonlyArray<number> | undefined
  #yaml: ReturnType<typeof yamlSpans> | undefined

  constructor(reference: string, name: string, text: string, json: boolean) {
    this.reference = reference
    this.name = name
    this.text = text
    this.#json = json
  }

  /** The span of the value at `pointer`, or of its deepest ancestor that exists. */
  span(pointer: Pointer): Span {
    if (this.#json) return spanInJson(this.text, pointer)
    this.#yaml ??= yamlSpans(this.text)
    return this.#yaml(pointer)
  }

  position(start: number, end: number): Position {
    const starts = this.#starts()
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] as number) <= start) low = middle
      else high = middle - 1
    }
    const lineStart = starts[low] as number
    const lineEnd = this.text.indexOf("\n", start)
    const stop = Math.min(end, lineEnd === -1 ? this.text.length : lineEnd)
    return { line: low + 1, column: start - lineStart + 1, length: Math.max(1, stop - start) }
  }

  lineAt = (line: number): string | undefined => {
    const starts = this.#starts()
    const start = starts[line - 1]
    return start === undefined ? undefined : this.text.slice(start, starts[line]).replace(/\r?\n$/, "")
  }

  #starts(): ReadonlyArray<number> {
    if (this.#lineStarts === undefined) {
      const starts = [0]
      for (let at = this.text.indexOf("\n"); at !== -1; at = this.text.indexOf("\n", at + 1)) starts.push(at + 1)
      this.#lineStarts = starts
    }
    return this.#lineStarts
  }
}
