/**
 * Where a JSON pointer points in a JSON text, without building a tree: a document of megabytes is scanned only when
 * something in it has to be shown.
 */

/** Offsets of a value and, for a member of an object, of its key. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly key?: { readonly start: number; readonly end: number }
}

/** What a JSON text breaks the grammar with, and where. */
export class JsonSyntaxError extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** The span of the value at `pointer`, or of the deepest ancestor of it that exists. */
export const spanInJson = (text: string, pointer: ReadonlyArray<string>): Span => {
  const scanner = new Scanner(text)
  let found: Span = { start: 0, end: 0 }
  let at = scanner.space(0)
  let key: Span["key"]
  for (let depth = 0; ; depth++) {
    found = { start: at, end: scanner.value(at), ...(key === undefined ? {} : { key }) }
    const part = pointer[depth]
    if (part === undefined) return found
    const member = scanner.member(at, part)
    if (member === undefined) return found
    at = member.at
    key = member.key
  }
}

/** Throws a `JsonSyntaxError` at the first character that breaks the grammar. */
export const checkJson = (text: string): void => {
  const scanner = new Scanner(text)
  const end = scanner.space(scanner.value(scanner.space(0)))
  if (end < text.length) throw new JsonSyntaxError("text goes on after the end of the document", end)
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON's grammar names them.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const SPACE = /[\t\n\r ]*/y
const WORD = /true|false|null/y

class Scanner {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  space(at: number): number {
    return this.match(SPACE, at) as number
  }

  /** The end of the value that starts at `at`. Kept iterative: a hostile depth must not overflow the stack. */
  value(at: number): number {
    const closers: Array<string> = []
    let end = at
    for (;;) {
      const open = this.text[end]
      if (open === "{" || open === "[") {
        const closer = open === "{" ? "}" : "]"
        const next = this.space(end + 1)
        if (this.text[next] !== closer) {
          closers.push(closer)
          end = open === "{" ? this.keyAndColon(next) : next
          continue
        }
        end = next + 1
      } else {
        end = this.scalar(end)
      }
      // A value is complete: close what it completes, until something expects a further value.
      for (;;) {
        const closer = closers.at(-1)
        if (closer === undefined) return end
        const next = this.space(end)
        if (this.text[next] === closer) {
          closers.pop()
          end = next + 1
        } else if (this.text[next] === ",") {
          end = this.space(next + 1)
          if (closer === "}") end = this.keyAndColon(end)
          break
        } else {
          throw new JsonSyntaxError(`expected "," or "${closer}"`, Math.min(next, this.text.length))
        }
      }
    }
  }

  /** Where the member or element called `part` of the container at `at` has its value. */
  member(at: number, part: string): { readonly at: number; readonly key?: { start: number; end: number } } | undefined {
    const open = this.text[at]
    if (open !== "{" && open !== "[") return undefined
    let next = this.space(at + 1)
    for (let index = 0; this.text[next] !== "}" && this.text[next] !== "]"; index++) {
      if (open === "{") {
        const start = next
        const end = this.string(start)
        next = this.keyAndColon(start)
        if (JSON.parse(this.text.slice(start, end)) === part) return { at: next, key: { start, end } }
      } else if (String(index) === part) {
        return { at: next }
      }
      next = this.space(this.value(next))
      if (this.text[next] === ",") next = this.space(next + 1)
    }
    return undefined
  }

  private keyAndColon(at: number): number {
    if (this.text[at] !== '"') throw new JsonSyntaxError("expected a key in double quotes", at)
    const colon = this.space(this.string(at))
    if (this.text[colon] !== ":") throw new JsonSyntaxError('expected ":" after a key', colon)
    return this.space(colon + 1)
  }

  private string(at: number): number {
    const end = this.match(STRING, at)
    if (end === undefined)
      throw new JsonSyntaxError("this string does not end, or holds a character that must be escaped", at)
    return end
  }

  private scalar(at: number): number {
    if (this.text[at] === '"') return this.string(at)
    const end = this.match(NUMBER, at) ?? this.match(WORD, at)
    if (end !== undefined) return end
    const what = at >= this.text.length ? "the text ends where a value is expected" : "expected a value"
    throw new JsonSyntaxError(what, at)
  }

  private match(pattern: RegExp, at: number): number | undefined {
    pattern.lastIndex = at
    return pattern.test(this.text) ? pattern.lastIndex : undefined
  }
}
