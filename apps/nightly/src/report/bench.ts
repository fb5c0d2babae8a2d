/** The Bench part of the report, worked out from what was read. */
import { type Day, dayAt, formatDay, mondayOf } from "../calendar.ts"
import { type Expiry, expiring } from "../figures/certifications.ts"
import { overAllocations } from "../figures/over-allocations.ts"
import { type Unfilled, unfilled } from "../figures/unfilled.ts"
import { type Cell, ratio, total, type Utilisation, utilisation } from "../figures/utilisation.ts"
import type { ListOutcome, Reading } from "../steps/bench.ts"

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

export interface BenchReport {
  /** The service that was read. */
  readonly source: string
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
  /** Bench forecast: whole people with nothing to do, by week and title, the titles with the most of them first. */
  readonly forecast: null | {
    readonly overall: ReadonlyArray<number>
    readonly roles: ReadonlyArray<{ readonly role: string; readonly weeks: ReadonlyArray<number> }>
  }
  /** When more than a whole person is allocated, and to what; the earliest first. */
  readonly overAllocations: null | ReadonlyArray<{
    readonly person: string
    readonly title: string
    readonly start: string
    readonly end: string
    /** The highest share on any of the days. */
    readonly percent: number
    readonly projects: ReadonlyArray<string>
  }>
  /** Certifications that have run out or will within the period, the earliest first. */
  readonly certifications: null | ReadonlyArray<{
    readonly person: string
    readonly title: string
    readonly certification: string
    readonly expires: string
    /** Days from today; negative when it has run out. */
    readonly days: number
  }>
  readonly people: ReadonlyArray<PersonRow>
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

const showForecast = (known: Utilisation) => {
  const free = (cells: ReadonlyArray<Cell>) => cells.map((cell) => round(cell.free / 5, 1))
  const sum = (row: { readonly weeks: ReadonlyArray<number> }) => row.weeks.reduce((all, count) => all + count, 0)
  return {
    overall: free(known.overall),
    roles: known.roles
      .map(({ role, weeks }) => ({ role, weeks: free(weeks) }))
      .filter((row) => sum(row) > 0)
      .sort((a, b) => sum(b) - sum(a) || (a.role < b.role ? -1 : 1))
  }
}

const showExpiry =
  (today: Day) =>
  ({ certification, expires, person }: Expiry) => ({
    person: person.name,
    title: person.title,
    certification,
    expires: formatDay(expires),
    days: expires - today
  })

/** What this part is made from. */
export interface Source {
  readonly reading: Reading
  /** Milliseconds since the epoch. */
  readonly now: number
  /** The day that the period begins with; its week is the first one. */
  readonly since: Day
  readonly url: string
}

/** Makes this part. Figures that rest on a list which could not be read are left out, not guessed. */
export const benchReport = ({ now, reading, since, url }: Source): BenchReport => {
  const today = dayAt(now)
  // The first week is the one that the day is in; on a weekend it is over, and the next one is of interest.
  const weeks = Array.from({ length: WEEKS }, (_, i) => mondayOf(since + 2) + 7 * i)
  const period = { start: weeks[0] as Day, end: (weeks[0] as Day) + 7 * WEEKS - 1 }
  const { absences, certifications, people, roles } = reading
  const facts = people && roles && absences && { people, roles, absences }
  const busy = facts && utilisation(facts, weeks)
  const rows = peopleOf(reading, busy)
  return {
    source: new URL(url).origin,
    complete: reading.outcomes.every(({ error }) => error === undefined),
    accounts: reading.accounts,
    lists: reading.outcomes.map(({ error, items, list }: ListOutcome) => ({ list, items, error: error ?? null })),
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
    forecast: busy === undefined ? null : showForecast(busy),
    overAllocations:
      facts === undefined
        ? null
        : overAllocations(facts, period).map(({ end, peak, person, projects, start }) => ({
            person: person.name,
            title: person.title,
            start: formatDay(start),
            end: formatDay(end),
            percent: round(peak * 100, 0),
            projects
          })),
    unfilled: roles === undefined ? null : showUnfilled(unfilled(roles, today, weeks)),
    certifications:
      people && certifications ? expiring(people, certifications, period.end).map(showExpiry(today)) : null,
    people: rows
  }
}
