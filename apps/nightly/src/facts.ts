/**
 * What the report is computed from: the few fields of Bench's answers that matter, checked and in one form. A foreign
 * answer is not taken at its word: whatever cannot be read is an error that says where.
 */
import type { components } from "@keyturn/bench/types"
import { type Day, parseDay, type Range } from "./calendar.ts"

type Schemas = components["schemas"]

/** An answer of the API that is not what its document says. The message names the entry and the field. */
export class Unreadable extends Error {
  readonly _tag = "Unreadable"
}

/** So much of a person's time (1 is all of it) from one day to another. */
export interface Load extends Range {
  readonly share: number
}

export interface Account {
  readonly id: number
  readonly name: string
  /** How many of each the account is said to have. */
  readonly counts: { readonly projects: number; readonly people: number }
}

export interface Project {
  readonly id: string
  readonly account: number
  readonly name: string
  /** How many of each the project is said to have. */
  readonly counts: { readonly roles: number; readonly hourlyRoles: number }
}

/** Ids are texts of the account's and the object's own id: two accounts may count alike. */
export interface Person {
  readonly id: string
  readonly account: number
  readonly number: string
  readonly name: string
  readonly title: string
  readonly type: string
  readonly active: boolean
  readonly employed: Range
  /** Days of the week, 0 is Sunday. */
  readonly workDays: ReadonlyArray<number>
}

/** A slot on a project: what it needs, who fills it, and when nobody does. */
export interface Role {
  readonly id: string
  readonly account: number
  readonly name: string
  readonly project: string
  /** Whether it takes part in statistics: the project is won and not cancelled. */
  readonly counts: boolean
  readonly requirements: ReadonlyArray<Load>
  readonly unfilled: ReadonlyArray<Range>
  readonly allocations: ReadonlyArray<Load & { readonly person: string }>
}

export interface Absence extends Range {
  readonly id: string
  readonly person: string
}

/** What somebody may do, and until when; without an end it does not run out. */
export interface Certification {
  readonly id: string
  readonly person: string
  readonly name: string
  readonly expires: Day | undefined
}

/** The id of an object of an account. */
export const idOf = (account: number, id: unknown, what: string): string => {
  if (typeof id !== "number" && (typeof id !== "string" || id === "")) throw new Unreadable(`${what} has no id`)
  return `${account}/${id}`
}

const text = (value: unknown, otherwise: string): string =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : otherwise

const day = (value: unknown, what: string): Day => {
  const found = parseDay(value)
  if (found === undefined) throw new Unreadable(`${what} is not a day such as 2026-01-31`)
  return found
}

const dayOr = (value: unknown, otherwise: Day, what: string): Day =>
  value === null || value === undefined || value === "" ? otherwise : day(value, what)

const rangeOf = (value: { readonly startDate: unknown; readonly endDate: unknown }, what: string): Range => ({
  start: day(value.startDate, `startDate of ${what}`),
  end: day(value.endDate, `endDate of ${what}`)
})

const shareOf = (percent: unknown, what: string): number => {
  if (typeof percent !== "number" || !Number.isFinite(percent) || percent < 0) {
    throw new Unreadable(`allocatedPercent of ${what} is not a number`)
  }
  return percent / 100
}

const weekdays = [1, 2, 3, 4, 5]

export const account = (from: Schemas["Account"]): Account => {
  if (typeof from.id !== "number") throw new Unreadable("an account has no id")
  return {
    id: from.id,
    name: text(from.name, `Account ${from.id}`),
    counts: { projects: from.numProjects ?? 0, people: from.numPeople ?? 0 }
  }
}

export const project = (of: number, from: Schemas["Project"]): Project => ({
  id: idOf(of, from.id, "a project"),
  account: of,
  name: text(from.name, `Project ${from.id}`),
  counts: { roles: from.totalRoles ?? 0, hourlyRoles: from.totalHourlyRoles ?? 0 }
})

export const person = (of: number, from: Schemas["Person"]): Person => {
  const what = `person ${from.id}`
  const { startDate, endDate } = from.employmentDates ?? {}
  return {
    id: idOf(of, from.id, "a person"),
    account: of,
    number: text(from.uniqueId, ""),
    name: text(from.name, `Person ${from.id}`),
    title: text(from.title, "No title"),
    type: text(from.type, "Salaried"),
    active: from.state !== "Deactivated",
    employed: {
      start: dayOr(startDate, Number.NEGATIVE_INFINITY, `startDate of ${what}`),
      end: dayOr(endDate, Number.POSITIVE_INFINITY, `endDate of ${what}`)
    },
    workDays: Array.isArray(from.workDays) ? from.workDays : weekdays
  }
}

export const role = (of: number, from: Schemas["AccountRole"] | Schemas["AccountHourlyRole"]): Role => {
  const what = `role ${from.roleId}`
  const whole = rangeOf(from, what)
  const load = (value: { readonly startDate: unknown; readonly endDate: unknown }): Load => ({
    ...rangeOf(value, what),
    // An hourly role asks for whole people and says no percentage.
    share: "allocatedPercent" in value ? shareOf(value.allocatedPercent, what) : 1
  })
  const requirements = (from.requirements ?? []).map(load)
  const gaps = (from.unfilledRanges ?? []).map((range) => rangeOf(range, what))
  return {
    id: idOf(of, from.roleId, "a role"),
    account: of,
    name: text(from.roleName, "No name"),
    project: text(from.projectName, `Project ${from.projectId}`),
    counts: from.projectType === "Awarded" && from.projectStatus !== "Canceled",
    requirements: requirements.length > 0 ? requirements : [{ ...whole, share: 1 }],
    unfilled: from.isFilled === true ? [] : gaps.length > 0 ? gaps : [whole],
    allocations: (from.allocations ?? []).map((allocation) => ({
      ...load(allocation),
      person: idOf(of, allocation.personId, `an allocation of ${what}`)
    }))
  }
}

export const absences = (of: number, from: Schemas["PersonUnavailabilities"]): ReadonlyArray<Absence> => {
  const who = idOf(of, from.personId, "an entry of time away")
  return (from.unavailabilities ?? []).map((entry) => ({
    ...rangeOf(entry, `time away ${entry.id}`),
    id: `${who}/${entry.id}/${entry.startDate}`,
    person: who
  }))
}

/** A person's entry of the object that the list of certifications is. */
export const certifications = (
  of: number,
  person: string,
  from: ReadonlyArray<Schemas["PersonCertification"]>
): ReadonlyArray<Certification> =>
  from.map((entry) => {
    const what = `certification ${entry.id} of person ${person}`
    return {
      id: idOf(of, `${person}/${entry.id}`, "a certification"),
      person: idOf(of, person, "a person with certifications"),
      name: text(entry.name, `Certification ${entry.id}`),
      expires: entry.expiryDate ? day(entry.expiryDate, `expiryDate of ${what}`) : undefined
    }
  })
