/** The operations on what persons and projects have in their fields, of one and of all. */
import { invalid } from "./errors.ts"
import {
  entryOf,
  fieldsOf,
  findField,
  readFieldValues,
  readValues,
  showValues,
  writeFieldValues
} from "./field-entries.ts"
import { type Call, doneEitherWay, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { findPerson, inState, seesAll } from "./persons.ts"
import { findProject } from "./projects.ts"
import type { Field, Owner } from "./records.ts"
import type { Schema } from "./schema.ts"

/** The fields that the caller may see. */
const visible = (call: Call, of: Field["of"]): ReadonlyArray<Field> =>
  fieldsOf(call.world, of).filter((field) => seesAll(call.principal) || !(field.isPrivate || field.isFinancials))

/** Keeps the fields that tell of experience when only those are asked for. */
const classified = (call: Call, fields: input.Fields, all: ReadonlyArray<Field>): ReadonlyArray<Field> => {
  const which = input.optional(fields, "classification", input.oneOf("All", "Experience")) ?? "All"
  const promoted = new Set([...call.world.experienceFields.values()].map(({ fieldId }) => fieldId))
  return which === "All" ? all : all.filter(({ id }) => promoted.has(id))
}

const addOwned = (route: Route, of: Field["of"], owners: string, find: (call: Call) => Owner): void => {
  const base = `/rp/api/v1/accounts/{accountId}/${owners}/${of}-field-values`

  route("GET", base, (call) => {
    const fields = input.fromQuery(call.query, {
      includeEmpty: "flag",
      ...(of === "project" && { classification: "text" })
    })
    const empty = input.optional(fields, "includeEmpty", input.flag) ?? false
    const owner = find(call)
    const chosen = classified(call, fields, visible(call, of))
    return ok(showValues(call.world, owner, chosen, empty))
  })

  route("POST", base, (call) => {
    const owner = find(call)
    const values = readFieldValues(call, of, call.body, 1)
    for (const field of fieldsOf(call.world, of)) {
      if (field.isRequired && (values.get(field)?.length ?? 0) === 0)
        throw invalid("fieldId", field.id, `given: the field ${field.name} is required`)
    }
    writeFieldValues(call, owner, values)
    return doneEitherWay(call)
  })

  route("PATCH", base, (call) => {
    const owner = find(call)
    writeFieldValues(call, owner, readFieldValues(call, of, call.body, 1))
    return doneEitherWay(call)
  })

  route("DELETE", base, (call) => {
    const owner = find(call)
    const gone = input.someIds(call.body).map((id) => findField(call.world, of, id))
    writeFieldValues(call, owner, new Map(gone.map((field) => [field, []])))
    return doneEitherWay(call)
  })

  route("PATCH", `${base}/{fieldId}`, (call) => {
    const owner = find(call)
    const field = findField(call.world, of, call.id("fieldId"))
    writeFieldValues(call, owner, new Map([[field, readValues(field, input.object(call.body))]]))
    return doneEitherWay(call)
  })
}

/** Whether the owner has this text in the field that comes with Bench under this name. */
const has = (call: Call, owner: Owner, of: Field["of"], name: string, text: string | undefined): boolean => {
  if (text === undefined) return true
  const field = fieldsOf(call.world, of).find((one) => one.isSystem && one.name === name)
  return field !== undefined && (entryOf(call.world, owner, field)?.values.includes(text) ?? false)
}

/** A project's values also say what they are in terms of experience. */
const showExperience = (
  call: Call,
  value: Schema<"FieldValue">
): NonNullable<Schema<"ProjectFieldValues">["fields"]>[number] => {
  const known = [...call.world.experienceFields.values()].find(({ fieldId }) => fieldId === value.fieldId)
  if (known === undefined) return { ...value, experienceFieldId: null, experienceFieldValueIds: null }
  const ids = [...known.values].flatMap(([id, text]) => (value.values?.includes(text) ? [id] : []))
  return { ...value, experienceFieldId: known.id, experienceFieldValueIds: ids }
}

/** Adds field values: those of one person or project, and the feeds of all. */
export const addFieldValues = (route: Route): void => {
  addOwned(route, "person", "persons/{personId}", (call) => findPerson(call, call.id("personId")))
  addOwned(route, "project", "projects/{projectId}", (call) => findProject(call, "projectId"))

  route("GET", "/rp/api/v1/Accounts/{accountId}/person-field-values", (call) => {
    const { world } = call
    const fields = input.fromQuery(call.query, {
      includeEmpty: "flag",
      state: "text",
      personIds: "ids",
      offset: "number",
      limit: "number",
      employeeId: "text"
    })
    const empty = input.optional(fields, "includeEmpty", input.flag) ?? false
    const ids = input.optional(fields, "personIds", input.ids)
    const employeeId = input.optional(fields, "employeeId", input.text())
    const persons = [...world.persons.values()]
      .filter(inState(fields, "state"))
      .filter((person) => ids?.includes(person.id) ?? true)
      .filter((person) => has(call, person, "person", "Employee ID", employeeId))
    const chosen = visible(call, "person")
    return page(persons, fields, { default: 1000 }, (person) => ({
      personId: person.id,
      fields: showValues(world, person, chosen, empty)
    }))
  })

  route("GET", "/rp/api/v1/Accounts/{accountId}/project-field-values", (call) => {
    const { world } = call
    const fields = input.fromQuery(call.query, {
      includeEmpty: "flag",
      projectIds: "ids",
      offset: "number",
      limit: "number",
      projectNumber: "text",
      externalId: "text",
      classification: "text"
    })
    const empty = input.optional(fields, "includeEmpty", input.flag) ?? false
    const ids = input.optional(fields, "projectIds", input.ids)
    const number = input.optional(fields, "projectNumber", input.text())
    const externalId = input.optional(fields, "externalId", input.text())
    const projects = [...world.projects.values()]
      .filter((project) => ids?.includes(project.id) ?? true)
      .filter((project) => has(call, project, "project", "Project Number", number))
      .filter((project) => has(call, project, "project", "External ID", externalId))
    const chosen = classified(call, fields, visible(call, "project"))
    return page(projects, fields, { default: 1000 }, (project) => ({
      projectId: project.id,
      fields: showValues(world, project, chosen, empty).map((value) => showExperience(call, value))
    }))
  })
}
