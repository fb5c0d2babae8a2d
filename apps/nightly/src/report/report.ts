/** The report as data: what `report.json` holds, and what the other files are made from. */
import { type Day, dayAt, formatDay, mondayOf } from "../calendar.ts"
import { type Unfilled, unfilled } from "../figures/unfilled.ts"
import { type Cell, ratio, total, type Utilisation, utilisation } from "../figures/utilisation.ts"
import type { Outcome, Reading } from "../steps/bench.ts"
import type { Entry } from "../timeline.ts"

/** Weeks looked at: a quarter of a year. */
const WEEKS = 13

/** Person-days of a week, as the report shows them. */
export interface WeekFigures {
  readonly availableDays: number
  readonly allocatedDays: number
  readonly freeDays: number
  /** Allocated of available days in percent; null when nobody is available. */
  readonly percent: number | null
}

export interface PersonRow {
  readonly account: number
  readonly id: string
  readonly number: string
  readonly name: string
  readonly title: string
  readonly type: string
  readonly active: boolean
  /** The figures over all weeks; null for people who have left, and when they are not known. */
  readonly figures: WeekFigures | null
  readonly freeFrom: string | null
  readonly overFrom: string | null
  readonly peakPercent: number | null
}

export interface Report {
  readonly generatedAt: string
  /** The service that was read. */
  readonly source: string
  /** What was done to the simulator; null for a real service. */
  readonly demo: string | null
  /** Whether every list could be read. */
  readonly complete: boolean
  readonly accounts: ReadonlyArray<{ readonly id: number; readonly name: string }>
  readonly lists: ReadonlyArray<{ readonly list: string; readonly items: number; readonly error: string | null }>
  /** The Monday of each week. */
  readonly weeks: ReadonlyArray<string>
  /** Null when a list it needs could not be read. */
  readonly utilisation: null | {
    readonly overall: ReadonlyArray<WeekFigures>
    readonly period: WeekFigures
    readonly roles: ReadonlyArray<{
      readonly role: string
      readonly people: number
      readonly period: WeekFigures
      readonly weeks: ReadonlyArray<WeekFigures>
    }>
    readonly overAllocated: ReadonlyArray<PersonRow>
  }
  /** Null when the roles could not be read. */
  readonly unfilled: null | {
    /** How many roles; one may have several gaps. */
    readonly roles: number
    /** The stretches that nobody fills and that are not over yet, from the earliest to the latest. */
    readonly gaps: ReadonlyArray<{
      readonly role: string
      readonly project: string
      readonly start: string
      readonly end: string
      readonly percent: number
    }>
    /** People missing, by role and week. */
    readonly demand: ReadonlyArray<{ readonly role: string; readonly weeks: ReadonlyArray<number> }>
  }
  readonly people: ReadonlyArray<PersonRow>
  readonly session: ReadonlyArray<Omit<Entry, "at"> & { readonly at: string; readonly after: number }>
}

const round = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits

const percentOf = (share: number | undefined): number | null => (share === undefined ? null : round(share * 100, 1))

const show = (cell: Cell): WeekFigures => ({
  availableDays: round(cell.available),
  allocatedDays: round(cell.allocated),
  freeDays: round(cell.free),
  percent: percentOf(ratio(cell))
})

const showDay = (day: Day | undefined): string | null => (day === undefined ? null : formatDay(day))

const peopleOf = (reading: Reading, known: Utilisation | undefined): ReadonlyArray<PersonRow> => {
  const figures = new Map(known?.people.map((one) => [one.person.id, one]))
  return (reading.people ?? [])
    .map((person): PersonRow => {
      const found = figures.get(person.id)
      return {
        account: person.account,
        id: person.id.slice(person.id.indexOf("/") + 1),
        number: person.number,
        name: person.name,
        title: person.title,
        type: person.type,
        active: person.active,
        figures: found === undefined ? null : show(total(found.weeks)),
        freeFrom: showDay(found?.freeFrom),
        overFrom: showDay(found?.overFrom),
        peakPercent: percentOf(found?.peak)
      }
    })
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : Number(a.id) - Number(b.id)))
}

const showUnfilled = (found: Unfilled) => ({
  roles: new Set(found.gaps.map(({ role }) => role.id)).size,
  gaps: found.gaps.map(({ end, role, share, start }) => ({
    role: role.name,
    project: role.project,
    start: formatDay(start),
    end: formatDay(end),
    percent: round(share * 100, 0)
  })),
  demand: found.demand.map(({ role, weeks }) => ({ role, weeks: weeks.map((count) => round(count)) }))
})

/** Everything that a report is made from. */
export interface Source {
  readonly reading: Reading
  readonly timeline: ReadonlyArray<Entry>
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly url: string
  readonly demo: string | undefined
}

/** Makes the report. Figures that rest on a list which could not be read are left out, not guessed. */
export const makeReport = ({ demo, now, reading, timeline, url }: Source): Report => {
  const today = dayAt(now)
  // The first week is the present one; on a weekend it is over, and the next one is of interest.
  const weeks = Array.from({ length: WEEKS }, (_, i) => mondayOf(today + 2) + 7 * i)
  const { absences, people, roles } = reading
  const busy = people && roles && absences && utilisation({ people, roles, absences }, weeks)
  const rows = peopleOf(reading, busy)
  const began = timeline[0]?.at ?? now
  return {
    generatedAt: new Date(now).toISOString(),
    source: new URL(url).origin,
    demo: demo ?? null,
    complete: reading.outcomes.every(({ error }) => error === undefined),
    accounts: reading.accounts,
    lists: reading.outcomes.map(({ error, items, list }: Outcome) => ({ list, items, error: error ?? null })),
    weeks: weeks.map(formatDay),
    utilisation:
      busy === undefined
        ? null
        : {
            overall: busy.overall.map(show),
            period: show(total(busy.overall)),
            roles: busy.roles.map((role) => ({
              role: role.role,
              people: role.people,
              period: show(total(role.weeks)),
              weeks: role.weeks.map(show)
            })),
            overAllocated: rows.filter(({ overFrom }) => overFrom !== null)
          },
    unfilled: roles === undefined ? null : showUnfilled(unfilled(roles, today, weeks)),
    people: rows,
    session: timeline.map(({ at, ...entry }) => ({ ...entry, at: new Date(at).toISOString(), after: at - began }))
  }
}
