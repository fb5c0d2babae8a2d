/**
 * Just enough of JSON Schema to say which fields a body has: through `$ref` and `allOf`, over the branches of `oneOf`
 * and `anyOf`.
 */
import type { Operation } from "./operations.ts"
import { entriesOf, isObject, type JsonObject, listOf, resolve } from "./tree.ts"

/** A media type of a body, with its schema. */
export interface Body {
  readonly contentType: string
  readonly schema: unknown
}

/** What a request should be sent as, most usual first: RFC 6749 bodies are forms. */
const preferred = [
  /^application\/x-www-form-urlencoded\b/,
  /^application\/json\b/,
  /\+json\b/,
  /^multipart\/form-data\b/
]

/** The request body of an operation in the media type that a session would send it in. */
export const requestOf = (root: unknown, operation: Operation): Body | undefined => {
  const body = resolve(root, operation.node.requestBody, []).value
  const contents = isObject(body) ? entriesOf(body.content) : []
  const chosen =
    preferred.map((type) => contents.find(([name]) => type.test(name))).find((found) => found) ?? contents[0]
  if (chosen === undefined) return undefined
  return { contentType: chosen[0], schema: isObject(chosen[1]) ? chosen[1].schema : undefined }
}

/** The bodies of an operation's successful answers. */
export const responsesOf = (root: unknown, operation: Operation): ReadonlyArray<Body> => {
  const responses = entriesOf(operation.node.responses)
  const successes = responses.filter(([status]) => /^2/.test(status))
  return (successes.length > 0 ? successes : responses.filter(([status]) => status === "default")).flatMap(
    ([, response]) => {
      const { value } = resolve(root, response, [])
      const contents = isObject(value) ? entriesOf(value.content) : []
      return contents.map(([contentType, media]) => ({
        contentType,
        schema: isObject(media) ? media.schema : undefined
      }))
    }
  )
}

/** A field of an object. */
export interface Field {
  readonly schema: JsonObject
  /** Required in every branch that the object can take. */
  readonly required: boolean
}

/** The fields of an object, and whether it is known to have no others. */
export interface Fields {
  readonly fields: ReadonlyMap<string, Field>
  readonly closed: boolean
}

/** The values that a schema allows one by one, or `undefined` when it does not list them. */
export const valuesOf = (schema: JsonObject | undefined): ReadonlyArray<unknown> | undefined => {
  if (schema?.const !== undefined) return [schema.const]
  return Array.isArray(schema?.enum) ? schema.enum : undefined
}

const none: ReadonlyMap<string, unknown> = new Map()

/** What a schema that is looked at already adds to itself: nothing. */
const itself: Fields = { fields: new Map(), closed: true }

/** The fields of the objects that a schema allows; of its alternatives, those that allow the `given` values count. */
export const fieldsOf = (root: unknown, schema: unknown, given: ReadonlyMap<string, unknown> = none): Fields => {
  const known = new Map<JsonObject, Fields>()
  const within = (part: unknown): Fields => {
    const { value } = resolve(root, part, [])
    if (!isObject(value)) return { fields: new Map(), closed: false }
    const before = known.get(value)
    if (before !== undefined) return before
    known.set(value, itself)
    const found = fieldsIn(root, value, given, within)
    known.set(value, found)
    return found
  }
  return within(schema)
}

/** The fields of one schema, whose parts' are found `within`. */
const fieldsIn = (
  root: unknown,
  value: JsonObject,
  given: ReadonlyMap<string, unknown>,
  within: (part: unknown) => Fields
): Fields => {
  const required = new Set(listOf(value.required))
  const fields = new Map<string, Field>()
  for (const [name, field] of isObject(value.properties) ? Object.entries(value.properties) : []) {
    const resolved = resolve(root, field, []).value
    fields.set(name, { schema: isObject(resolved) ? resolved : {}, required: required.has(name) })
  }
  // A schema that names its properties is taken at its word, although JSON Schema lets unnamed ones pass.
  let named = isObject(value.properties)
  let open = value.additionalProperties !== undefined && value.additionalProperties !== false
  for (const part of listOf(value.allOf)) {
    const inner = within(part)
    for (const [name, field] of inner.fields) {
      fields.set(name, {
        ...field,
        required: field.required || required.has(name) || fields.get(name)?.required === true
      })
    }
    named ||= inner.closed || inner.fields.size > 0
    open ||= !inner.closed && isOpenObject(root, part)
  }
  for (const key of ["oneOf", "anyOf"]) {
    const all = listOf(value[key]).map(within)
    const fitting = all.filter(({ fields }) =>
      [...given].every(([name, constant]) => valuesOf(fields.get(name)?.schema)?.includes(constant) !== false)
    )
    // Where none fits, the values are wrong, which is for others to say.
    const branches = fitting.length > 0 ? fitting : all
    for (const branch of branches) {
      for (const [name, field] of branch.fields) {
        const everywhere = branches.every((other) => other.fields.get(name)?.required)
        if (!fields.has(name)) fields.set(name, { ...field, required: everywhere })
      }
    }
    if (branches.length > 0) {
      named = true
      open ||= branches.some((branch) => !branch.closed)
    }
  }
  return { fields, closed: named && !open }
}

/** Whether the schema says that fields beyond the named ones exist (rather than saying nothing about fields). */
const isOpenObject = (root: unknown, schema: unknown): boolean => {
  const { value } = resolve(root, schema, [])
  return isObject(value) && value.additionalProperties !== undefined && value.additionalProperties !== false
}

/** What a pointer into a value with a schema leads to: a schema (or none, where anything goes), or a missing field. */
export type Look =
  | { readonly found: true; readonly schema: JsonObject | undefined }
  | { readonly found: false; readonly part: string; readonly known: ReadonlyArray<string> }

/** Follows a JSON pointer through the values that a schema describes. */
export const schemaAt = (root: unknown, schema: unknown, pointer: ReadonlyArray<string>): Look => {
  let { value } = resolve(root, schema, [])
  for (const part of pointer) {
    if (!isObject(value)) return { found: true, schema: undefined }
    if (value.items !== undefined && /^\d+$/.test(part)) {
      value = resolve(root, value.items, []).value
      continue
    }
    const { fields, closed } = fieldsOf(root, value)
    const field = fields.get(part)
    if (field === undefined) {
      return closed ? { found: false, part, known: [...fields.keys()] } : { found: true, schema: undefined }
    }
    value = field.schema
  }
  return { found: true, schema: isObject(value) ? value : undefined }
}
