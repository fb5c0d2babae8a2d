/**
 * Where a JSON pointer points in a YAML text. The concrete tree costs several times the text, so it is built only when
 * something has to be shown.
 */
import { createRequire } from "node:module"
import type { Document, Pair, YAMLMap } from "yaml"
import type { Span } from "./json-position.ts"

let loaded: typeof import("yaml") | undefined

/** The parser of concrete trees, loaded at its first use: a run without a complaint has none. */
export const concreteYaml = (): typeof import("yaml") => {
  loaded ??= createRequire(import.meta.url)("yaml") as typeof import("yaml")
  return loaded
}

/** A YAML text that can be asked for spans again and again. */
export const yamlSpans = (text: string): ((pointer: ReadonlyArray<string>) => Span) => {
  const options = { keepSourceTokens: false, strict: false, uniqueKeys: false }
  const document = concreteYaml().parseDocument(text, options)
  return (pointer) => spanIn(document as unknown as Document, pointer)
}

const spanIn = (document: Document, pointer: ReadonlyArray<string>): Span => {
  const { isAlias, isMap, isSeq } = concreteYaml()
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
  const { isAlias, isMap, isScalar, isSeq } = concreteYaml()
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
  concreteYaml().isNode(node) && node.range ? { start: node.range[0], end: node.range[1] } : undefined
