/**
 * Where a JSON pointer points in a YAML text. The concrete tree costs several times the text, so it is built only when
 * something has to be shown.
 */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from "yaml"
import type { Span } from "./json-position.ts"

/** A YAML text that can be asked for spans again and again. */
export const yamlSpans = (text: string): ((pointer: ReadonlyArray<string>) => Span) => {
  const document = parseDocument(text, { keepSourceTokens: false, merge: true, strict: false, uniqueKeys: false })
  return (pointer) => spanIn(document, pointer)
}

const spanIn = (document: Document.Parsed | Document, pointer: ReadonlyArray<string>): Span => {
  let node: unknown = document.contents
  let span = rangeOf(node) ?? { start: 0, end: 0 }
  for (const part of pointer) {
    while (isAlias(node)) node = node.resolve(document as Document)
    let child: unknown
    let key: unknown
    if (isMap(node)) {
      const pair = node.items.find((item) => (isScalar(item.key) ? String(item.key.value) : item.key) === part)
      child = pair?.value
      key = pair?.key
      if (pair === undefined) return span
    } else if (isSeq(node)) {
      child = node.items[Number(part)]
    }
    const value = rangeOf(child)
    const keySpan = rangeOf(key)
    if (value === undefined && keySpan === undefined) return span
    const place = value ?? (keySpan as { start: number; end: number })
    span = { ...place, ...(keySpan === undefined ? {} : { key: keySpan }) }
    node = child
  }
  return span
}

const rangeOf = (node: unknown): { start: number; end: number } | undefined =>
  isNode(node) && node.range ? { start: node.range[0], end: node.range[1] } : undefined
