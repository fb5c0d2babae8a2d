/** What people did before, here and elsewhere. */
import { between, type Day } from "./days.ts"
import { invalid } from "./errors.ts"
import { findExperienceField } from "./experience-fields.ts"
import { type Call, created, done, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { findPerson } from "./persons.ts"
import { type Experience, type ExperienceField, found, type Uuid } from "./records.ts"
import type { Schema } from "./schema.ts"
import type { World } from "./world.ts"

const showField = (world: World, id: Uuid, valueId: Uuid): Schema<"HistoricalExperienceField"> => {
  const field = world.experienceFields.get(id)
  return {
    experienceFieldId: id,
    experienceFieldValueId: valueId,
    fieldName: world.fields.get(field?.fieldId ?? 0)?.name ?? "",
    value: field?.values.get(valueId) ?? ""
  }
}

const show = (world: World, experience: Experience): Schema<"HistoricalExperience"> => {
  const { id, personId: _, project: __, fields, ...rest } = experience
  return {
    historicalExperienceId: id,
    ...rest,
    experienceFields: [...fields].map(([field, value]) => showField(world, field, value))
  }
}

const findExperience = (call: Call): Experience => {
  const person = findPerson(call, call.id("personId"))
  const id = call.uuid("historicalExperienceId")
  const experience = call.world.experiences.get(id)
  return found(experience?.personId === person.id ? experience : undefined, "historicalExperienceId", id)
}

/** The value that a request means: one that the field knows by its id, or a text, which the field then knows too. */
const readValue = ({ world }: Call, field: ExperienceField, fields: input.Fields): Uuid => {
  const valueId = input.optional(fields, "experienceFieldValueId", input.nullable(input.uuid)) ?? null
  if (valueId !== null) {
    if (!field.values.has(valueId)) throw invalid("experienceFieldValueId", valueId, "that of a value of the field")
    return valueId
  }
  const text = input.required(fields, "value", input.text(1, 250))
  const known = [...field.values].find(([, name]) => name === text)?.[0]
  if (known !== undefined) return known
  const id = world.nextUuid()
  field.values.set(id, text)
  return id
}

/** The values of a request by field; fields that the account does not know are passed over. */
const readFields = (call: Call, fields: input.Fields): Map<Uuid, Uuid> => {
  const objects = (value: unknown, at: string) => input.list(value, input.object, at)
  const sent = input.optional(fields, "experienceFields", input.nullable(objects)) ?? []
  return new Map(
    sent.flatMap((one): ReadonlyArray<[Uuid, Uuid]> => {
      const field = call.world.experienceFields.get(input.required(one, "experienceFieldId", input.uuid))
      return field === undefined ? [] : [[field.id, readValue(call, field, one)]]
    })
  )
}

type Assignment = Pick<
  Experience,
  "roleName" | "assignmentStartDate" | "assignmentEndDate" | "assignmentDuration" | "assignmentHours"
>

/** How long an assignment is, both days counted. */
const durationOf = ({ switches }: World, from: Day, to: Day): number => {
  const days = between(from, to) + 1
  return switches.durationUnit === "days" ? days : Math.ceil(days / 7)
}

/** Reads what a request says of an assignment, on top of what is known; a duration that nobody says follows from the dates. */
const readAssignment = (world: World, fields: input.Fields, before: Assignment): Assignment => {
  const assignmentStartDate = input.replaced(fields, "assignmentStartDate", input.day, before.assignmentStartDate)
  const assignmentEndDate = input.replaced(fields, "assignmentEndDate", input.day, before.assignmentEndDate)
  const [from, to] = [assignmentStartDate, assignmentEndDate]
  if (from !== null && to !== null && to < from) throw invalid("assignmentEndDate", to, `on or after ${from}`)
  const dated = fields.assignmentStartDate !== undefined || fields.assignmentEndDate !== undefined
  const days = dated && from !== null && to !== null ? durationOf(world, from, to) : before.assignmentDuration
  return {
    roleName: input.changed(fields, "roleName", input.text(1), before.roleName),
    assignmentStartDate,
    assignmentEndDate,
    assignmentDuration: input.changed(fields, "assignmentDuration", input.whole(0), days),
    assignmentHours: input.replaced(fields, "assignmentHours", input.amount, before.assignmentHours)
  }
}

const nothing: Assignment = {
  roleName: "",
  assignmentStartDate: null,
  assignmentEndDate: null,
  assignmentDuration: 0,
  assignmentHours: null
}

const create = (call: Call): Experience => {
  const person = findPerson(call, call.id("personId"))
  const fields = input.object(call.body)
  input.required(fields, "roleName", input.text(1))
  return {
    id: call.world.nextUuid(),
    personId: person.id,
    project: {
      historicalProjectId: call.world.nextUuid(),
      projectName: input.required(fields, "projectName", input.text(1)),
      projectDescription: input.replaced(fields, "projectDescription", input.text(), null),
      projectStartDate: input.replaced(fields, "projectStartDate", input.day, null),
      projectEndDate: input.replaced(fields, "projectEndDate", input.day, null),
      companyName: input.replaced(fields, "companyName", input.text(), null)
    },
    currentCompany: input.optional(fields, "currentCompany", input.flag) ?? false,
    ...readAssignment(call.world, fields, nothing),
    fields: readFields(call, fields)
  }
}

/** Adds what people did before. */
export const addExperiences = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/persons/{personId}/historical-experiences"
  const one = `${base}/{historicalExperienceId}`

  route("GET", base, (call) => {
    const fields = input.fromQuery(call.query, { offset: "number", limit: "number" })
    const person = findPerson(call, call.id("personId"))
    const all = [...call.world.experiences.values()].filter(({ personId }) => personId === person.id)
    return page(all, fields, { default: 50, max: 100 }, (experience) => show(call.world, experience))
  })

  route("POST", base, (call) => {
    const experience = create(call)
    call.world.experiences.set(experience.id, experience)
    return created({ ...show(call.world, experience), ...experience.project })
  })

  route("GET", one, (call) => ok(show(call.world, findExperience(call))))

  route("PUT", one, (call) => {
    const experience = findExperience(call)
    const fields = input.object(call.body)
    input.required(fields, "roleName", input.text(1))
    if (fields.experienceFields === undefined) throw invalid("experienceFields", null, "given")
    const assignment = readAssignment(call.world, fields, nothing)
    const sent = readFields(call, fields)
    Object.assign(experience, assignment)
    experience.fields.clear()
    for (const [field, value] of sent) experience.fields.set(field, value)
    return ok(show(call.world, experience))
  })

  route("PATCH", one, (call) => {
    const experience = findExperience(call)
    return ok(
      show(call.world, Object.assign(experience, readAssignment(call.world, input.object(call.body), experience)))
    )
  })

  route("DELETE", one, (call) => {
    call.world.experiences.delete(findExperience(call).id)
    return done
  })

  route("POST", `${one}/experience-fields`, (call) => {
    const { fields } = findExperience(call)
    // What is there stays: this operation only adds.
    const added = [...readFields(call, input.object(call.body))].filter(([field]) => !fields.has(field))
    for (const [field, value] of added) fields.set(field, value)
    return created({ experienceFields: added.map(([field, value]) => showField(call.world, field, value)) })
  })

  route("PATCH", `${one}/experience-fields/{experienceFieldId}`, (call) => {
    const { fields } = findExperience(call)
    const field = findExperienceField(call)
    if (!fields.has(field.id)) throw invalid("experienceFieldId", field.id, "that of a value which is there")
    const value = readValue(call, field, input.object(call.body))
    fields.set(field.id, value)
    return ok(showField(call.world, field.id, value))
  })

  route("DELETE", `${one}/experience-fields/{experienceFieldId}`, (call) => {
    const { fields } = findExperience(call)
    const id = call.uuid("experienceFieldId")
    found(fields.get(id), "experienceFieldId", id)
    fields.delete(id)
    return done
  })
}
