/** Allocations: who fills which role, from when to when. */
import { overlaps, plus, type Range, subtract, within } from "./days.ts"
import { forbidden, Refusal, unprocessable } from "./errors.ts"
import { type Answer, type Call, done, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { findPerson, inState, seesAll } from "./persons.ts"
import { findProject, inOrder } from "./projects.ts"
import { findRole, inStage, personCost } from "./roles.ts"
import { showEntry } from "./time-away.ts"
import {
  type Allocation,
  inConflict,
  indexAllocations,
  loadsOf,
  outsideEmployment,
  type Person,
  type Role,
  roleNamed,
  rolesOf,
  stateOf,
  timeAwayOf,
  type World,
  whenOf
} from "./world.ts"

const projectStates = ["Canceled", "Upcoming", "Active", "Complete", "Pursuit", "Lost", "All"] as const

/**
 * What is left to allocate of a range once a person's time away is cut out of it. Nothing left, or a day outside the
 * employment, is refused; so is a day on which somebody else fills the role.
 */
const allocatable = (
  world: World,
  role: Role,
  person: Person,
  range: Range,
  replacing: ReadonlySet<string>
): ReadonlyArray<Range> => {
  if (person.state === "Deactivated") throw unprocessable("NotAllowed", "The person is deactivated.", "personId")
  if (person.type !== role.type)
    throw unprocessable("NotAllowed", `The role is not for ${person.type.toLowerCase()} persons.`, "personId")
  if (!within(range, role)) throw unprocessable("NotAllowed", "The allocation lies outside the role.", "startDate")
  if (outsideEmployment(person).some((outside) => overlaps(outside, range))) {
    throw unprocessable("NotAllowed", "The allocation lies outside the person's employment.", "startDate")
  }
  const pieces = subtract(range, timeAwayOf(world, person.id))
  if (pieces.length === 0) throw unprocessable("NotAllowed", "The person is away all of that time.", "startDate")
  for (const other of world.allocations.values()) {
    if (other.roleId === role.id && !replacing.has(other.id) && pieces.some((piece) => overlaps(piece, other))) {
      throw new Refusal(409, {
        errorType: "Overlapped",
        description: "The role is filled on some of those days.",
        field: "startDate"
      })
    }
  }
  return pieces
}

/** What a request asks for: a person on a role, which it may stretch; nothing is stored yet. */
interface Wanted {
  readonly role: Role
  readonly person: Person
  readonly range: Range
}

/** Stores an allocation, in place of others if need be. */
export const allocate = (
  world: World,
  { role, person, range }: Wanted,
  replacing: ReadonlyArray<Allocation> = []
): void => {
  const pieces = allocatable(world, role, person, range, new Set(replacing.map((allocation) => allocation.id)))
  world.roles.set(role.id, role)
  for (const allocation of replacing) world.allocations.delete(allocation.id)
  for (const piece of pieces) {
    const id = world.nextUuid()
    world.allocations.set(id, { id, roleId: role.id, personId: person.id, ...piece })
  }
}

/** The role that the request names. */
export const roleOf = (call: Call, fields: input.Fields, type: Role["type"]): Role => {
  const role = findRole(call, findProject(call, "projectId"), input.required(fields, "roleId", input.id))
  if (role.type !== type) throw forbidden("roleId", role.id)
  return role
}

/** Reads who is to fill a role, and when: all of the role's time when the request has no dates. */
export const readAllocation = (call: Call, fields: input.Fields, stored: Role): Wanted => {
  const person = findPerson(call, input.required(fields, "personId", input.id))
  const from = input.optional(fields, "roleStartDate", input.nullable(input.day)) ?? null
  const to = input.optional(fields, "roleEndDate", input.nullable(input.day)) ?? null
  if ((from === null) !== (to === null)) {
    throw new Refusal(400, {
      errorType: "ValidationError",
      description: "roleStartDate and roleEndDate must be given together.",
      field: from === null ? "roleStartDate" : "roleEndDate"
    })
  }
  const role = from === null || to === null ? stored : stretched(stored, { startDate: from, endDate: to })
  const range = {
    startDate: input.optional(fields, "startDate", input.nullable(input.day)) ?? role.startDate,
    endDate: input.optional(fields, "endDate", input.nullable(input.day)) ?? role.endDate
  }
  inOrder(range)
  return { role, person, range }
}

/** A role with other dates: its first and last requirement reach as far as the role does. */
const stretched = (role: Role, to: Range): Role => {
  inOrder(to, "roleEndDate")
  const kept = role.requirements
    .map((requirement, i, all) => ({
      ...requirement,
      startDate: i === 0 || requirement.startDate < to.startDate ? to.startDate : requirement.startDate,
      endDate: i === all.length - 1 || requirement.endDate > to.endDate ? to.endDate : requirement.endDate
    }))
    .filter((requirement) => requirement.startDate <= requirement.endDate)
  return { ...role, ...to, requirements: kept.length > 0 ? kept : [{ ...to, allocatedPercent: 100 }] }
}

/** Removes the allocation that the request describes exactly. */
export const removeAllocation = (call: Call, fields: input.Fields, role: Role): Answer => {
  const person = findPerson(call, input.required(fields, "personId", input.id))
  const startDate = input.required(fields, "startDate", input.day)
  const endDate = input.required(fields, "endDate", input.day)
  for (const allocation of call.world.allocations.values()) {
    if (
      allocation.roleId === role.id &&
      allocation.personId === person.id &&
      allocation.startDate === startDate &&
      allocation.endDate === endDate
    ) {
      call.world.allocations.delete(allocation.id)
      return done
    }
  }
  throw unprocessable("NotAllowed", "No stored allocation looks like this one; it may have changed meanwhile.")
}

const addProjectAllocations = (route: Route, name: "Allocations" | "hourly-allocations", type: Role["type"]): void => {
  const path = `/rp/api/v1/accounts/{accountId}/projects/{projectId}/${name}`

  route("GET", path, (call) => {
    const { world, principal } = call
    const fields = input.fromQuery(call.query, {
      relativeDate: "text",
      offset: "number",
      limit: "number",
      personstate: "text",
      daysUntilTimeOff: "number",
      ...(type === "Salaried" && { type: "text" as const })
    })
    const today = input.optional(fields, "relativeDate", input.day) ?? call.today
    const soon = {
      startDate: today,
      endDate: plus(today, input.optional(fields, "daysUntilTimeOff", input.whole(0)) ?? 15)
    }
    const keepPerson = inState(fields, "personstate")
    const keepRole = type === "Salaried" ? inStage(fields) : () => true
    const project = findProject(call, "projectId")
    const index = indexAllocations(world)
    const show = (role: Role) => (allocation: Allocation) => {
      const person = world.persons.get(allocation.personId)
      if (person === undefined || !keepPerson(person)) return []
      const conflicts = index.conflictsOf(person.id)
      const cost = personCost(call, role, allocation)
      return {
        id: allocation.id,
        personId: person.id,
        name: person.name,
        title: person.title,
        titleIdAtAssignment: roleNamed(world, person.title ?? "")?.id ?? null,
        state: person.state,
        startDate: allocation.startDate,
        endDate: allocation.endDate,
        hasConflict: inConflict(conflicts, allocation),
        allocationState: whenOf(allocation, today),
        type: person.type,
        upcomingTimeOff: timeAwayOf(world, person.id)
          .filter((entry) => overlaps(entry, soon))
          .map((entry) => showEntry(entry, seesAll(principal))),
        ...(type === "Salaried"
          ? { personCost: cost }
          : { personHourlyCost: seesAll(principal) ? person.hourlyCostRate : null })
      }
    }
    const roles = rolesOf(world, project.id).filter((role) => role.type === type && keepRole(role))
    return page(roles, fields, { default: 1000 }, (role) => ({
      roleId: role.id,
      taskId: role.taskId,
      ...(type === "Salaried" && { taskName: world.tasks.get(role.taskId ?? "")?.name ?? null }),
      categoryId: role.categoryId,
      categoryName: world.categories.get(role.categoryId ?? 0)?.name ?? null,
      allocations: (index.byRole.get(role.id) ?? []).flatMap(show(role))
    }))
  })

  route("POST", path, (call) => {
    const fields = input.object(call.body)
    allocate(call.world, readAllocation(call, fields, roleOf(call, fields, type)))
    return done
  })

  route("PUT", path, (call) => {
    const { world } = call
    const fields = input.object(call.body)
    const wanted = readAllocation(call, fields, roleOf(call, fields, type))
    const { role, person, range } = wanted
    const mine = [...world.allocations.values()].filter((a) => a.roleId === role.id && a.personId === person.id)
    // One that the new dates touch is the one that is meant; of several that are apart, the first.
    const meant = mine.filter((allocation) => overlaps(allocation, range))
    const old = meant.length > 0 ? meant : mine.slice(0, 1)
    if (old.length === 0) throw forbidden("personId", person.id)
    allocate(world, wanted, old)
    return done
  })

  route("DELETE", path, (call) => {
    const fields = input.object(call.body)
    return removeAllocation(
      call,
      fields,
      findRole(call, findProject(call, "projectId"), input.required(fields, "roleId", input.id))
    )
  })
}

export const addAllocations = (route: Route): void => {
  addProjectAllocations(route, "Allocations", "Salaried")
  addProjectAllocations(route, "hourly-allocations", "Hourly")

  route("POST", "/rp/api/v1/accounts/{accountId}/projects/{projectId}/roles/{roleId}/allocations", (call) => {
    const role = findRole(call, findProject(call, "projectId"), call.id("roleId"))
    const fields = input.object(call.body)
    const person = findPerson(call, input.required(fields, "personId", input.id))
    const range = {
      startDate: input.required(fields, "startDate", input.day),
      endDate: input.required(fields, "endDate", input.day)
    }
    inOrder(range)
    allocate(call.world, { role, person, range })
    return { status: 200 }
  })

  route("GET", "/rp/api/v1/accounts/{accountId}/Persons/{id}/allocations", (call) => {
    const { world } = call
    const fields = input.fromQuery(call.query, {
      relativeDate: "text",
      start: "text",
      end: "text",
      roleId: "number",
      projectState: "text",
      type: "text"
    })
    const today = input.optional(fields, "relativeDate", input.day) ?? call.today
    const window = {
      startDate: input.optional(fields, "start", input.day) ?? "0001-01-01",
      endDate: input.optional(fields, "end", input.day) ?? "9999-12-31"
    }
    inOrder(window, "end")
    const roleId = input.optional(fields, "roleId", input.id)
    const state = input.optional(fields, "projectState", input.oneOf(...projectStates)) ?? "All"
    const keep = inStage(fields)
    const person = findPerson(call)
    const rows = (indexAllocations(world).byPerson.get(person.id) ?? []).flatMap((allocation) => {
      const role = world.roles.get(allocation.roleId)
      const project = role && world.projects.get(role.projectId)
      if (role === undefined || project === undefined || (role.type === "Salaried" && !keep(role))) return []
      if ((roleId ?? role.id) !== role.id || !overlaps(allocation, window)) return []
      if (state !== "All" && stateOf(project, today) !== state) return []
      return loadsOf(role, allocation).map((load) => ({
        projectId: project.id,
        projectName: project.name,
        projectColour: project.colour,
        projectType: project.type,
        projectStatus: stateOf(project, today),
        taskId: role.taskId,
        roleId: role.id,
        roleName: role.name,
        ...load
      }))
    })
    return ok(rows.sort((a, b) => (a.startDate < b.startDate ? -1 : a.startDate > b.startDate ? 1 : 0)))
  })
}
