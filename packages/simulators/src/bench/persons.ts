/** Persons: who is planned. They are never deleted, only deactivated. */

import { later } from "./days.ts"
import { duplicate, forbidden, invalid, unprocessable } from "./errors.ts"
import { readFieldValues, writeFieldValues } from "./field-entries.ts"
import { type Call, done, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import type { Principal } from "./options.ts"
import { knownGroupings } from "./records.ts"
import type { Schema } from "./schema.ts"
import {
  type AllocationIndex,
  type Id,
  indexAllocations,
  type Person,
  type Project,
  roleNamed,
  stateOf,
  usualWeek,
  type World,
  whenOf
} from "./world.ts"

/** Whether the caller may see financial fields and private entries. */
export const seesAll = (principal: Principal): boolean => principal.group === "Administrator"

/** A person as the interface shows them. */
export const showPerson = (
  person: Person,
  today: string,
  index: AllocationIndex,
  principal: Principal
): Schema<"Person"> => {
  const { employment, ...rest } = person
  const next = index.conflictsOf(person.id).find((conflict) => conflict.endDate >= today)
  return {
    ...rest,
    hasConflict: next !== undefined,
    nextConflict: next === undefined ? null : later(next.startDate, today),
    hourlyCostRate: seesAll(principal) ? person.hourlyCostRate : null,
    employmentDates: employment
  }
}

export const findPerson = (call: Call, id = call.id("id")): Person => {
  const person = call.world.persons.get(id)
  if (person === undefined) throw forbidden("personId", id)
  return person
}

const refuseTakenEmail = (world: World, email: string | null | undefined, self?: Person) => {
  if (email === null || email === undefined) return
  for (const other of world.persons.values()) {
    if (other !== self && other.email?.toLowerCase() === email.toLowerCase()) throw duplicate("email", email)
  }
}

/** A title has to be one that the account knows. */
const knownTitle = (world: World, title: string): string => {
  if (roleNamed(world, title) === undefined) throw invalid("title", title, "a title that the account knows")
  return title
}

/** Field names in the letter case of the interface, and with the capital that the vendor shows here and there. */
const either = (fields: input.Fields): input.Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value])
  )

const employmentOf = (value: unknown, field: string, before?: Person["employment"]): Person["employment"] => {
  if (value === null) return { startDate: null, endDate: null }
  const fields = either(input.object(value, field))
  const startDate = input.optional(fields, "startDate", input.nullable(input.day))
  const endDate = input.optional(fields, "endDate", input.nullable(input.day))
  const dates = {
    startDate: startDate === undefined ? (before?.startDate ?? null) : startDate,
    endDate: endDate === undefined ? (before?.endDate ?? null) : endDate
  }
  if (dates.startDate !== null && dates.endDate !== null && dates.endDate < dates.startDate) {
    throw invalid(`${field}.endDate`, dates.endDate, `on or after ${dates.startDate}`)
  }
  return dates
}

const personStates = ["Active", "Deactivated", "All"] as const

/** The persons in a state; `Active` when nothing is said. */
export const inState = (fields: input.Fields, name: string): ((person: Person) => boolean) => {
  const state = input.optional(fields, name, input.oneOf(...personStates)) ?? "Active"
  return (person) => state === "All" || person.state === state
}

const search = (
  call: Call,
  window: input.Fields,
  predicates: input.Fields,
  ids: ReadonlyArray<number> | null | undefined
) => {
  const { world, principal } = call
  const today = input.optional(predicates, "relativeDate", input.day) ?? call.today
  const email = input.optional(predicates, "email", input.nullable(input.text()))?.toLowerCase()
  const uniqueId = input.optional(predicates, "uniqueId", input.nullable(input.text()))
  const index = indexAllocations(world)
  const found = [...world.persons.values()]
    .filter(inState(predicates, "state"))
    .filter((person) => ids?.includes(person.id) ?? true)
    .filter((person) => email === undefined || person.email?.toLowerCase() === email)
    .filter((person) => (uniqueId ?? person.uniqueId) === person.uniqueId)
  return page(found, window, { default: 1000 }, (person) => showPerson(person, today, index, principal))
}

/** The projects of a person's allocations, each once, in the order of their start. */
const projectsOf = (
  world: World,
  personId: Id,
  index: AllocationIndex,
  keep: (allocation: { roleId: Id; startDate: string; endDate: string }) => boolean
) => {
  const projects = new Set<Project>()
  for (const allocation of index.byPerson.get(personId) ?? []) {
    const role = world.roles.get(allocation.roleId)
    const project = role && world.projects.get(role.projectId)
    if (project && keep(allocation)) projects.add(project)
  }
  return [...projects].sort((a, b) => (a.startDate < b.startDate ? -1 : a.startDate > b.startDate ? 1 : a.id - b.id))
}

const projectStates = ["Canceled", "Upcoming", "Active", "Complete", "Pursuit", "Lost", "All"] as const

export const addPersons = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/Persons"
  const shown = (call: Call, person: Person) =>
    ok(showPerson(person, call.today, indexAllocations(call.world), call.principal))

  route("GET", base, (call) => {
    const fields = input.fromQuery(call.query, {
      offset: "number",
      limit: "number",
      relativeDate: "text",
      email: "text",
      state: "text",
      ids: "ids",
      uniqueId: "text"
    })
    return search(call, fields, fields, input.optional(fields, "ids", input.ids))
  })

  route("POST", `${base}/_filter`, (call) => {
    const fields = input.object(call.body)
    const predicates = input.object(fields.predicates ?? {}, "predicates")
    return search(call, fields, predicates, input.optional(predicates, "personIds", input.nullable(input.ids)))
  })

  route("POST", base, (call) => {
    const { world } = call
    const fields = input.object(call.body)
    const email = input.optional(fields, "email", input.nullable(input.email)) ?? null
    const title = input.optional(fields, "title", input.nullable(input.text(1, 250))) ?? null
    const groupings = input.optional(fields, "groupings", input.nullable(input.ids)) ?? null
    const values = readFieldValues(call, "person", fields.fields ?? [])
    const person: Person = {
      id: world.nextId(),
      email,
      externalId: null,
      uniqueId: input.optional(fields, "uniqueId", input.nullable(input.text(0, 254))) ?? null,
      name: input.required(fields, "name", input.text(1, 250)),
      type: input.optional(fields, "type", input.oneOf("Salaried", "Hourly")) ?? "Salaried",
      title: title === null ? null : knownTitle(world, title),
      photoUrl: input.optional(fields, "photoUrl", input.nullable(input.text())) ?? null,
      state: "Active",
      hourlyCostRate: null,
      employment: input.optional(fields, "employmentDates", employmentOf) ?? { startDate: null, endDate: null },
      workDays: input.optional(fields, "workDays", input.nullable(input.weekDays)) ?? usualWeek(call.world.switches),
      groupings: groupings === null ? null : knownGroupings(world, groupings),
      industryStartDate: input.optional(fields, "industryStartDate", input.nullable(input.day)) ?? null,
      deactivationReason: null,
      deactivationNotes: null,
      wouldRehire: null,
      lastModifiedOn: call.now
    }
    refuseTakenEmail(world, email)
    world.persons.set(person.id, person)
    writeFieldValues(call, person, values)
    return shown(call, person)
  })

  const current = (type: Person["type"]) => (call: Call) => {
    const { world } = call
    const fields = input.fromQuery(call.query, {
      relativeDate: "text",
      personIds: "ids",
      projectState: "text",
      type: "text"
    })
    const today = input.optional(fields, "relativeDate", input.day) ?? call.today
    const ids = input.optional(fields, "personIds", input.ids)
    const state = input.optional(fields, "projectState", input.oneOf(...projectStates)) ?? "All"
    const stage = input.optional(fields, "type", input.oneOf("Operations", "Preconstruction", "All")) ?? "All"
    const index = indexAllocations(world)
    return ok(
      [...world.persons.values()]
        .filter((person) => person.type === type && person.state === "Active" && (ids?.includes(person.id) ?? true))
        .map((person) => ({
          personId: person.id,
          projects: projectsOf(world, person.id, index, (allocation) => {
            const role = world.roles.get(allocation.roleId)
            return whenOf(allocation, today) === "Current" && (stage === "All" || role?.stage === stage)
          })
            .filter((project) => state === "All" || stateOf(project, today) === state)
            .map((project) => ({
              id: project.id,
              name: project.name,
              colour: project.colour,
              startDate: project.startDate,
              endDate: project.endDate,
              projectType: project.type,
              state: stateOf(project, today)
            }))
        }))
    )
  }
  route("GET", `${base}/current-projects`, current("Salaried"))
  route("GET", `${base}/current-projects-hourly`, current("Hourly"))

  route("GET", `${base}/{id}`, (call) => {
    const fields = input.fromQuery(call.query, { relativeDate: "text" })
    const today = input.optional(fields, "relativeDate", input.day) ?? call.today
    return ok(showPerson(findPerson(call), today, indexAllocations(call.world), call.principal))
  })

  route("PATCH", `${base}/{id}`, (call) => {
    const { world } = call
    const person = findPerson(call)
    const fields = either(input.object(call.body))
    const email = input.optional(fields, "email", input.nullable(input.email))
    const uniqueId = input.optional(fields, "uniqueId", input.nullable(input.text(0, 254)))
    const title = input.optional(fields, "title", input.text(1, 250))
    const employment = input.optional(fields, "employmentDates", (value, field) =>
      employmentOf(value, field, person.employment)
    )
    const patch = {
      name: input.optional(fields, "name", input.text(1, 250)) ?? person.name,
      title: title === undefined ? person.title : knownTitle(world, title),
      workDays: input.optional(fields, "workDays", input.nullable(input.weekDays)) ?? person.workDays
    }
    refuseTakenEmail(world, email, person)
    Object.assign(person, patch, {
      email: email === undefined ? person.email : email,
      uniqueId: uniqueId === undefined ? person.uniqueId : uniqueId,
      employment: employment ?? person.employment,
      lastModifiedOn: call.now
    })
    return shown(call, person)
  })

  const deactivate = (call: Call, body: unknown) => {
    const person = findPerson(call)
    const fields = input.object(body)
    const endDate = input.optional(fields, "employmentEndDate", input.nullable(input.day))
    const reason = input.optional(fields, "deactivationReason", input.nullable(input.text(0, 100))) ?? null
    const notes = input.optional(fields, "deactivationNotes", input.nullable(input.text(0, 240))) ?? null
    const wouldRehire = input.optional(fields, "wouldRehire", input.nullable(input.flag)) ?? null
    person.state = "Deactivated"
    person.deactivationReason = reason
    person.deactivationNotes = notes
    person.wouldRehire = wouldRehire
    if (endDate) person.employment = { ...person.employment, endDate }
    person.lastModifiedOn = call.now
    return done
  }
  route("DELETE", `${base}/{id}`, (call) => deactivate(call, {}))
  route("POST", `${base}/{id}/deactivate`, (call) => deactivate(call, call.body ?? {}))

  route("POST", `${base}/{id}/restore`, (call) => {
    const person = findPerson(call)
    if (person.state === "Active") throw unprocessable("NotAllowed", "The person is active already.", "state")
    const { endDate } = person.employment
    person.state = "Active"
    person.deactivationReason = null
    person.deactivationNotes = null
    person.wouldRehire = null
    // Somebody who is back is not past the end of their employment.
    if (endDate !== null && endDate <= call.today) person.employment = { ...person.employment, endDate: null }
    person.lastModifiedOn = call.now
    return done
  })

  route("PUT", `${base}/{id}/externalId`, (call) => {
    const person = findPerson(call)
    const fields = input.object(call.body)
    if (fields.externalId === undefined) throw invalid("externalId", null, "given")
    person.externalId = input.nullable(input.text(1))(fields.externalId, "externalId")
    person.lastModifiedOn = call.now
    return done
  })

  route("GET", `${base}/{id}/projects`, (call) => {
    const fields = input.fromQuery(call.query, { relativeDate: "text", projectState: "text" })
    const today = input.optional(fields, "relativeDate", input.day) ?? call.today
    const state = input.optional(fields, "projectState", input.oneOf(...projectStates)) ?? "All"
    const person = findPerson(call)
    return ok(
      projectsOf(call.world, person.id, indexAllocations(call.world), () => true)
        .filter((project) => state === "All" || stateOf(project, today) === state)
        .map((project) => ({
          id: project.id,
          name: project.name,
          startDate: project.startDate,
          endDate: project.endDate,
          projectType: project.type,
          projectStatus: stateOf(project, today)
        }))
    )
  })
}
