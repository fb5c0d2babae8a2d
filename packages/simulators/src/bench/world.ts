/** What a simulated Bench knows: the records of each account, and the facts that follow from them. */
import { type Day, intersect, type Load, overlaps, plus, type Range, subtract, total } from "./days.ts"
import type { BenchSwitches } from "./inferred.ts"
import type { Records } from "./records.ts"

/** How one record refers to another. */
export type Id = number

/** A day of the week. Which one 0 is, is a switch. */
export type WeekDay = 0 | 1 | 2 | 3 | 4 | 5 | 6

export interface Account {
  readonly id: Id
  readonly name: string
  readonly organizationId: string
  readonly companyType: string
  readonly marketSegment: string
  readonly isDemo: boolean
}

/** When a project is in one of the account's phases, whose id it has. */
export interface Phase extends Range {
  readonly id: Id
  readonly lastModifiedOn: string
}

export interface Project extends Range {
  readonly id: Id
  name: string
  colour: string
  startDate: Day
  endDate: Day
  startTime: string
  endTime: string
  workDays: ReadonlyArray<WeekDay>
  type: "Awarded" | "Opportunity"
  /** Ended by a decision rather than by its dates. */
  closed: "Canceled" | "Lost" | null
  winPercent: number | null
  phases: ReadonlyArray<Phase>
  groupings: ReadonlyArray<Id> | null
  description: string | null
  externalId: string | null
  projectNumber: string | null
  lastModifiedOn: string
}

export interface Person {
  readonly id: Id
  email: string | null
  externalId: string | null
  uniqueId: string | null
  name: string
  readonly type: "Salaried" | "Hourly"
  title: string | null
  photoUrl: string | null
  state: "Active" | "Deactivated"
  hourlyCostRate: number | null
  employment: { readonly startDate: Day | null; readonly endDate: Day | null }
  workDays: ReadonlyArray<WeekDay>
  groupings: ReadonlyArray<Id> | null
  industryStartDate: Day | null
  deactivationReason: string | null
  deactivationNotes: string | null
  wouldRehire: boolean | null
  lastModifiedOn: string
}

/** A slot on a project. Salaried roles belong to a phase of the work, hourly ones do not. */
export interface Role extends Range {
  readonly id: Id
  readonly projectId: Id
  readonly type: "Salaried" | "Hourly"
  readonly stage: "Operations" | "Preconstruction"
  nameId: Id
  name: string
  startDate: Day
  endDate: Day
  requirements: ReadonlyArray<Load>
  note: string | null
  categoryId: Id | null
  billable: boolean
  skillSet: ReadonlyArray<Id> | null
  externalId: string | null
  readonly taskId: string | null
  readonly createdOn: string
}

export interface Allocation extends Range {
  readonly id: string
  readonly roleId: Id
  readonly personId: Id
  readonly startDate: Day
  readonly endDate: Day
}

export interface Unavailability extends Range {
  readonly id: Id
  readonly personId: Id
  readonly rangeType: "Unavailability" | "TimeOff"
  startDate: Day
  endDate: Day
  isPrivate: boolean
  description: string | null
  readonly externalId: string | null
}

/** A name that roles can have, which is also the title of the people who can fill them. */
export interface RoleName {
  readonly id: Id
  name: string
  readonly hourly: boolean
  readonly stage: "Operations" | "Preconstruction"
  /** Cost of an hour, in the account's currency. */
  hourlyCost: number | null
  /** Whether callers should show the names by the alphabet. */
  alphabetize: boolean
}

/** The records of one account. */
export interface World extends Records {
  readonly account: Account
  /** How it behaves where the vendor does not say. */
  readonly switches: BenchSwitches
  readonly roleNames: Map<Id, RoleName>
  readonly projects: Map<Id, Project>
  readonly persons: Map<Id, Person>
  readonly roles: Map<Id, Role>
  readonly allocations: Map<string, Allocation>
  readonly unavailabilities: Map<Id, Unavailability>
  /** A number that no record has yet. */
  nextId(): Id
  /** A UUID that no record has yet. */
  nextUuid(): string
}

/** The accounts by id. */
export interface Worlds {
  get(accountId: Id): World | undefined
}

const collect = <A>(items: Iterable<A>, keep: (item: A) => boolean): Array<A> => {
  const kept: Array<A> = []
  for (const item of items) if (keep(item)) kept.push(item)
  return kept
}

export const rolesOf = (world: World, projectId: Id): ReadonlyArray<Role> =>
  collect(world.roles.values(), (role) => role.projectId === projectId)

/** Removes a role and who fills it. */
export const removeRole = (world: World, role: Role): void => {
  world.roles.delete(role.id)
  for (const allocation of world.allocations.values()) {
    if (allocation.roleId === role.id) world.allocations.delete(allocation.id)
  }
}

/** The role name of this text. */
export const roleNamed = (world: World, name: string, hourly?: boolean): RoleName | undefined => {
  for (const known of world.roleNames.values()) {
    if (known.name === name && (hourly ?? known.hourly) === known.hourly) return known
  }
  return undefined
}

export const timeAwayOf = (world: World, personId: Id): ReadonlyArray<Unavailability> =>
  collect(world.unavailabilities.values(), (entry) => entry.personId === personId).sort((a, b) =>
    a.startDate < b.startDate ? -1 : 1
  )

/** The roles of an account by project, its allocations by role and by person. They change, so the index is made for one answer. */
export interface AllocationIndex {
  readonly byProject: ReadonlyMap<Id, ReadonlyArray<Role>>
  readonly byRole: ReadonlyMap<Id, ReadonlyArray<Allocation>>
  readonly byPerson: ReadonlyMap<Id, ReadonlyArray<Allocation>>
  /** When a person is planned for more than all of their time. */
  conflictsOf(personId: Id): ReadonlyArray<Range>
}

export const indexAllocations = (world: World): AllocationIndex => {
  const byProject = new Map<Id, Array<Role>>()
  const byRole = new Map<Id, Array<Allocation>>()
  const byPerson = new Map<Id, Array<Allocation>>()
  const put = <A>(map: Map<Id, Array<A>>, key: Id, item: A) => {
    const held = map.get(key)
    if (held === undefined) map.set(key, [item])
    else held.push(item)
  }
  for (const role of world.roles.values()) put(byProject, role.projectId, role)
  for (const allocation of world.allocations.values()) {
    put(byRole, allocation.roleId, allocation)
    put(byPerson, allocation.personId, allocation)
  }
  const conflicts = new Map<Id, ReadonlyArray<Range>>()
  return {
    byProject,
    byRole,
    byPerson,
    conflictsOf: (personId) => {
      const known =
        conflicts.get(personId) ??
        workOf(world, byPerson.get(personId) ?? []).filter((load) => load.allocatedPercent > 100)
      conflicts.set(personId, known)
      return known
    }
  }
}

/** An awarded project's state follows from its dates, unless it was canceled; an opportunity is pursued or lost. */
export const stateOf = (project: Project, today: Day) => {
  if (project.closed === "Canceled") return "Canceled"
  if (project.type === "Opportunity") return project.closed === "Lost" ? "Lost" : "Pursuit"
  if (today < project.startDate) return "Upcoming"
  return today > project.endDate ? "Complete" : "Active"
}

/** Monday to Friday. */
export const usualWeek = ({ dayZero }: Pick<BenchSwitches, "dayZero">): ReadonlyArray<WeekDay> =>
  dayZero === "Sunday" ? [1, 2, 3, 4, 5] : [0, 1, 2, 3, 4]

/** Whether a project works on a day. */
export const worksOn = ({ switches }: World, { workDays }: Project, day: Day): boolean => {
  const zero = switches.dayZero === "Sunday" ? 0 : 1
  return workDays.some((one) => (one + zero) % 7 === new Date(day).getUTCDay())
}

const hourOf = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(":").map(Number)
  return hours + minutes / 60
}

/** Hours of a full working day on a project. */
export const workdayOf = ({ switches }: World, project: Project): number =>
  switches.workday === "project" ? Math.max(0, hourOf(project.endTime) - hourOf(project.startTime)) : switches.workday

/** Where a range lies, seen from a day. */
export const whenOf = (range: Range, today: Day): "Past" | "Current" | "Upcoming" =>
  range.endDate < today ? "Past" : range.startDate > today ? "Upcoming" : "Current"

/** What an allocation takes of the person: as much as the role requires on those days. */
export const loadsOf = (role: Role, allocation: Range): ReadonlyArray<Load> =>
  role.requirements.flatMap(({ allocatedPercent, ...required }) => {
    const part = intersect(required, allocation)
    return part === undefined || allocatedPercent === 0 ? [] : [{ ...part, allocatedPercent }]
  })

/** The days that nobody fills of a role. */
export const unfilledOf = (role: Role, allocations: ReadonlyArray<Allocation>): ReadonlyArray<Range> =>
  subtract({ startDate: role.startDate, endDate: role.endDate }, allocations)

const always: Range = { startDate: "0001-01-01", endDate: "9999-12-30" }

/** What a person's awarded, uncanceled projects take, day by day. */
export const workOf = (
  world: World,
  allocations: ReadonlyArray<Allocation>,
  over: Range = always
): ReadonlyArray<Load> =>
  total(
    allocations.flatMap((allocation) => {
      const role = world.roles.get(allocation.roleId)
      const project = role && world.projects.get(role.projectId)
      const counts = project !== undefined && project.type === "Awarded" && project.closed === null
      return counts ? loadsOf(role as Role, allocation) : []
    }),
    over
  )

export const inConflict = (conflicts: ReadonlyArray<Range>, range: Range): boolean =>
  conflicts.some((conflict) => overlaps(conflict, range))

/** The days outside a person's employment. */
export const outsideEmployment = ({
  employment
}: Person): ReadonlyArray<Range & { rangeType: "PreEmployment" | "PostEmployment" }> => [
  ...(employment.startDate === null
    ? []
    : [{ rangeType: "PreEmployment" as const, startDate: always.startDate, endDate: plus(employment.startDate, -1) }]),
  ...(employment.endDate === null
    ? []
    : [{ rangeType: "PostEmployment" as const, startDate: plus(employment.endDate, 1), endDate: always.endDate }])
]
