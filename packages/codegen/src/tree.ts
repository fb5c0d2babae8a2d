/**
 * Walking a document as plain data.
 */
import { parsePointer } from "@keyturn/contract"
import type { Pointer } from "./source.ts"

/** A JSON object. */
export type JsonObject = { [key: string]: unknown }

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The items of a value that may not be a list. */
export const listOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

/** The members of a value that may not be an object, without `x-` extensions. */
export const entriesOf = (value: unknown): Array<[string, unknown]> =>
  isObject(value) ? Object.entries(value).filter(([key]) => !key.startsWith("x-")) : []

/** The parts of a `$ref` into the same document, or `undefined` when it is none. */
export const localPointer = (reference: unknown): Pointer | undefined => {
  if (typeof reference !== "string" || !reference.startsWith("#")) return undefined
  try {
    return parsePointer(decodeURIComponent(reference.slice(1)))
  } catch {
    return parsePointer(reference.slice(1))
  }
}

/** A value with the pointer to where it really is. */
export interface Resolved {
  readonly value: unknown
  readonly pointer: Pointer
}

/** Follows `$ref`s inside the document, from the value at `pointer`. A cycle of references alone resolves to nothing. */
export const resolve = (root: unknown, value: unknown, pointer: Pointer): Resolved => {
  let at: Resolved = { value, pointer }
  for (let hops = 0; isObject(at.value) && typeof at.value.$ref === "string"; hops++) {
    const target = localPointer(at.value.$ref)
    if (target === undefined || hops > 100) return { value: undefined, pointer: at.pointer }
    at = get(root, target)
  }
  return at
}

/** The value at a pointer, with references on the way followed. */
export const get = (root: unknown, pointer: Pointer): Resolved => {
  let at: Resolved = { value: root, pointer: [] }
  for (const part of pointer) {
    if (isObject(at.value) && typeof at.value.$ref === "string") at = resolve(root, at.value, at.pointer)
    const { value } = at
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return { value: undefined, pointer }
    at = { value: (value as JsonObject)[part], pointer: [...at.pointer, part] }
  }
  return at
}

/** Text order by code unit: the same on every machine, unlike a locale's. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
