/**
 * Where a JSON pointer points in a YAML text. The concrete tree costs several times the text, so it is built only when
 * something has to be shown.
 */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from "yaml"
import type { Span } from "./json-position.ts"

/** A YAML text that can be asked for spans again and again. */
export const yamlSpans = (text: string): ((pointer: ReadonlyArray<string>) => Span) => {
  const document = parseDocument(text, { keepSourceTokens: false, strict: false, uniqueKeys: false })
  return (pointer) => spanIn(document as unknown as Document, pointer)
}

const spanIn = (document: Document, pointer: ReadonlyArray<string>): Span => {
  let node: unknown = document.contents
  let span = rangeOf(node) ?? { start: 0, end: 0 }
  for (const part of pointer) {
    while (isAlias(node)) node = node.resolve(document)
    let child: unknown
    let key: unknown
    if (isMap(node)) {
      const pair = memberOf(node, part, document)
      if (pair === undefined) return span
      child = pair.value
      key = pair.key
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

/** A member of a map, its own or one that a merge key (`<<`) brings in. */
const memberOf = (map: YAMLMap, name: string, document: Document): Pair | undefined => {
  const named = (wanted: string) => map.items.find(({ key }) => (isScalar(key) ? String(key.value) : key) === wanted)
  const own = named(name)
  if (own !== undefined) return own
  const merged = named("<<")?.value
  const sources: ReadonlyArray<unknown> = isSeq(merged) ? merged.items : [merged]
  for (const source of sources) {
    const target = isAlias(source) ? source.resolve(document) : source
    const found = isMap(target) ? memberOf(target, name, document) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

const rangeOf = (node: unknown): { start: number; end: number } | undefined =>
  isNode(node) && node.range ? { start: node.range[0], end: node.range[1] } : undefined
