/**
 * JSON or YAML text to plain data, with everything refused that would hurt later: syntax errors, cycles made of aliases,
 * and documents that are small on disk and endless in memory.
 */
import { parseYaml } from "@redocly/openapi-core"
import { checkJson, JsonSyntaxError } from "./json-position.ts"
import { concreteYaml } from "./yaml-position.ts"

/** A text that is no document. `start` and `end` are offsets into it, where the fault has a place. */
export class ParseFault extends Error {
  readonly rule: string
  readonly hint: string | undefined
  readonly start: number | undefined
  readonly end: number | undefined

  constructor(rule: string, message: string, options: { hint?: string; start?: number; end?: number } = {}) {
    super(message)
    this.rule = rule
    this.hint = options.hint
    this.start = options.start
    this.end = options.end
  }
}

/** Aliases may not blow a document up to more values than this: GitHub's 13 MB description holds about 0.6 million. */
const mostValues = 20_000_000

/** Parses a text. `json` tells which of the two languages it was. */
export const parseText = (text: string): { readonly value: unknown; readonly json: boolean } => {
  if (text.trim() === "") throw new ParseFault("empty-document", "the document is empty")
  const bracket = /^\s*[{[]/.test(text)
  if (bracket) {
    try {
      return { value: JSON.parse(text), json: true }
    } catch {
      // YAML in flow style shows itself at once, by a comment or a key without quotes.
      if (!/^\s*[{[]\s*[A-Za-z#'&*]/.test(text)) throw jsonFault(text)
    }
  }
  return { value: yaml(text), json: false }
}

const jsonFault = (text: string): ParseFault => {
  try {
    checkJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) {
      return new ParseFault("json-syntax", error.message, { start: error.offset, end: error.offset + 1 })
    }
  }
  return new ParseFault("json-syntax", "this is not JSON")
}

const yaml = (text: string): unknown => {
  let value: unknown
  try {
    value = parseYaml(text)
  } catch (error) {
    throw yamlFault(text, error)
  }
  refuseExplosion(text, value)
  return value
}

const yamlFault = (text: string, error: unknown): ParseFault => {
  const [first] = concreteYaml().parseDocument(text, { merge: true }).errors
  if (first !== undefined) {
    const message = (first.message.split("\n")[0] as string).replace(/ at line \d+, column \d+:?$/, "")
    const hint = first.code === "TAB_AS_INDENT" ? "indent with spaces" : undefined
    return new ParseFault(first.code === "DUPLICATE_KEY" ? "duplicate-key" : "yaml-syntax", message, {
      start: first.pos[0],
      end: first.pos[1],
      ...(hint === undefined ? {} : { hint })
    })
  }
  const { reason, mark } = error as { reason?: string; mark?: { position?: number } }
  const start = mark?.position
  return new ParseFault(
    "yaml-syntax",
    reason ?? (error instanceof Error ? error.message : String(error)),
    start === undefined ? {} : { start, end: start + 1 }
  )
}

/** Counts the values as a tree (what every later step walks), though aliases make them share memory as a graph. */
const refuseExplosion = (text: string, value: unknown): void => {
  if (!text.includes("*")) return
  const sizes = new Map<object, number>()
  const size = (node: unknown): number => {
    if (typeof node !== "object" || node === null) return 1
    const known = sizes.get(node)
    if (known === -1) throw aliasFault(text, "alias-cycle", "an alias contains itself", "write the values out")
    if (known !== undefined) return known
    sizes.set(node, -1)
    let total = 1
    for (const child of Object.values(node)) total += size(child)
    sizes.set(node, total)
    return total
  }
  const total = size(value)
  if (total > mostValues) {
    const message = `aliases blow this document up to ${total.toLocaleString("en")} values`
    throw aliasFault(text, "alias-explosion", message, "use $ref instead of nested aliases")
  }
}

const aliasFault = (text: string, rule: string, message: string, hint: string): ParseFault => {
  const alias = /(?:^|[\s,[{:-])(\*[^\s,[\]{}]+)/m.exec(text)
  if (alias === null) return new ParseFault(rule, message, { hint })
  const start = alias.index + alias[0].length - (alias[1] as string).length
  return new ParseFault(rule, message, { hint, start, end: start + (alias[1] as string).length })
}
