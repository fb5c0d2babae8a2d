/**
 * Schemas that are made of themselves. Through a member of an object that is usual, and TypeScript takes it as it is. Through the
 * items of an array (any JSON value) it needs a type alias. Through `allOf`, `anyOf` and `oneOf` alone no type says it: most of
 * these are a parent that is one of its children, who are all of the parent.
 */
import { isObject, type JsonObject, listOf, localPointer } from "./tree.ts"

const compositions = ["allOf", "anyOf", "oneOf"] as const

/** The name of the component that a reference is to. */
const componentOf = (schema: JsonObject): string | undefined => {
  const [root, kind, name, ...rest] = localPointer(schema.$ref) ?? []
  return root === "components" && kind === "schemas" && rest.length === 0 ? name : undefined
}

const isReference = (schema: unknown): boolean => isObject(schema) && componentOf(schema) !== undefined

/** The components that a schema is made of without a member of an object in between, or an array's items either. */
const madeOf = (schema: unknown, throughItems: boolean): ReadonlyArray<string> => {
  if (!isObject(schema)) return []
  const to = componentOf(schema)
  if (to !== undefined) return [to]
  const items = throughItems ? [schema.items, ...listOf(schema.items), ...listOf(schema.prefixItems)] : []
  return [...compositions.flatMap((key) => listOf(schema[key])), ...items].flatMap((part) => madeOf(part, throughItems))
}

type Leads = (from: string, to: string) => boolean

/** Whether one component is made of another, at any number of steps. */
const leadsIn = (schemas: JsonObject, throughItems: boolean): Leads => {
  const next = new Map(Object.entries(schemas).map(([name, schema]) => [name, madeOf(schema, throughItems)]))
  return (from, to) => {
    const seen = new Set<string>()
    const ahead = [from]
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      for (const made of next.get(name) ?? []) {
        if (made === to) return true
        if (!seen.has(made)) ahead.push(made)
        seen.add(made)
      }
    }
    return false
  }
}

const schemasOf = (document: JsonObject): JsonObject => {
  const { components } = document
  return isObject(components) && isObject(components.schemas) ? components.schemas : {}
}

/** The components that are made of themselves. */
export const recursive = (document: JsonObject): ReadonlySet<string> => {
  const schemas = schemasOf(document)
  const leads = leadsIn(schemas, true)
  return new Set(Object.keys(schemas).filter((name) => leads(name, name)))
}

/** Where a schema gives up what leads back to it: in what it is all of, or among its alternatives. */
type Cut = "allOf" | "alternatives"

/**
 * A part of `name` without references that lead back to it: each gives way to what it adds. Of what the schema is all of that is not
 * the alternatives, for the schema is one of them. `seen` are those that were added: twice is no more than once.
 */
const cut = (
  part: unknown,
  name: string,
  how: Cut,
  schemas: JsonObject,
  leads: Leads,
  seen = new Set([name])
): ReadonlyArray<unknown> => {
  if (!isObject(part)) return [part]
  const to = componentOf(part)
  if (to === undefined) {
    const keys = compositions.filter((key) => part[key] !== undefined && (key === "allOf") === (how === "allOf"))
    const inner = (key: string) => listOf(part[key]).flatMap((one) => cut(one, name, how, schemas, leads, seen))
    return [{ ...part, ...Object.fromEntries(keys.map((key) => [key, inner(key)])) }]
  }
  if (to !== name && !leads(to, name)) return [part]
  const target = schemas[to]
  if (seen.has(to) || !isObject(target)) return []
  seen.add(to)
  const { anyOf, discriminator, oneOf, ...own } = target
  return cut(how === "allOf" ? own : target, name, how, schemas, leads, seen)
}

/** The same document without schemas that are composed of themselves. The one that is given is left as it is. */
export const withoutSelfCompositions = (document: JsonObject): JsonObject => {
  let schemas = schemasOf(document)
  const before = schemas
  // Children give up their parent first, so that it can still be one of them.
  for (const how of ["allOf", "alternatives"] as const) {
    const leads = leadsIn(schemas, false)
    const names = Object.keys(schemas).filter((name) => !isReference(schemas[name]) && leads(name, name))
    if (names.length === 0) break
    const given = schemas
    const rewritten = names.map((name) => [name, cut(given[name], name, how, given, leads)[0]] as const)
    schemas = { ...schemas, ...Object.fromEntries(rewritten) }
  }
  if (schemas === before) return document
  return { ...document, components: { ...(document.components as JsonObject), schemas } }
}
