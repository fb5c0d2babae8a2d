/**
 * References into the middle of something: a property of a schema, the body of another operation's answer, its first parameter.
 * openapi-typescript takes them for a path through its types, which leads elsewhere. A schema that is referred to so becomes a
 * component; anything else is put where the reference is.
 */
import type { Pointer } from "./source.ts"
import { byText, get, isObject, type JsonObject, localPointer } from "./tree.ts"

/** A reference, and the place that it is to. */
interface Deep {
  readonly node: JsonObject
  readonly pointer: Pointer
}

/** Whether types have a name for it: a path or webhook, a component, or a definition inside a schema. */
const isNamed = ([first, ...rest]: Pointer): boolean =>
  first === "components"
    ? rest.length === 2 || (rest.length === 4 && rest[2] === "$defs")
    : rest.length === 1 && (first === "paths" || first === "webhooks")

/** What holds things that are no schemas. */
const others: ReadonlySet<unknown> = new Set(["parameters", "responses", "headers", "examples", "links", "callbacks"])

const isSchema = (pointer: Pointer): boolean =>
  (pointer[0] === "components" && pointer[1] === "schemas") ||
  pointer.indexOf("schema", 3) !== -1 ||
  !(others.has(pointer.at(-2)) || others.has(pointer.at(-3)) || pointer.at(-1) === "requestBody")

/** Nearly all references are to a component, and need no further look. */
const usual = /^#\/components\/[^/]+\/[^/]+$/

const deepReferences = (value: unknown, found: Array<Deep> = []): ReadonlyArray<Deep> => {
  if (Array.isArray(value)) for (const item of value) deepReferences(item, found)
  if (!isObject(value)) return found
  const pointer = usual.test(String(value.$ref)) ? undefined : localPointer(value.$ref)
  if (pointer !== undefined && !isNamed(pointer)) found.push({ node: value, pointer })
  for (const member of Object.values(value)) if (typeof member === "object") deepReferences(member, found)
  return found
}

/** What every such pointer has, and says nothing. */
const structural: ReadonlySet<string> = new Set([
  "paths",
  "components",
  "schemas",
  "definitions",
  "$defs",
  "content",
  "schema",
  "properties"
])

/** `#/paths/~1pets/get/responses/200/content/application~1json/schema/items` → `PetsGetResponses200ApplicationJsonItems`. */
const nameOf = (pointer: Pointer, taken: JsonObject): string => {
  const words = pointer.filter((part) => !structural.has(part)).flatMap((part) => part.match(/[\p{L}\p{N}]+/gu) ?? [])
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("")
  let free = name
  for (let n = 2; Object.hasOwn(taken, free); n++) free = `${name}${n}`
  return free
}

/** By what they are to, so that names do not depend on where they stand. */
const inOrder = (found: ReadonlyArray<Deep>): ReadonlyArray<Deep> =>
  [...found].sort((a, b) => byText(a.pointer.join("/"), b.pointer.join("/")))

const member = (value: unknown, key: string): JsonObject => {
  const object = value as JsonObject
  object[key] = isObject(object[key]) ? object[key] : {}
  return object[key] as JsonObject
}

/** The same document without such references. The one that is given is left as it is. */
export const withoutDeepReferences = (document: JsonObject): JsonObject => {
  if (deepReferences(document).length === 0) return document
  const root = structuredClone(document)
  const schemas = member(member(root, "components"), "schemas")
  const names = new Map<unknown, string>()
  // Where everything is has to be known before anything is moved.
  const moves: Array<() => void> = []
  for (const { node, pointer } of inOrder(deepReferences(root))) {
    const key = pointer.at(-1) as string
    const parent = get(root, pointer.slice(0, -1)).value as JsonObject
    const target = get(root, pointer).value
    if (!isObject(target)) continue
    if (!isSchema(pointer)) {
      moves.push(() => {
        delete node.$ref
        Object.assign(node, target)
      })
      continue
    }
    const name = names.get(target) ?? nameOf(pointer, schemas)
    const $ref = `#/components/schemas/${name}`
    if (!names.has(target)) {
      names.set(target, name)
      schemas[name] = target
      moves.push(() => {
        parent[key] = { $ref }
      })
    }
    moves.push(() => {
      node.$ref = $ref
    })
  }
  for (const move of moves) move()
  return root
}
