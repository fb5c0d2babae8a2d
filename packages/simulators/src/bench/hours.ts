/** Reports of a project's hours: by role name, period and person; and before and after a day. Salaried roles only. */
import { dayOf, intersect, type Load, later, plus, type Range, subtract } from "./days.ts"
import { invalid } from "./errors.ts"
import { type Answer, type Call, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { findProject } from "./projects.ts"
import type { Schema } from "./schema.ts"
import {
  type Allocation,
  type Id,
  indexAllocations,
  type Project,
  type Role,
  rolesOf,
  unfilledOf,
  type World,
  workdayOf,
  worksOn
} from "./world.ts"

/** What a load comes to on the project's working days, in hours, not rounded. */
const hoursOf = (world: World, project: Project, loads: ReadonlyArray<Load>): number => {
  const workday = workdayOf(world, project)
  let sum = 0
  for (const load of loads) {
    for (let day = load.startDate; day <= load.endDate; day = plus(day, 1)) {
      if (worksOn(world, project, day)) sum += (workday * load.allocatedPercent) / 100
    }
  }
  return sum
}

/** What a role requires in some of its time. */
const loadsIn = (role: Role, parts: ReadonlyArray<Range>): ReadonlyArray<Load> =>
  parts.flatMap((range) =>
    role.requirements.flatMap((load) => {
      const part = intersect(load, range)
      return part === undefined ? [] : [{ ...part, allocatedPercent: load.allocatedPercent }]
    })
  )

/** Hours by person, and those that nobody fills; whole hours, so that all sums above them agree. */
interface Hours {
  readonly persons: ReadonlyMap<Id, number>
  readonly filled: number
  readonly unfilled: number
}

const hoursIn = (
  world: World,
  project: Project,
  roles: ReadonlyArray<Role>,
  allocations: ReadonlyMap<Id, ReadonlyArray<Allocation>>,
  range: Range | undefined
): Hours => {
  const persons = new Map<Id, number>()
  let open = 0
  for (const role of range === undefined ? [] : roles) {
    const mine = allocations.get(role.id) ?? []
    for (const allocation of mine) {
      const part = intersect(allocation, range as Range)
      const hours = part === undefined ? 0 : hoursOf(world, project, loadsIn(role, [part]))
      if (hours > 0) persons.set(allocation.personId, (persons.get(allocation.personId) ?? 0) + hours)
    }
    const unfilled = unfilledOf(role, mine).flatMap((gap) => intersect(gap, range as Range) ?? [])
    open += hoursOf(world, project, loadsIn(role, unfilled))
  }
  for (const [id, hours] of persons) persons.set(id, Math.round(hours))
  return { persons, filled: [...persons.values()].reduce((a, b) => a + b, 0), unfilled: Math.round(open) }
}

type Period = "Annual" | "Quarter" | "Month" | "Week"

/** The first day of the period that a day is in. */
const startOfPeriod = ({ switches }: World, day: string, period: Period): string => {
  const month = Number(day.slice(5, 7))
  if (period === "Annual") return `${day.slice(0, 4)}-01-01`
  if (period === "Month") return `${day.slice(0, 7)}-01`
  if (period === "Quarter") return `${day.slice(0, 4)}-${String(month - ((month - 1) % 3)).padStart(2, "0")}-01`
  return plus(day, -((new Date(day).getUTCDay() + (switches.weekStart === "Monday" ? 6 : 0)) % 7))
}

const endOfPeriod = (start: string, period: Period): string => {
  if (period === "Week") return plus(start, 6)
  const months = { Annual: 12, Quarter: 3, Month: 1 }[period]
  return plus(dayOf(Date.UTC(Number(start.slice(0, 4)), Number(start.slice(5, 7)) - 1 + months, 1)), -1)
}

/** The periods that a range touches; cut off at its ends when it is their bound. */
const periodsOf = (world: World, range: Range, period: Period, bounded: boolean): ReadonlyArray<Range> => {
  const periods: Array<Range> = []
  for (let start = startOfPeriod(world, range.startDate, period); start <= range.endDate; ) {
    const whole = { startDate: start, endDate: endOfPeriod(start, period) }
    periods.push(bounded ? (intersect(whole, range) as Range) : whole)
    start = plus(whole.endDate, 1)
  }
  return periods
}

const stages = ["Operations", "Preconstruction", "All"] as const

/** What both reports ask for. */
const read = (call: Call, fields: input.Fields) => {
  const { world } = call
  const project = findProject(call, "projectId")
  const range = {
    startDate: input.optional(fields, "startDate", input.day) ?? project.startDate,
    endDate: input.optional(fields, "endDate", input.day) ?? project.endDate
  }
  if (range.endDate < range.startDate) throw invalid("endDate", range.endDate, `on or after ${range.startDate}`)
  const type = input.optional(fields, "roleType", input.oneOf("Salaried", "Hourly", "All")) ?? "Salaried"
  if (type === "Hourly") throw invalid("roleType", type, "Salaried or All: hourly roles are not supported")
  const stage = input.optional(fields, "salariedRoleType", input.oneOf(...stages)) ?? "All"
  input.optional(fields, "opsPreconFilter", input.oneOf(0, 1, 2, 3))
  const nameIds = input.optional(fields, "roleNameIds", input.nullable(input.ids)) ?? []
  const byName = new Map<Id, Array<Role>>()
  for (const role of rolesOf(world, project.id)) {
    if (role.type !== "Salaried" || (stage !== "All" && role.stage !== stage)) continue
    if (nameIds.length > 0 && !nameIds.includes(role.nameId)) continue
    byName.set(role.nameId, [...(byName.get(role.nameId) ?? []), role])
  }
  return { project, range, byName: [...byName], allocations: indexAllocations(world).byRole }
}

const sum = <A>(rows: ReadonlyArray<A>, of: (row: A) => number): number =>
  rows.reduce((total, row) => total + of(row), 0)

/** Pages the rows, which stand in an object with totals. */
const paged = <A>(
  { world }: Call,
  rows: ReadonlyArray<A>,
  window: input.Fields,
  wrap: (shown: ReadonlyArray<A>, summed: ReadonlyArray<A>) => object
): Answer => {
  const answer = page(rows, window, { default: 1000 }, (row) => row)
  const shown = answer.body as ReadonlyArray<A>
  return { ...answer, body: wrap(shown, world.switches.reportTotals === "all" ? rows : shown) }
}

const breakdown = (call: Call): Answer => {
  const { defaultBounded, defaultPeriod } = call.world.switches
  const fields = input.object(call.body)
  const { project, range, byName, allocations } = read(call, fields)
  const period = input.optional(fields, "period", input.oneOf("Annual", "Quarter", "Month", "Week")) ?? defaultPeriod
  const periods = periodsOf(call.world, range, period, input.optional(fields, "bounded", input.flag) ?? defaultBounded)
  const rows = byName.map(([roleNameId, roles]): Schema<"RoleHoursBreakdown"> => {
    const parts = periods.flatMap((one) => {
      const hours = hoursIn(call.world, project, roles, allocations, one)
      if (hours.filled + hours.unfilled === 0) return []
      return {
        ...one,
        personWorkforceSpendHoursBreakdown: [...hours.persons].map(([personId, personWorkforceSpendHours]) => ({
          personId,
          personName: call.world.persons.get(personId)?.name ?? null,
          personWorkforceSpendHours
        })),
        periodWorkforceSpendHoursFilled: hours.filled,
        periodWorkforceSpendHoursUnfilled: hours.unfilled,
        periodWorkforceSpendHoursTotal: hours.filled + hours.unfilled
      }
    })
    return {
      roleNameId,
      roleName: roles[0]?.name ?? null,
      workforceSpendHoursFilled: sum(parts, (part) => part.periodWorkforceSpendHoursFilled),
      workforceSpendHoursUnfilled: sum(parts, (part) => part.periodWorkforceSpendHoursUnfilled),
      workforceSpendHoursTotal: sum(parts, (part) => part.periodWorkforceSpendHoursTotal),
      periodWorkforceSpendHoursBreakdown: parts
    }
  })
  return paged(call, rows, fields, (workforceSpendHoursBreakdown, summed) => ({
    workforceSpendHoursBreakdown,
    totalWorkforceSpendHoursFilled: sum(summed, (row) => row.workforceSpendHoursFilled),
    totalWorkforceSpendHoursUnfilled: sum(summed, (row) => row.workforceSpendHoursUnfilled),
    totalWorkforceSpendHours: sum(summed, (row) => row.workforceSpendHoursTotal)
  }))
}

const overview = (call: Call): Answer => {
  const fields = input.object(call.body)
  const { project, range, byName, allocations } = read(call, fields)
  const today = input.optional(fields, "relativeDate", input.day) ?? call.today
  // A day is over when the next one begins: today is part of what remains.
  const remaining = intersect(range, { startDate: later(today, range.startDate), endDate: range.endDate })
  const [elapsed] = remaining === undefined || today > range.endDate ? [range] : subtract(range, [remaining])
  const left = today > range.endDate ? undefined : remaining
  const rows = byName.map(([roleNameId, roles]): Schema<"RoleHoursOverview"> => {
    const before = hoursIn(call.world, project, roles, allocations, elapsed)
    const after = hoursIn(call.world, project, roles, allocations, left)
    const persons = new Set([...before.persons.keys(), ...after.persons.keys()])
    return {
      roleNameId,
      roleName: roles[0]?.name ?? null,
      workforceSpendHoursElapsedFilled: before.filled,
      workforceSpendHoursElapsedUnfilled: before.unfilled,
      workforceSpendHoursRemainderFilled: after.filled,
      workforceSpendHoursRemainderUnfilled: after.unfilled,
      workforceSpendHoursElapsed: before.filled + before.unfilled,
      workforceSpendHoursRemainder: after.filled + after.unfilled,
      workforceSpendHoursTotal: before.filled + before.unfilled + after.filled + after.unfilled,
      personWorkforceSpendHoursOverview: [...persons].map((personId) => {
        const personElapsedHours = before.persons.get(personId) ?? 0
        const personRemainderHours = after.persons.get(personId) ?? 0
        return {
          personId,
          personName: call.world.persons.get(personId)?.name ?? null,
          personElapsedHours,
          personRemainderHours,
          personTotalHours: personElapsedHours + personRemainderHours
        }
      })
    }
  })
  return paged(call, rows, fields, (workforceSpendHoursOverview, summed) => ({
    workforceSpendHoursOverview,
    totalWorkforceSpendHoursElapsed: sum(summed, (row) => row.workforceSpendHoursElapsed),
    totalWorkforceSpendHoursRemainder: sum(summed, (row) => row.workforceSpendHoursRemainder),
    totalWorkforceSpendHours: sum(summed, (row) => row.workforceSpendHoursTotal)
  }))
}

/** Adds the reports. They are asked for with POST, but only read. */
export const addHours = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/projects/{projectId}/workforce-spend-reports"
  route("POST", `${base}/hours-breakdown`, breakdown, "read")
  route("POST", `${base}/hours-overview`, overview, "read")
}
