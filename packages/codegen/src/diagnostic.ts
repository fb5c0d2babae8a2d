/**
 * What the generator has to say about a document: where, which rule, what is wrong and what to do about it.
 */

/** An error stops the generation; a warning does not. */
export type Severity = "error" | "warning"

/** A finding with its place in a source text. Lines and columns count from 1. */
export interface Diagnostic {
  readonly severity: Severity
  /** The rule that was broken, in kebab-case: stable, to search for and to filter by. */
  readonly rule: string
  readonly message: string
  /** What to do about it, where that is known. */
  readonly hint?: string
  /** A path relative to the working directory, or a URL. */
  readonly file: string
  /** Absent when the finding is about the file as a whole. */
  readonly position?: Position
  /** The offending lines with the offending text underlined. */
  readonly frame?: string
}

/** Where a piece of text starts, and how much of it (on its first line) is meant. */
export interface Position {
  readonly line: number
  readonly column: number
  readonly length: number
}

/** One or more documents could not be generated from; every reason is in `diagnostics`. */
export class GenerateError extends Error {
  override readonly name = "GenerateError"
  readonly _tag = "GenerateError"
  readonly diagnostics: ReadonlyArray<Diagnostic>
  /** The files (not URLs) that were read, or looked for: what a watcher has to watch. */
  readonly inputs: ReadonlyArray<string>

  constructor(diagnostics: ReadonlyArray<Diagnostic>, inputs: ReadonlyArray<string> = []) {
    const errors = diagnostics.filter((diagnostic) => diagnostic.severity === "error")
    super(errors.map((diagnostic) => `${placeOf(diagnostic)} ${diagnostic.rule}: ${diagnostic.message}`).join("\n"))
    this.diagnostics = inReadingOrder(diagnostics)
    this.inputs = inputs
  }
}

/** In reading order: by file, as they first come up, then by place. */
export const inReadingOrder = (diagnostics: ReadonlyArray<Diagnostic>): ReadonlyArray<Diagnostic> => {
  const files = [...new Set(diagnostics.map(({ file }) => file))]
  const rank = ({ file, position }: Diagnostic) => [files.indexOf(file), position?.line ?? 0, position?.column ?? 0]
  return diagnostics
    .map((diagnostic) => ({ diagnostic, rank: rank(diagnostic) }))
    .sort((a, b) => {
      const first = a.rank.findIndex((value, index) => value !== b.rank[index])
      return first === -1 ? 0 : (a.rank[first] as number) - (b.rank[first] as number)
    })
    .map(({ diagnostic }) => diagnostic)
}

/** `file:line:column`, or what is known of it. */
export const placeOf = ({ file, position }: Diagnostic): string =>
  position === undefined ? file : `${file}:${position.line}:${position.column}`

/** A diagnostic as a compiler prints it: place, severity and rule; message; frame; hint. */
export const formatDiagnostic = (diagnostic: Diagnostic): string =>
  [
    `${placeOf(diagnostic)} ${diagnostic.severity} ${diagnostic.rule}`,
    `  ${diagnostic.message}`,
    ...(diagnostic.frame === undefined ? [] : ["", diagnostic.frame]),
    ...(diagnostic.hint === undefined ? [] : ["", `  hint: ${diagnostic.hint}`])
  ].join("\n")

const frameWidth = 110

/** The line of a position with the line before it, and the text meant underlined. A long line is cut around it. */
export const frameOf = (lineAt: (line: number) => string | undefined, { line, column, length }: Position): string => {
  const numbers = [line - 1, line].filter((number) => number > 0)
  const width = String(line).length
  // A minified document is one line of megabytes: show the part that matters.
  const from = Math.max(0, Math.min(column - 1 - 20, (lineAt(line) ?? "").length - frameWidth))
  const rows = numbers.map((number) => {
    const text = lineAt(number) ?? ""
    const cut = text.slice(from, from + frameWidth)
    const mark = number === line ? ">" : " "
    return `  ${mark} ${String(number).padStart(width)} | ${cut}`.trimEnd()
  })
  const room = Math.max(1, Math.min(length, frameWidth - (column - 1 - from)))
  return [...rows, `    ${" ".repeat(width)} | ${" ".repeat(Math.max(0, column - 1 - from))}${"^".repeat(room)}`].join(
    "\n"
  )
}

/** The nearest of some names to one that is not among them, when it is near enough to be a slip. */
export const nearest = (name: string, names: Iterable<string>): string | undefined => {
  let best: string | undefined
  let least = Math.max(2, Math.ceil(name.length / 3)) + 1
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), least)
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

/** A hint naming the nearest known name, or all of them when they are few. */
export const didYouMean = (name: string, names: ReadonlyArray<string>): string | undefined => {
  const near = nearest(name, names)
  if (near !== undefined) return `did you mean "${near}"?`
  if (names.length === 0 || names.length > 12) return undefined
  return `known here: ${names.map((known) => `"${known}"`).join(", ")}`
}

/** Levenshtein's distance, given up (as `limit`) once it cannot come out below the limit. */
const editDistance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      next[j] = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + cost)
    }
    if (Math.min(...next) >= limit) return limit
    row = next
  }
  return row[b.length] as number
}
