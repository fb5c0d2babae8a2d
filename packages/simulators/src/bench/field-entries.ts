/** What persons and projects have in their fields. */
import { checkValues } from "./field-types.ts"
import type { Call } from "./http.ts"
import * as input from "./input.ts"
import { type Field, type FieldEntry, found, type Owner } from "./records.ts"
import type { Schema } from "./schema.ts"
import type { Id, World } from "./world.ts"

/** The fields of persons or projects: those that come with Bench first, the others in their order. */
export const fieldsOf = (world: World, of: Field["of"]): ReadonlyArray<Field> =>
  [...world.fields.values()]
    .filter((field) => field.of === of)
    .sort((a, b) => (a.displayOrder ?? 0) - (b.displayOrder ?? 0) || a.id - b.id)

/** Some fields are a property of the person or project under another name. */
const property = (owner: Owner, field: Field): string | null => {
  const value = (owner as unknown as Record<string, string | number | null>)[field.shows ?? ""]
  return value === null || value === undefined ? null : String(value)
}

const setProperty = (owner: Owner, field: Field, value: string | undefined): void => {
  const kept = value === undefined ? null : field.shows === "hourlyCostRate" ? Number(value) : value
  Object.assign(owner, { [field.shows as string]: kept })
}

/** What the owner has in a field; `undefined` when nothing. */
export const entryOf = (world: World, owner: Owner, field: Field): FieldEntry | undefined => {
  if (field.shows === null) return world.fieldEntries.get(owner.id)?.get(field.id)
  const value = property(owner, field)
  return value === null ? undefined : { values: [value], lastModifiedOn: owner.lastModifiedOn }
}

/** The owners that have this value in a field. */
export const ownersWith = (world: World, field: Field, value: string): ReadonlyArray<Id> =>
  [...world.fieldEntries].flatMap(([owner, entries]) => (entries.get(field.id)?.values.includes(value) ? [owner] : []))

/** Values that were read and found good, by field. */
export type Values = ReadonlyMap<Field, ReadonlyArray<string>>

/** A field of persons or projects by its id. */
export const findField = (world: World, of: Field["of"], id: Id, name = "fieldId"): Field => {
  const field = world.fields.get(id)
  return found(field?.of === of ? field : undefined, name, id)
}

/** Reads the values of one field. */
export const readValues = (field: Field, fields: input.Fields): ReadonlyArray<string> => {
  const values = (value: unknown, at: string) => input.list(value, input.text(), at)
  const sent = input.optional(fields, "values", input.nullable(values)) ?? []
  checkValues(field, sent)
  return sent
}

/** Reads a list of fields with their values. */
export const readFieldValues = (call: Call, of: Field["of"], sent: unknown, min = 0): Values =>
  new Map(
    input.list(sent, input.object, "fields", min).map((fields) => {
      const field = findField(call.world, of, input.required(fields, "fieldId", input.id))
      return [field, readValues(field, fields)]
    })
  )

/** Stores values; no values at all empties a field. */
export const writeFieldValues = (call: Call, owner: Owner, values: Values): void => {
  for (const [field, sent] of values) {
    if (field.shows !== null) setProperty(owner, field, sent[0])
    else {
      const entries = call.world.fieldEntries.get(owner.id) ?? new Map<Id, FieldEntry>()
      call.world.fieldEntries.set(owner.id, entries)
      if (sent.length === 0) entries.delete(field.id)
      else entries.set(field.id, { values: sent, lastModifiedOn: call.now })
    }
    owner.lastModifiedOn = call.now
  }
}

/** What the owner has in these fields, empty ones only when asked for. */
export const showValues = (
  world: World,
  owner: Owner,
  fields: ReadonlyArray<Field>,
  empty: boolean
): ReadonlyArray<Schema<"FieldValue">> =>
  fields.flatMap((field) => {
    const entry = entryOf(world, owner, field)
    if (entry === undefined && !empty) return []
    const { name, type, isRequired, isSystem, isPrivate, isFinancials } = field
    return {
      fieldId: field.id,
      name,
      type,
      values: entry?.values ?? [],
      isRequired,
      isSystem,
      isPrivate,
      isFinancials,
      lastModifiedOn: entry?.lastModifiedOn ?? null
    }
  })
