/** When people are away, and when they are free. */

import { between, type Day, intersect, later, overlaps, plus, type Range, total, within } from "./days.ts"
import { forbidden, invalid, Refusal } from "./errors.ts"
import { type Call, done, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { findPerson, inState, seesAll } from "./persons.ts"
import type { Schema } from "./schema.ts"
import {
  type AllocationIndex,
  indexAllocations,
  outsideEmployment,
  type Person,
  timeAwayOf,
  type Unavailability,
  type World,
  workOf
} from "./world.ts"

const types = ["PreEmployment", "PostEmployment", "Unavailability", "TimeOff", "All"] as const
const horizon: Range = { startDate: "0001-01-01", endDate: "9999-12-31" }

/** An entry as the interface shows it; what is private keeps its dates and loses its words. */
export const showEntry = (entry: Unavailability, all: boolean): Schema<"Unavailability"> => {
  const { personId: _, ...rest } = entry
  return { ...rest, description: entry.isPrivate && !all ? null : entry.description }
}

/** The time before and after an employment, which has no record and no id of its own. */
const unemployed = (person: Person) =>
  outsideEmployment(person).map((range) => ({ id: 0, ...range, isPrivate: false, description: null, externalId: null }))

const windowOf = (fields: input.Fields): Range => {
  const range = {
    startDate: input.optional(fields, "start", input.day) ?? horizon.startDate,
    endDate: input.optional(fields, "end", input.day) ?? horizon.endDate
  }
  if (range.endDate < range.startDate) throw invalid("end", range.endDate, `on or after ${range.startDate}`)
  return range
}

const readNew = (call: Call, value: unknown, field: string) => {
  const fields = input.object(value, field)
  const startDate = input.required(fields, "startDate", input.day)
  const endDate = input.optional(fields, "endDate", input.nullable(input.day)) ?? horizon.endDate
  if (endDate < startDate) throw invalid(`${field}.endDate`, endDate, `on or after ${startDate}`)
  const isPrivate = input.optional(fields, "isPrivate", input.flag) ?? false
  if (isPrivate && !seesAll(call.principal)) throw cannotBePrivate
  return {
    rangeType: input.optional(fields, "rangeType", input.oneOf("Unavailability", "TimeOff")) ?? ("TimeOff" as const),
    startDate,
    endDate,
    isPrivate,
    description: input.optional(fields, "description", input.nullable(input.text(0, 50))) ?? null,
    externalId: null
  }
}

const cannotBePrivate = new Refusal(403, {
  errorType: "CannotBeMadePrivate",
  description: "You may not make entries private.",
  field: "isPrivate"
})

const overlapped = (status: 400 | 409) =>
  new Refusal(status, { errorType: "Overlapped", description: "The time away overlaps another.", field: "startDate" })

const refuseOutsideEmployment = (person: Person, range: Range) => {
  if (outsideEmployment(person).some((outside) => within(range, outside))) {
    throw invalid("startDate", range.startDate, "inside the person's employment")
  }
}

export const addUnavailabilities = (route: Route): void => {
  const account = "/rp/api/v1/accounts/{accountId}/persons"

  route("GET", `${account}/unavailabilities`, (call) => {
    const fields = input.fromQuery(call.query, {
      start: "text",
      end: "text",
      boundRange: "flag",
      type: "text",
      state: "text",
      personIds: "ids"
    })
    const window = windowOf(fields)
    const bound = input.optional(fields, "boundRange", input.flag) ?? false
    const type = input.optional(fields, "type", input.oneOf(...types))
    const ids = input.optional(fields, "personIds", input.ids)
    const all = seesAll(call.principal)
    const wanted = (rangeType: string) =>
      type === undefined
        ? rangeType === "Unavailability" || rangeType === "TimeOff"
        : type === "All" || type === rangeType
    const keep = inState(fields, "state")
    return ok(
      [...call.world.persons.values()]
        .filter((person) => keep(person) && (ids?.includes(person.id) ?? true))
        .map((person) => ({
          personId: person.id,
          state: person.state,
          unavailabilities: [
            ...timeAwayOf(call.world, person.id).map((entry) => showEntry(entry, all)),
            ...unemployed(person)
          ]
            .filter((entry) => wanted(entry.rangeType) && overlaps(entry, window))
            .map((entry) => (bound ? { ...entry, ...intersect(entry, window) } : entry))
        }))
    )
  })

  route("GET", `${account}/{id}/unavailabilities`, (call) => {
    const fields = input.fromQuery(call.query, {
      start: "text",
      end: "text",
      offset: "number",
      limit: "number",
      sortOrder: "text"
    })
    const window = windowOf(fields)
    const order = input.optional(fields, "sortOrder", input.oneOf("StartDateAscending", "EndDateDescending"))
    const person = findPerson(call)
    const found = timeAwayOf(call.world, person.id).filter((entry) => overlaps(entry, window))
    const sorted = order === "EndDateDescending" ? [...found].sort((a, b) => (a.endDate > b.endDate ? -1 : 1)) : found
    return page(sorted, fields, { default: 2_147_483_647 }, (entry) => showEntry(entry, seesAll(call.principal)))
  })

  route("POST", `${account}/{id}/unavailabilities`, (call) => {
    const { world } = call
    const person = findPerson(call)
    const entries = input.list(call.body, (value, field) => readNew(call, value, field), "body", 1)
    const taken: Array<Range> = [...timeAwayOf(world, person.id)]
    for (const entry of entries) {
      refuseOutsideEmployment(person, entry)
      if (taken.some((other) => overlaps(other, entry))) throw overlapped(400)
      taken.push(entry)
    }
    const added = entries.map((entry): Unavailability => ({ id: world.nextId(), personId: person.id, ...entry }))
    for (const entry of added) world.unavailabilities.set(entry.id, entry)
    return ok(added.map((entry) => showEntry(entry, true)))
  })

  route("PATCH", `${account}/{id}/unavailabilities`, (call) => {
    const { world } = call
    const person = findPerson(call)
    const after = new Map(timeAwayOf(world, person.id).map((entry) => [entry.id, entry]))
    const changed = input.list(call.body, (value, field) => {
      const fields = input.object(value, field)
      const id = input.required(fields, "id", input.id)
      const entry = after.get(id)
      if (entry === undefined) throw forbidden("id", id)
      const startDate = input.optional(fields, "startDate", input.nullable(input.day)) ?? entry.startDate
      const endDate = input.optional(fields, "endDate", input.nullable(input.day)) ?? entry.endDate
      if (endDate < startDate) throw invalid(`${field}.endDate`, endDate, `on or after ${startDate}`)
      const isPrivate = input.optional(fields, "isPrivate", input.nullable(input.flag)) ?? entry.isPrivate
      if (isPrivate && !entry.isPrivate && !seesAll(call.principal)) throw cannotBePrivate
      const description = input.optional(fields, "description", input.nullable(input.text(0, 50)))
      const next = {
        ...entry,
        startDate,
        endDate,
        isPrivate,
        description: description === undefined ? entry.description : description
      }
      refuseOutsideEmployment(person, next)
      after.set(id, next)
      return id
    })
    const entries = [...after.values()]
    if (entries.some((a, i) => entries.some((b, j) => i < j && overlaps(a, b)))) throw overlapped(409)
    for (const entry of entries) world.unavailabilities.set(entry.id, entry)
    return ok(changed.map((id) => showEntry(after.get(id) as Unavailability, true)))
  })

  route("DELETE", `${account}/{id}/unavailabilities`, (call) => {
    const { world } = call
    const person = findPerson(call)
    const ids = input.list(call.body, input.id, "body", 1)
    const mine = new Set(timeAwayOf(world, person.id).map((entry) => entry.id))
    for (const id of ids) if (!mine.has(id)) throw forbidden("id", id)
    for (const id of ids) world.unavailabilities.delete(id)
    return done
  })
}

/** A person's days over a range, each piece with how much of the person is free and why not more. */
const freeTime = (world: World, person: Person, index: AllocationIndex, window: Range) => {
  const away = [
    ...timeAwayOf(world, person.id).map((entry) => ({ ...entry, reason: "Unavailability" as const })),
    ...outsideEmployment(person).map((range) => ({ ...range, reason: range.rangeType }))
  ]
  const work = workOf(world, index.byPerson.get(person.id) ?? [], window)
  // Time away takes all of the day, whatever else is planned.
  return total([...work, ...away.map((range) => ({ ...range, allocatedPercent: 100 }))], window).map((piece) => {
    const absence = away.find((range) => overlaps(range, piece))
    const free = Math.max(0, 100 - piece.allocatedPercent)
    return {
      startDate: piece.startDate,
      endDate: piece.endDate,
      availablePercent: free,
      reason: absence !== undefined ? absence.reason : free > 0 ? ("Available" as const) : ("Allocated" as const)
    }
  })
}

export const addAvailabilities = (route: Route): void => {
  route("GET", "/rp/api/v1/accounts/{accountId}/Persons/availabilities", (call) => {
    const { world } = call
    const fields = input.fromQuery(call.query, {
      relativeDate: "text",
      start: "text",
      end: "text",
      boundRange: "flag",
      ids: "ids",
      includeUnavailable: "flag"
    })
    const today = input.optional(fields, "relativeDate", input.day) ?? call.today
    const startDate = input.optional(fields, "start", input.day) ?? call.today
    const endDate = input.optional(fields, "end", input.day) ?? tenYearsAfter(call.today)
    if (endDate < startDate) throw invalid("end", endDate, `on or after ${startDate}`)
    const bound = input.optional(fields, "boundRange", input.flag) ?? true
    const ids = input.optional(fields, "ids", input.ids)
    const everyone = input.optional(fields, "includeUnavailable", input.flag) ?? false
    const index = indexAllocations(world)
    return ok(
      [...world.persons.values()]
        .filter((person) => person.state === "Active" && (ids?.includes(person.id) ?? true))
        .map((person) => {
          const window = { startDate, endDate }
          const availabilities = bound
            ? freeTime(world, person, index, window)
            : freeTime(world, person, index, horizon).filter((piece) => overlaps(piece, window))
          const next = availabilities.find((piece) => piece.availablePercent > 0 && piece.endDate >= today)
          const nextAvailableDate: Day | null = next === undefined ? null : later(next.startDate, today)
          return {
            personId: person.id,
            nextAvailableDate,
            availableInDays: nextAvailableDate === null ? -1 : between(today, nextAvailableDate),
            availabilities
          }
        })
        .filter((entry) => everyone || entry.availableInDays >= 0)
    )
  })
}

const tenYearsAfter = (day: Day): Day => plus(day, 3652)
