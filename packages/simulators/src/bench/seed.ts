/**
 * A believable construction company: people with titles, projects that come and go, teams that hand over to each other,
 * holidays, slots that nobody has been found for and a few people promised twice. Everything is dated from one day.
 */
import { makeRandom, type Random } from "../random.ts"
import { between, type Day, dayOf, type Load, overlaps, plus, type Range, subtract } from "./days.ts"
import type { BenchSwitches } from "./inferred.ts"
import {
  buildings,
  colours,
  firstNames,
  lastNames,
  places,
  roleNames,
  skills,
  tags,
  timeOffReasons,
  trades
} from "./names.ts"
import { noRecords } from "./records.ts"
import {
  type Account,
  type Id,
  loadsOf,
  type Person,
  type Project,
  type Role,
  type RoleName,
  usualWeek,
  type World
} from "./world.ts"

/** How big a company to make. Its other records are those of `furnish.ts`. */
export interface Size {
  readonly salaried: number
  readonly hourly: number
  readonly projects: number
  /** Who uses the account, as against who is planned in it. */
  readonly users: number
}

/** Ids of an account do not begin at 1 in real life, and those of two accounts never meet. */
const makeIds = (random: Random, accountId: Id) => {
  let last = accountId * 100_000
  return {
    nextId: () => {
      last += random.between(1, 3)
      return last
    },
    nextUuid: () => {
      const hex = Array.from({ length: 32 }, () => random.between(0, 15).toString(16)).join("")
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
    }
  }
}

/** What a person has taken on so far: enough to see whether there is room for more. */
interface Diary {
  readonly person: Person
  readonly loads: Array<Load>
  readonly leave: Array<Range>
}

/** The highest total on any day of the range; it can only rise where a load begins. */
const peak = (diary: Diary, range: Range): number => {
  const met = diary.loads.filter((load) => overlaps(load, range))
  const days = [range.startDate, ...met.map((load) => load.startDate).filter((day) => day > range.startDate)]
  return Math.max(
    ...days.map((day) =>
      met.reduce((sum, load) => sum + (load.startDate <= day && day <= load.endDate ? load.allocatedPercent : 0), 0)
    )
  )
}

const timestamp = (random: Random, today: Day, daysBack: number): string =>
  new Date(Date.parse(plus(today, -random.between(1, daysBack))) + random.between(0, 86_399_999)).toISOString()

/** Makes the world of one account as it stands on the day of `now`. */
export const makeWorld = (account: Account, seed: number, now: number, size: Size, switches: BenchSwitches): World => {
  const workDays = usualWeek(switches)
  const random = makeRandom(seed * 7919 + account.id)
  const today = dayOf(now)
  const { nextId, nextUuid } = makeIds(random, account.id)

  const names: ReadonlyArray<
    RoleName & { readonly hourlyCost: number; readonly weight: number; readonly percents: ReadonlyArray<number> }
  > = [
    ...roleNames.map((role) => ({ ...role, hourly: false })),
    ...trades.map((trade) => ({ ...trade, hourly: true, percents: [100] }))
  ].map((role) => ({
    id: nextId(),
    name: role.name,
    hourly: role.hourly,
    stage: role.category === "Preconstruction" ? "Preconstruction" : "Operations",
    hourlyCost: role.hourlyCost,
    alphabetize: false,
    weight: role.weight,
    percents: role.percents
  }))
  const world: World = {
    ...noRecords(),
    account,
    switches,
    roleNames: new Map(names.map(({ weight: _, percents: __, ...name }) => [name.id, name])),
    projects: new Map(),
    persons: new Map(),
    roles: new Map(),
    allocations: new Map(),
    unavailabilities: new Map(),
    nextId,
    nextUuid
  }

  const weighted = (from: typeof names) => {
    let at = random.between(
      1,
      from.reduce((sum, name) => sum + name.weight, 0)
    )
    return from.find((name) => {
      at -= name.weight
      return at <= 0
    }) as (typeof names)[number]
  }

  // People. Each title is held by as many as its weight asks for, so that no team waits for a title that nobody has.
  const diaries = new Map<string, Array<Diary>>()
  const used = new Set<string>()
  const freshName = () => {
    for (;;) {
      const name = `${random.pick(firstNames)} ${random.pick(lastNames)}`
      if (!used.has(name)) {
        used.add(name)
        return name
      }
    }
  }
  const hire = (role: (typeof names)[number]) => {
    const name = freshName()
    const left = random.chance(0.05)
    const joined = plus(today, -random.between(120, 5200))
    const ends = left
      ? plus(today, -random.between(5, 100))
      : random.chance(0.03)
        ? plus(today, random.between(20, 120))
        : null
    const person: Person = {
      id: nextId(),
      email: `${name.toLowerCase().replace(/[^a-z]+/g, ".")}@${account.name.toLowerCase().replace(/[^a-z]+/g, "-")}.example`,
      externalId: random.chance(0.7) ? `HR-${random.between(10_000, 99_999)}` : null,
      uniqueId: `E${String(used.size).padStart(5, "0")}`,
      name,
      type: role.hourly ? "Hourly" : "Salaried",
      title: role.name,
      photoUrl: null,
      state: left ? "Deactivated" : "Active",
      hourlyCostRate: Math.round(role.hourlyCost * (0.85 + random.next() * 0.3) * 100) / 100,
      employment: { startDate: joined, endDate: ends },
      workDays,
      groupings: null,
      industryStartDate: plus(joined, -random.between(0, 4000)),
      deactivationReason: left ? random.pick(["Resigned", "Retired", "End of contract"]) : null,
      deactivationNotes: null,
      wouldRehire: left ? random.chance(0.8) : null,
      lastModifiedOn: timestamp(random, today, 200)
    }
    world.persons.set(person.id, person)
    const diary: Diary = { person, loads: [], leave: [] }
    diaries.set(role.name, [...(diaries.get(role.name) ?? []), diary])
    planLeave(diary)
  }

  const planLeave = (diary: Diary) => {
    const { person, leave } = diary
    if (person.state === "Deactivated") return
    const taken: Array<Range> = []
    const add = (rangeType: "TimeOff" | "Unavailability", startDate: Day, days: number, description: string) => {
      const range = { startDate, endDate: plus(startDate, days - 1) }
      const { endDate } = person.employment
      if (taken.some((other) => overlaps(other, range)) || (endDate !== null && range.endDate > endDate)) return
      const id = nextId()
      world.unavailabilities.set(id, {
        id,
        personId: person.id,
        rangeType,
        ...range,
        isPrivate: random.chance(0.15),
        description,
        externalId: random.chance(0.5) ? `PTO-${id}` : null
      })
      taken.push(range)
      // Short absences are entered after the planning; only for long ones is somebody else found.
      if (rangeType === "Unavailability") leave.push(range)
    }
    if (random.chance(0.06)) {
      add(
        "Unavailability",
        plus(today, random.between(-60, 90)),
        random.between(40, 120),
        random.pick(["Parental leave", "Medical leave", "Secondment"])
      )
    }
    for (let n = random.between(1, 4); n > 0; n--) {
      add(
        "TimeOff",
        plus(today, random.between(-120, 150)),
        random.pick([1, 3, 5, 5, 8, 10, 12]),
        random.pick(timeOffReasons)
      )
    }
  }

  const staff = (from: typeof names, heads: number) => {
    const weights = from.reduce((sum, name) => sum + name.weight, 0)
    for (const role of from)
      for (let n = Math.max(1, Math.round((heads * role.weight) / weights)); n > 0; n--) hire(role)
  }
  const leads = ["Project Executive", "Project Manager", "Superintendent"]
  const salariedNames = names.filter((name) => !name.hourly)
  const teamNames = salariedNames.filter((name) => !leads.includes(name.name))
  const hourlyNames = names.filter((name) => name.hourly)
  staff(salariedNames, size.salaried)
  staff(hourlyNames, size.hourly)

  // Projects.
  for (const name of ["Preconstruction", "Foundations", "Structure and envelope", "Close-out"]) {
    const id = nextId()
    world.phases.set(id, { id, name, includeOnNewProjects: false })
  }
  const phaseId = (name: string) => [...world.phases.values()].find((known) => known.name === name)?.id as Id
  const titles = random.shuffle(places.flatMap((place) => buildings.map((building) => ({ place, building }))))
  const wanted: Array<Role> = []
  const addRole = (project: Project, name: (typeof names)[number], range: Range) => {
    const id = nextId()
    const allocatedPercent = random.pick(name.percents)
    const half = plus(range.startDate, between(range.startDate, range.endDate) >> 1)
    const winds = !name.hourly && allocatedPercent === 100 && random.chance(0.2)
    const role: Role = {
      id,
      projectId: project.id,
      type: name.hourly ? "Hourly" : "Salaried",
      stage: name.stage,
      nameId: name.id,
      name: name.name,
      ...range,
      // Some roles wind down: all of a person at first, half of one later.
      requirements: winds
        ? [
            { startDate: range.startDate, endDate: half, allocatedPercent },
            { startDate: plus(half, 1), endDate: range.endDate, allocatedPercent: 50 }
          ]
        : [{ ...range, allocatedPercent }],
      note: random.chance(0.08) ? `Needs ${random.pick(skills)}` : null,
      categoryId: null,
      billable: random.chance(0.8),
      skillSet: null,
      externalId: random.chance(0.2) ? `ROLE-${id}` : null,
      taskId: null,
      createdOn: timestamp(random, today, 500)
    }
    world.roles.set(id, role)
    wanted.push(role)
  }

  const addProject = (index: number) => {
    const { place, building } = titles[index] as (typeof titles)[number]
    const opportunity = random.chance(0.2)
    const days = Math.round(random.between(building.months[0], building.months[1]) * 30.4)
    const startDate = plus(today, opportunity ? random.between(20, 300) : random.between(-days - 120, 240))
    const endDate = plus(startDate, days)
    const mid = plus(startDate, Math.floor(days * 0.3))
    const late = plus(startDate, Math.floor(days * 0.85))
    const phase = (name: string, from: Day, to: Day) => ({
      id: phaseId(name),
      startDate: from,
      endDate: to,
      lastModifiedOn: timestamp(random, today, 90)
    })
    const project: Project = {
      id: nextId(),
      name: `${place} ${building.name}`,
      colour: random.pick(colours),
      startDate,
      endDate,
      startTime: "07:00:00",
      endTime: "15:30:00",
      workDays,
      type: opportunity ? "Opportunity" : "Awarded",
      closed: random.chance(0.06) ? (opportunity ? "Lost" : "Canceled") : null,
      winPercent: opportunity ? random.pick([10, 25, 40, 50, 60, 75, 90]) : null,
      phases: [
        phase("Foundations", startDate, mid),
        phase("Structure and envelope", plus(mid, 1), late),
        phase("Close-out", plus(late, 1), endDate)
      ],
      groupings: null,
      description: `${building.name} at ${place}. Delivery: ${random.pick(tags)}.`,
      externalId: random.chance(0.6) ? `CRM-${random.between(1000, 9999)}-${index}` : null,
      projectNumber: `${startDate.slice(2, 4)}-${String(index + 101)}`,
      lastModifiedOn: timestamp(random, today, 60)
    }
    world.projects.set(project.id, project)

    const stretch = (from: number, to: number): Range => ({
      startDate: plus(startDate, Math.floor(days * from)),
      endDate: plus(startDate, Math.floor(days * to))
    })
    const named = (name: string) => names.find((role) => role.name === name) as (typeof names)[number]
    addRole(project, named("Project Executive"), stretch(0, 1))
    addRole(project, named("Project Manager"), stretch(0, 1))
    addRole(project, named("Superintendent"), stretch(0, 0.5))
    addRole(project, named("Superintendent"), stretch(0.51, 1))
    for (let n = random.between(building.team[0], building.team[1]); n > 0; n--) {
      const from = random.next() * 0.7
      const name = weighted(teamNames)
      addRole(
        project,
        name,
        name.stage === "Preconstruction"
          ? stretch(-0.15, 0.05)
          : stretch(from, Math.min(1, from + 0.15 + random.next() * 0.4))
      )
    }
    for (let n = random.between(0, 5); n > 0; n--) {
      const from = random.next() * 0.8
      addRole(project, weighted(hourlyNames), stretch(from, Math.min(1, from + 0.08 + random.next() * 0.15)))
    }
  }
  for (let index = 0; index < size.projects; index++) addProject(index)

  // Who works where. What starts soon has been staffed, what lies far ahead often has not.
  const allocate = (role: Role, diary: Diary, range: Range) => {
    for (const piece of subtract(range, diary.leave)) {
      const id = nextUuid()
      world.allocations.set(id, { id, roleId: role.id, personId: diary.person.id, ...piece })
      diary.loads.push(...loadsOf(role, piece))
    }
  }
  const employed = ({ person: { employment } }: Diary, range: Range) =>
    (employment.startDate ?? "") <= range.startDate && range.endDate <= (employment.endDate ?? "9999")
  const candidates = (role: Role, range: Range, ceiling: number) => {
    const need = Math.max(...role.requirements.map((requirement) => requirement.allocatedPercent))
    return (diaries.get(role.name) ?? []).filter(
      (diary) => employed(diary, range) && peak(diary, range) + need <= ceiling
    )
  }
  /** Finds somebody for all of the range, or else somebody for each half of it, as planners do. */
  const fill = (role: Role, range: Range, splits: number): void => {
    const free = candidates(role, range, 100)
    const promisedTwice = free.length === 0 && splits === 0 && random.chance(0.2) ? candidates(role, range, 150) : []
    const chosen = free.length > 0 ? free : promisedTwice
    const days = between(range.startDate, range.endDate)
    if (chosen.length > 0) allocate(role, random.pick(chosen), range)
    else if (splits > 0 && days >= 14) {
      const middle = plus(range.startDate, days >> 1)
      fill(role, { startDate: range.startDate, endDate: middle }, splits - 1)
      fill(role, { startDate: plus(middle, 1), endDate: range.endDate }, splits - 1)
    }
  }
  for (const role of wanted.sort((a, b) =>
    a.startDate < b.startDate ? -1 : a.startDate > b.startDate ? 1 : a.id - b.id
  )) {
    const ahead = role.startDate <= plus(today, 30) ? 0.97 : role.startDate <= plus(today, 120) ? 0.8 : 0.5
    if (random.chance(ahead)) fill(role, { startDate: role.startDate, endDate: role.endDate }, 3)
  }
  return world
}
