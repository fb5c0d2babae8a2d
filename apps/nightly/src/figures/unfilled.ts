/** The roles that nobody has been found for, and how many people that makes, week by week. */
import { contains, type Day, weekdayOf } from "../calendar.ts"
import type { Load, Role } from "../facts.ts"

/** One stretch of a role that nobody fills. */
export interface Gap extends Load {
  readonly role: Role
}

/** How many people of one role are missing: whole working weeks, 0.5 is half a person. */
export interface Demand {
  readonly role: string
  readonly weeks: ReadonlyArray<number>
}

export interface Unfilled {
  /** From the earliest to the latest. */
  readonly gaps: ReadonlyArray<Gap>
  /** From the most wanted role to the least. */
  readonly demand: ReadonlyArray<Demand>
}

/** What the role needs on a day: nothing outside its requirements. */
const neededOn = (role: Role, day: Day): number =>
  role.requirements.reduce((most, load) => (contains(load, day) ? Math.max(most, load.share) : most), 0)

const isWorkDay = (day: Day): boolean => weekdayOf(day) % 6 !== 0

/** Works out what is not over yet on `today`; the demand is that of the weeks that begin on these Mondays. */
export const unfilled = (roles: ReadonlyArray<Role>, today: Day, weeks: ReadonlyArray<Day>): Unfilled => {
  const counting = roles.filter((role) => role.counts)
  const gaps = counting
    .flatMap((role) =>
      role.unfilled
        .filter((range) => range.end >= today)
        .map((range): Gap => {
          const needed = role.requirements.filter((load) => load.start <= range.end && load.end >= range.start)
          return { role, ...range, share: Math.max(0, ...needed.map((load) => load.share)) }
        })
    )
    .sort((a, b) => a.start - b.start || (a.role.id < b.role.id ? -1 : 1))
  const demand = new Map<string, Array<number>>()
  for (const role of counting) {
    for (const range of role.unfilled) {
      const row = demand.get(role.name) ?? weeks.map(() => 0)
      demand.set(role.name, row)
      for (const [week, monday] of weeks.entries()) {
        for (let day = Math.max(monday, range.start); day < monday + 7 && day <= range.end; day++) {
          if (isWorkDay(day)) row[week] = (row[week] as number) + neededOn(role, day) / 5
        }
      }
    }
  }
  const sum = (row: Demand) => row.weeks.reduce((all, count) => all + count, 0)
  return {
    gaps,
    demand: [...demand]
      .map(([role, counts]): Demand => ({ role, weeks: counts }))
      .filter(({ weeks }) => weeks.some((count) => count > 0))
      .sort((a, b) => sum(b) - sum(a) || (a.role < b.role ? -1 : 1))
  }
}
