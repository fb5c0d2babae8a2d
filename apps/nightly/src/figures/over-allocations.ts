/** When somebody is promised twice: stretches of working days with more than a whole person allocated. */
import { contains, type Day, type Range } from "../calendar.ts"
import type { Absence, Person, Role } from "../facts.ts"
import { ENOUGH, groupBy, isAvailable } from "./utilisation.ts"

/** Consecutive working days of one person on which the shares add up to more than 1. */
export interface OverAllocation extends Range {
  readonly person: Person
  /** The highest share on any of the days. */
  readonly peak: number
  /** What the days are promised to, by name. */
  readonly projects: ReadonlyArray<string>
}

/** Works them out for the days of a range, the earliest first. */
export const overAllocations = (
  facts: {
    readonly people: ReadonlyArray<Person>
    readonly roles: ReadonlyArray<Role>
    readonly absences: ReadonlyArray<Absence>
  },
  range: Range
): ReadonlyArray<OverAllocation> => {
  const loads = groupBy(
    facts.roles
      .filter((role) => role.counts)
      .flatMap((role) => role.allocations.map((allocation) => ({ ...allocation, project: role.project }))),
    ({ person }) => person
  )
  const away = groupBy(facts.absences, ({ person }) => person)
  const of = (person: Person): ReadonlyArray<OverAllocation> => {
    const own = loads.get(person.id) ?? []
    if (own.length < 2) return []
    const found: Array<OverAllocation> = []
    let open: { start: Day; end: Day; peak: number; projects: Set<string> } | undefined
    const close = () => {
      if (open !== undefined) found.push({ ...open, person, projects: [...open.projects].sort() })
      open = undefined
    }
    for (let day = range.start; day <= range.end; day++) {
      // A weekend or a day off is no end of it.
      if (!isAvailable(person, away.get(person.id) ?? [], day)) continue
      const today = own.filter((load) => contains(load, day))
      const share = today.reduce((sum, load) => sum + load.share, 0)
      if (share <= ENOUGH) {
        close()
        continue
      }
      open ??= { start: day, end: day, peak: 0, projects: new Set() }
      open.end = day
      open.peak = Math.max(open.peak, share)
      for (const { project } of today) open.projects.add(project)
    }
    close()
    return found
  }
  return facts.people
    .filter((person) => person.active)
    .flatMap(of)
    .sort((a, b) => a.start - b.start || b.peak - a.peak || (a.person.id < b.person.id ? -1 : 1))
}
