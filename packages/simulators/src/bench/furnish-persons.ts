/** Makes fields and what people and projects have in them, what people did before, and what they are certified for. */
import { plus } from "./days.ts"
import { promote } from "./experience-fields.ts"
import { instant, type Parts } from "./furnishing.ts"
import { lastNames, skills, tags } from "./names.ts"
import type { Field, FieldEntry } from "./records.ts"
import { certifications, offices, sectors, streets } from "./words.ts"
import type { Id } from "./world.ts"

type Wanted = Pick<Field, "name" | "type"> & Partial<Field> & { readonly list?: ReadonlyArray<string> }

export const addFields = (parts: Parts): ReadonlyMap<string, Field> => {
  const { world } = parts
  const made = new Map<string, Field>()
  let displayOrder = 0
  const add = (of: Field["of"], { list, ...wanted }: Wanted) => {
    const isSystem = wanted.isSystem ?? false
    if (!isSystem) displayOrder++
    const field: Field = {
      id: world.nextId(),
      of,
      choices: list?.map((text) => ({ valueId: world.nextId(), text })) ?? null,
      isRequired: false,
      isSystem,
      isPrivate: false,
      isFinancials: false,
      isLocked: isSystem,
      displayOrder: isSystem ? null : displayOrder,
      shows: null,
      ...wanted
    }
    world.fields.set(field.id, field)
    made.set(`${of} ${field.name}`, field)
  }
  add("person", { name: "Employee ID", type: "Text", isSystem: true, shows: "uniqueId" })
  add("person", {
    name: "Cost Rate (hr)",
    type: "Currency",
    isSystem: true,
    isFinancials: true,
    shows: "hourlyCostRate"
  })
  add("person", { name: "Home Address", type: "Address", isSystem: true, isPrivate: true })
  add("person", { name: "Skill Set", type: "MultiSelect", isSystem: true, list: skills })
  add("person", { name: "Other", type: "LongText", isSystem: true })
  add("person", { name: "Office", type: "SingleSelect", list: offices })
  add("person", { name: "Mobile", type: "PhoneNumber" })
  add("person", { name: "Induction", type: "Date" })
  add("person", { name: "Driver", type: "Boolean" })
  displayOrder = 0
  add("project", { name: "Project Number", type: "Text", isSystem: true, shows: "projectNumber" })
  add("project", { name: "External ID", type: "Text", isSystem: true, shows: "externalId" })
  add("project", { name: "Address", type: "Address", isSystem: true })
  add("project", { name: "Budget", type: "Currency", isSystem: true, isFinancials: true })
  add("project", { name: "Labor Hours (Salaried)", type: "Integer", isSystem: true })
  add("project", { name: "Other", type: "LongText", isSystem: true })
  add("project", { name: "Sector", type: "SingleSelect", list: sectors })
  add("project", { name: "Delivery", type: "SingleSelect", list: tags })
  add("project", { name: "Occupied during works", type: "Boolean" })
  return made
}

export const addFieldValues = (parts: Parts, fields: ReadonlyMap<string, Field>): void => {
  const { world, random } = parts
  const set = (owner: Id, name: string, chance: number, make: () => ReadonlyArray<string>) => {
    if (!random.chance(chance)) return
    const entries = world.fieldEntries.get(owner) ?? new Map<Id, FieldEntry>()
    world.fieldEntries.set(owner, entries)
    entries.set((fields.get(name) as Field).id, { values: make(), lastModifiedOn: instant(parts, 300) })
  }
  const date = (day: string) => day.split("-").reverse().join("/")
  for (const { id, employment } of world.persons.values()) {
    set(id, "person Home Address", 0.8, () => [`${random.between(1, 240)} ${random.pick(streets)}`])
    set(id, "person Skill Set", 0.5, () => random.shuffle(skills).slice(0, random.between(1, 3)))
    set(id, "person Office", 0.9, () => [random.pick(offices)])
    set(id, "person Mobile", 0.7, () => [`+1519555${random.between(1000, 9999)}`])
    set(id, "person Induction", 0.8, () => [date(plus(employment.startDate ?? parts.today, random.between(0, 20)))])
    set(id, "person Driver", 0.6, () => [String(random.chance(0.8))])
  }
  for (const project of world.projects.values()) {
    set(project.id, "project Address", 0.9, () => [`${random.between(1, 240)} ${random.pick(streets)}`])
    set(project.id, "project Budget", 0.9, () => [`${random.between(8, 900) * 100_000}.00`])
    set(project.id, "project Labor Hours (Salaried)", 0.6, () => [String(random.between(4, 60) * 500)])
    set(project.id, "project Sector", 0.95, () => [random.pick(sectors)])
    set(project.id, "project Delivery", 0.8, () => [random.pick(tags)])
    set(project.id, "project Occupied during works", 0.4, () => [String(random.chance(0.3))])
  }
}

export const addExperiences = (parts: Parts, sector: Field): void => {
  const { world, random, today } = parts
  const { id: fieldId, values } = promote(world, sector)
  for (const person of world.persons.values()) {
    if (person.type === "Hourly" || !random.chance(0.3)) continue
    for (let n = random.between(1, 3); n > 0; n--) {
      const start = plus(person.employment.startDate ?? today, -random.between(400, 3000))
      const days = random.between(120, 380)
      const end = plus(start, days)
      const id = world.nextUuid()
      world.experiences.set(id, {
        id,
        personId: person.id,
        project: {
          historicalProjectId: world.nextUuid(),
          projectName: `${random.pick(lastNames)} ${random.pick(sectors)} works`,
          projectDescription: null,
          projectStartDate: start,
          projectEndDate: end,
          companyName: `${random.pick(lastNames)} Construction`
        },
        roleName: person.title ?? "Engineer",
        currentCompany: false,
        assignmentStartDate: start,
        assignmentEndDate: end,
        assignmentDuration: days + 1,
        assignmentHours: random.chance(0.5) ? days * 5 : null,
        fields: new Map([[fieldId, random.pick([...values.keys()])]])
      })
    }
  }
}

export const addCertificates = (parts: Parts): void => {
  const { world, random, today } = parts
  for (const { name, abbreviation, years } of certifications) {
    const id = world.nextId()
    world.certifications.set(id, {
      id,
      name,
      abbreviation,
      requireExpiration: years > 0,
      daysWarnBeforeExpire: years > 0 ? 60 : null
    })
    for (const person of world.persons.values()) {
      if (!random.chance(person.type === "Hourly" ? 0.6 : 0.25)) continue
      // Most were renewed in time, a few run out soon and some have.
      const taken = plus(today, -random.between(0, (years || 8) * 365 + 40))
      const expiryDate = years > 0 ? plus(taken, years * 365) : null
      const one = { personId: person.id, certificationId: id, expiryDate, certificationDate: taken }
      world.personCertifications.add({ ...one, certificationDescription: null })
    }
  }
}
