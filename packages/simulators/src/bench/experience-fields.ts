/** The custom fields of projects that tell of experience, and the values that they know. */
import { invalid } from "./errors.ts"
import { entryOf, fieldsOf, findField } from "./field-entries.ts"
import { type Call, done, doneEitherWay, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { type ExperienceField, type Field, found } from "./records.ts"
import type { Schema } from "./schema.ts"
import type { World } from "./world.ts"

export const findExperienceField = (call: Call): ExperienceField => {
  const id = call.uuid("experienceFieldId")
  return found(call.world.experienceFields.get(id), "experienceFieldId", id)
}

const show = (world: World, { id, fieldId }: ExperienceField): Schema<"ExperienceField"> => {
  const { name, type, isRequired } = findField(world, "project", fieldId)
  return { experienceFieldId: id, projectFieldId: fieldId, name, type, isRequired }
}

const showValue = ([experienceFieldValueId, name]: readonly [string, string]) => ({ experienceFieldValueId, name })

/** Makes a field tell of experience: it knows its list's values, or those that projects have. */
export const promote = (world: World, field: Field): ExperienceField => {
  const texts =
    field.choices?.map(({ text }) => text) ??
    [...world.projects.values()].flatMap((project) => entryOf(world, project, field)?.values ?? [])
  const experience: ExperienceField = {
    id: world.nextUuid(),
    fieldId: field.id,
    values: new Map([...new Set(texts)].map((text) => [world.nextUuid(), text]))
  }
  world.experienceFields.set(experience.id, experience)
  return experience
}

const candidates = (world: World): ReadonlyArray<Field> => {
  const promoted = new Set([...world.experienceFields.values()].map(({ fieldId }) => fieldId))
  return fieldsOf(world, "project").filter((field) => !field.isSystem && !promoted.has(field.id))
}

/** Adds experience fields and their values. */
export const addExperienceFields = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/experience-fields"

  route("GET", base, ({ world }) => ok([...world.experienceFields.values()].map((field) => show(world, field))))

  route("GET", `${base}/candidates`, ({ world }) =>
    ok(candidates(world).map(({ id, name }) => ({ customFieldId: id, name })))
  )

  route("POST", base, ({ world, body }) => {
    const able = candidates(world)
    const chosen = input.someIds(body).map((id) => {
      const field = findField(world, "project", id)
      if (!able.includes(field)) throw invalid("body", id, "that of a candidate")
      return field
    })
    return ok(chosen.map((field) => show(world, promote(world, field))))
  })

  route("DELETE", `${base}/{experienceFieldId}`, (call) => {
    const { id } = findExperienceField(call)
    call.world.experienceFields.delete(id)
    for (const { fields } of call.world.experiences.values()) fields.delete(id)
    return doneEitherWay(call)
  })

  const values = `${base}/{experienceFieldId}/values`
  const nameIn = (value: unknown) => input.required(input.object(value), "name", input.text(1, 250))

  route("GET", values, (call) => {
    const fields = input.fromQuery(call.query, { offset: "number", limit: "number", name: "text" })
    const name = (input.optional(fields, "name", input.text()) ?? "").toLowerCase()
    const known = [...findExperienceField(call).values].filter(([, text]) => text.toLowerCase().includes(name))
    return page(known, fields, { default: 1000 }, showValue)
  })

  route("POST", values, (call) => {
    const field = findExperienceField(call)
    const added = input
      .list(call.body, nameIn, "body", 1)
      .map((name): readonly [string, string] => [call.world.nextUuid(), name])
    for (const [id, name] of added) field.values.set(id, name)
    return ok(added.map(showValue))
  })

  const findValue = (call: Call) => {
    const { id, values: known } = findExperienceField(call)
    const valueId = call.uuid("experienceFieldValueId")
    found(known.get(valueId), "experienceFieldValueId", valueId)
    return { id, known, valueId }
  }
  route("POST", `${values}/{experienceFieldValueId}`, (call) => {
    const { known, valueId } = findValue(call)
    known.set(valueId, nameIn(call.body))
    return done
  })

  route("DELETE", `${values}/{experienceFieldValueId}`, (call) => {
    const { id, known, valueId } = findValue(call)
    known.delete(valueId)
    for (const { fields } of call.world.experiences.values()) if (fields.get(id) === valueId) fields.delete(id)
    return done
  })
}
