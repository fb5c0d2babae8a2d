/** Custom fields: what an account keeps of its persons and projects besides the usual. */
import { duplicate, forbidden, invalid, Refusal, unprocessable } from "./errors.ts"
import { fieldsOf, findField, ownersWith } from "./field-entries.ts"
import { type Call, done, ok, type Route } from "./http.ts"
import * as input from "./input.ts"
import { type Field, type FieldType, refuseTaken } from "./records.ts"
import type { Schema } from "./schema.ts"
import type { Id, World } from "./world.ts"

const types: ReadonlyArray<FieldType> = [
  "Boolean",
  "Date",
  "Email",
  "PhoneNumber",
  "Image",
  "Text",
  "LongText",
  "SingleSelect",
  "MultiSelect",
  "Address",
  "Currency",
  "Phone",
  "Integer",
  "Number"
]

/** Names that stand for something else in lists and exports. */
const reserved: Readonly<Record<Field["of"], ReadonlyArray<string>>> = {
  person: [
    "Person ID",
    "Photo",
    "Name",
    "Title",
    "Next Availability",
    "Current Project",
    "Issues",
    "Email",
    "Hire Date",
    "Termination Date",
    "Allocated People",
    "Next project",
    "Past projects",
    "Next project start",
    "Current project end",
    "Notes",
    "Certifications",
    "Group",
    "Company Tenure",
    "Industry Tenure",
    "Industry Start Date"
  ],
  project: [
    "Project ID",
    "Project Name",
    "Colour",
    "Start Date",
    "End Date",
    "Roles",
    "Status",
    "Active Phase",
    "Issues",
    "Allocated People",
    "Notes",
    "Group"
  ]
}

const refuseReserved = (of: Field["of"], name: string): void => {
  if (reserved[of].some((other) => other.toLowerCase() === name.toLowerCase())) throw duplicate("name", name)
}

const show = (world: World, field: Field): Schema<"PersonField"> & Schema<"ProjectField"> => {
  const { of, shows: _, choices, ...rest } = field
  return {
    ...rest,
    definedValues:
      choices?.map(({ valueId, text }) => ({
        valueId,
        definedValue: text,
        inUse: ownersWith(world, field, text)
      })) ?? null,
    ...(of === "person"
      ? { personType: ["Salaried", "Hourly"] as const }
      : {
          experienceFieldId:
            [...world.experienceFields.values()].find(({ fieldId }) => fieldId === field.id)?.id ?? null
        })
  }
}

/** Renames a value of a list wherever it is. */
const rename = (world: World, field: Field, from: string, to: string): void => {
  for (const entries of world.fieldEntries.values()) {
    const entry = entries.get(field.id)
    if (entry?.values.includes(from))
      entries.set(field.id, { ...entry, values: entry.values.map((value) => (value === from ? to : value)) })
  }
}

/** Takes a value of a list away from everybody who has it, which a required field does not allow. */
const withdraw = (world: World, field: Field, text: string, experienceToo: boolean): void => {
  const owners = ownersWith(world, field, text)
  if (field.isRequired && owners.length > 0)
    throw unprocessable("DefinedValueError", "A value that a required field has cannot be removed.", "definedValues")
  for (const owner of owners) {
    const entries = world.fieldEntries.get(owner)
    const entry = entries?.get(field.id)
    const left = entry?.values.filter((value) => value !== text) ?? []
    if (entry !== undefined && left.length > 0) entries?.set(field.id, { ...entry, values: left })
    else entries?.delete(field.id)
  }
  if (!experienceToo) return
  for (const { fieldId, values } of world.experienceFields.values())
    if (fieldId === field.id) for (const [id, name] of values) if (name === text) values.delete(id)
}

const changeChoices = (world: World, field: Field, fields: input.Fields): void => {
  const objects = (value: unknown, at: string) => input.list(value, input.object, at)
  const sent = input.optional(fields, "definedValues", input.nullable(objects)) ?? []
  if (sent.length === 0) return
  if (field.type !== "SingleSelect" && field.type !== "MultiSelect")
    throw invalid("definedValues", sent, "absent for a field that is no list")
  const choices = field.choices ?? []
  for (const one of sent) {
    const valueId = input.optional(one, "valueId", input.whole(0, Number.MAX_SAFE_INTEGER)) ?? 0
    const known = choices.find((choice) => choice.valueId === valueId)
    if (valueId !== 0 && known === undefined) throw forbidden("valueId", valueId)
    if (input.optional(one, "forRemoval", input.flag) ?? false) {
      if (known === undefined) throw invalid("valueId", valueId, "that of the value to remove")
      withdraw(world, field, known.text, input.optional(one, "deleteExperienceFieldValues", input.flag) ?? false)
      choices.splice(choices.indexOf(known), 1)
      continue
    }
    const text = input.required(one, "definedValue", input.text(1, 250))
    if (choices.some((choice) => choice !== known && choice.text === text)) throw duplicate("definedValue", text)
    if (known === undefined) choices.push({ valueId: world.nextId(), text })
    else {
      rename(world, field, known.text, text)
      known.text = text
    }
  }
  field.choices = choices
}

const add = ({ world }: Call, of: Field["of"], fields: input.Fields): Field => {
  const name = input.required(fields, "name", input.text(1, 250))
  const type = input.required(fields, "type", input.oneOf(...types))
  refuseReserved(of, name)
  refuseTaken(fieldsOf(world, of), name)
  const isList = type === "SingleSelect" || type === "MultiSelect"
  const field: Field = {
    id: world.nextId(),
    of,
    name,
    type,
    choices: isList ? [] : null,
    isRequired: input.optional(fields, "isRequired", input.flag) ?? false,
    isSystem: false,
    isPrivate: input.optional(fields, "isPrivate", input.flag) ?? false,
    isFinancials: false,
    isLocked: input.optional(fields, "isLocked", input.flag) ?? false,
    displayOrder: Math.max(0, ...fieldsOf(world, of).map((other) => other.displayOrder ?? 0)) + 1,
    shows: null
  }
  changeChoices(world, field, fields)
  world.fields.set(field.id, field)
  return field
}

const change = ({ world }: Call, of: Field["of"], id: Id, fields: input.Fields): Field => {
  const field = findField(world, of, id, "id")
  const name = input.changed(fields, "name", input.text(1, 250), field.name)
  const isPrivate = input.changed(fields, "isPrivate", input.flag, field.isPrivate)
  const type = input.changed(fields, "type", input.oneOf(...types), field.type)
  const isRequired = input.changed(fields, "isRequired", input.flag, field.isRequired)
  const isLocked = input.changed(fields, "isLocked", input.flag, field.isLocked)
  if (type !== field.type) throw invalid("type", type, `${field.type}: the type of a field cannot change`)
  if (name !== field.name) {
    if (field.isSystem) throw duplicate("name", name)
    refuseReserved(of, name)
    refuseTaken(fieldsOf(world, of), name, field)
  }
  if (field.isSystem && isPrivate && !field.isPrivate)
    throw new Refusal(400, {
      errorType: "CannotBeMadePrivate",
      description: "A field that comes with Bench cannot be made private.",
      field: "id",
      values: [String(id)]
    })
  changeChoices(world, field, fields)
  return Object.assign(field, { name, isPrivate, isRequired, isLocked })
}

const addKind = (route: Route, of: Field["of"]): void => {
  const base = `/rp/api/v1/accounts/{accountId}/${of}-fields`

  route("GET", base, ({ world }) => ok(fieldsOf(world, of).map((field) => show(world, field))))

  route("POST", base, (call) => {
    const saved = input.list(call.body, input.object, "body", 1).map((fields) => {
      const id = input.optional(fields, "id", input.id)
      return id === undefined ? add(call, of, fields) : change(call, of, id, fields)
    })
    return ok(saved.map((field) => show(call.world, field)))
  })

  route("DELETE", base, ({ world, body }) => {
    const gone = input.someIds(body).map((id) => findField(world, of, id, "id"))
    if (gone.some((field) => field.isSystem))
      throw unprocessable("NotAllowed", "A field that comes with Bench cannot be removed.")
    for (const { id } of gone) {
      world.fields.delete(id)
      for (const entries of world.fieldEntries.values()) entries.delete(id)
      for (const experience of world.experienceFields.values())
        if (experience.fieldId === id) world.experienceFields.delete(experience.id)
    }
    return done
  })

  route("PUT", `${base}/_reorder`, ({ world, body }) => {
    const orders = input.list(body, input.object, "body", 1).map((fields) => {
      const field = findField(world, of, input.required(fields, "fieldId", input.id))
      if (field.isSystem) throw invalid("fieldId", field.id, "that of a field that does not come with Bench")
      return { field, displayOrder: input.required(fields, "displayOrder", input.whole(1)) }
    })
    for (const { field, displayOrder } of orders) field.displayOrder = displayOrder
    return ok(fieldsOf(world, of).map((field) => show(world, field)))
  })
}

/** Adds the definitions of the fields of persons and of projects. */
export const addFields = (route: Route): void => {
  addKind(route, "person")
  addKind(route, "project")
}
