/**
 * Who is busy, week by week. A person is available on the working days of their employment that are not time away; on
 * each of these days the shares of all allocations add up. Utilisation is allocated days divided by available days.
 */
import { contains, type Day, weekdayOf } from "../calendar.ts"
import type { Absence, Load, Person, Role } from "../facts.ts"

/** Person-days of one week. */
export interface Cell {
  /** Working days less days away. */
  readonly available: number
  /** What is allocated on these days; more than `available` when somebody is promised twice. */
  readonly allocated: number
  /** What is left of each person's day, added up: one person's excess does not hide another's free time. */
  readonly free: number
}

/** One person over the whole period. */
export interface PersonFigures {
  readonly person: Person
  readonly weeks: ReadonlyArray<Cell>
  /** The first available day with time left. */
  readonly freeFrom: Day | undefined
  /** The first day with more than a whole person allocated. */
  readonly overFrom: Day | undefined
  /** The highest share on any day. */
  readonly peak: number
}

/** The people of one title, added up. */
export interface RoleFigures {
  readonly role: string
  readonly people: number
  readonly weeks: ReadonlyArray<Cell>
}

export interface Utilisation {
  readonly overall: ReadonlyArray<Cell>
  readonly roles: ReadonlyArray<RoleFigures>
  readonly people: ReadonlyArray<PersonFigures>
}

/** Allocated days of available ones, 0–1 and beyond; `undefined` when nobody is available. */
export const ratio = (cell: Cell): number | undefined =>
  cell.available === 0 ? undefined : cell.allocated / cell.available

/** Adds cells up. */
export const total = (cells: ReadonlyArray<Cell>): Cell =>
  cells.reduce(
    (sum, cell) => ({
      available: sum.available + cell.available,
      allocated: sum.allocated + cell.allocated,
      free: sum.free + cell.free
    }),
    { available: 0, allocated: 0, free: 0 }
  )

const byWeek = (rows: ReadonlyArray<ReadonlyArray<Cell>>, weeks: ReadonlyArray<Day>): ReadonlyArray<Cell> =>
  weeks.map((_, week) => total(rows.map((row) => row[week] as Cell)))

/** The items by a key of theirs. */
export const groupBy = <A>(items: ReadonlyArray<A>, key: (item: A) => string): Map<string, Array<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}

/** Percentages that add up to a whole person may miss it by a rounding error. */
export const ENOUGH = 1 + 1e-9

/** Whether the day is a working day of the person's employment that is not time away. */
export const isAvailable = (person: Person, away: ReadonlyArray<Absence>, day: Day): boolean =>
  contains(person.employed, day) &&
  person.workDays.includes(weekdayOf(day)) &&
  !away.some((absence) => contains(absence, day))

const figuresOf = (
  person: Person,
  loads: ReadonlyArray<Load>,
  away: ReadonlyArray<Absence>,
  weeks: ReadonlyArray<Day>
): PersonFigures => {
  let freeFrom: Day | undefined
  let overFrom: Day | undefined
  let peak = 0
  const cells = weeks.map((monday): Cell => {
    let available = 0
    let allocated = 0
    let free = 0
    for (let day = monday; day < monday + 7; day++) {
      if (!isAvailable(person, away, day)) continue
      let share = 0
      for (const load of loads) if (contains(load, day)) share += load.share
      available += 1
      allocated += share
      free += Math.max(0, 1 - share)
      if (share < 1 / ENOUGH) freeFrom ??= day
      if (share > ENOUGH) overFrom ??= day
      peak = Math.max(peak, share)
    }
    return { available, allocated, free }
  })
  return { person, weeks: cells, freeFrom, overFrom, peak }
}

/** Works out the weeks that begin on these Mondays, for active people and projects that are won. */
export const utilisation = (
  facts: {
    readonly people: ReadonlyArray<Person>
    readonly roles: ReadonlyArray<Role>
    readonly absences: ReadonlyArray<Absence>
  },
  weeks: ReadonlyArray<Day>
): Utilisation => {
  const loads = groupBy(
    facts.roles.filter((role) => role.counts).flatMap((role) => role.allocations),
    (allocation) => allocation.person
  )
  const away = groupBy(facts.absences, (absence) => absence.person)
  const people = facts.people
    .filter((person) => person.active)
    .map((person) => figuresOf(person, loads.get(person.id) ?? [], away.get(person.id) ?? [], weeks))
  const roles = [...groupBy(people, ({ person }) => person.title)].map(([role, members]): RoleFigures => {
    const rows = members.map((member) => member.weeks)
    return { role, people: members.length, weeks: byWeek(rows, weeks) }
  })
  return {
    overall: byWeek(
      people.map((person) => person.weeks),
      weeks
    ),
    roles: roles.sort((a, b) => b.people - a.people || (a.role < b.role ? -1 : 1)),
    people
  }
}
