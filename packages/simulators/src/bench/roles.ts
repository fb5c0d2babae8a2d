/** Roles: the slots on a project that people fill; and the feeds that list them with who fills them. */

import { between, type Load, plus, type Range, within } from "./days.ts"
import { forbidden, invalid, unprocessable } from "./errors.ts"
import { type Call, created, done, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { seesAll } from "./persons.ts"
import { asksForWith, findProject, inOrder } from "./projects.ts"
import type { Schema } from "./schema.ts"
import {
  type Allocation,
  type AllocationIndex,
  indexAllocations,
  loadsOf,
  type Project,
  type Role,
  type RoleName,
  removeRole,
  roleNamed,
  rolesOf,
  stateOf,
  unfilledOf,
  whenOf,
  workdayOf
} from "./world.ts"

/** The hours that a role's loads come to, five days a week. */
const hours = ({ world }: Call, { projectId }: Role, loads: ReadonlyArray<Load>): number => {
  const project = world.projects.get(projectId)
  const workday = project === undefined ? 0 : workdayOf(world, project)
  return loads.reduce(
    (sum, load) => sum + ((between(load.startDate, load.endDate) + 1) * 5 * workday * load.allocatedPercent) / 700,
    0
  )
}

const money = (amount: number): number => Math.round(amount * 100) / 100

/** What a person on a role costs over an allocation; null when the caller may not see it. */
export const personCost = (call: Call, role: Role, allocation: Allocation): number | null => {
  const rate = call.world.persons.get(allocation.personId)?.hourlyCostRate ?? null
  return seesAll(call.principal) && rate !== null ? money(hours(call, role, loadsOf(role, allocation)) * rate) : null
}

/** What a role costs over its time, if it is filled; null when the caller may not see it. */
export const roleCost = (call: Call, role: Role): number | null => {
  const rate = call.world.roleNames.get(role.nameId)?.hourlyCost ?? null
  return seesAll(call.principal) && rate !== null ? money(hours(call, role, role.requirements) * rate) : null
}

/** A role of a project as the interface shows it. */
export const showRole = (call: Call, role: Role, index: AllocationIndex): Schema<"Role"> => {
  const allocations = index.byRole.get(role.id) ?? []
  const unfilled = unfilledOf(role, allocations)
  const assigned = allocations.find((allocation) => whenOf(allocation, call.today) !== "Past")?.personId ?? null
  return {
    id: role.id,
    taskId: role.taskId,
    nameId: role.nameId,
    name: role.name,
    roleCost: roleCost(call, role),
    startDate: role.startDate,
    endDate: role.endDate,
    type: role.type,
    skillSet: role.skillSet,
    isFilled: unfilled.length === 0,
    billable: role.billable,
    allocations: role.requirements,
    unfilledRanges: unfilled,
    note: role.note,
    categoryId: role.categoryId,
    notification: null,
    isCommunicated: false,
    relatedTitles: [role.name],
    externalId: role.externalId,
    createdBy: 1,
    createdOn: role.createdOn,
    hire: null,
    roleTags: [],
    assignmentBreakdownBy: null,
    assignedPersonId: assigned,
    assignedPersonName: assigned === null ? null : (call.world.persons.get(assigned)?.name ?? null),
    crew: null
  }
}

/** Who fills a salaried role, with how much of their time and at what cost. */
export const showLoads = (
  call: Call,
  role: Role,
  allocations: ReadonlyArray<Allocation>
): ReadonlyArray<Schema<"RoleAllocation">> =>
  allocations.flatMap((allocation) =>
    loadsOf(role, allocation).map((load) => ({
      id: allocation.id,
      personId: allocation.personId,
      ...load,
      personCost: personCost(call, role, { ...allocation, ...load })
    }))
  )

const stages = ["Operations", "Preconstruction", "All"] as const
const whens = ["Past", "Current", "Upcoming", "All"] as const
const projectStates = ["Canceled", "Upcoming", "Active", "Complete", "Pursuit", "Lost", "All"] as const

/** Keeps the salaried roles of a stage: `Operations` when nothing is said, as the vendor has it. */
export const inStage = (fields: input.Fields): ((role: Role) => boolean) => {
  const stage = input.optional(fields, "type", input.oneOf(...stages)) ?? "Operations"
  return (role) => stage === "All" || role.stage === stage
}

/** A role of the project that the path names. */
export const findRole = (call: Call, project: Project, id: number): Role => {
  const role = call.world.roles.get(id)
  if (role === undefined || role.projectId !== project.id) throw forbidden("roleId", id)
  return role
}

const readRequirements = (fields: input.Fields, range: Range): ReadonlyArray<Load> => {
  const given = input.optional(
    fields,
    "allocations",
    input.nullable((value, field) =>
      input.list(
        value,
        (entry, at) => {
          const part = input.object(entry, at)
          const requirement = {
            startDate: input.required(part, "startDate", input.day),
            endDate: input.required(part, "endDate", input.day),
            allocatedPercent: input.required(part, "allocatedPercent", input.whole(0, 100))
          }
          inOrder(requirement, `${at}.endDate`)
          if (!within(requirement, range)) throw unprocessable("NotAllowed", "A requirement lies outside its role.", at)
          return requirement
        },
        field
      )
    )
  )
  return given && given.length > 0 ? given : [{ ...range, allocatedPercent: 100 }]
}

/** A name that salaried roles can have. */
export const knownRoleName = (call: Call, name: string): RoleName => {
  const known = roleNamed(call.world, name, false)
  if (known === undefined) throw invalid("name", name, "a role name that the account knows")
  return known
}

const readRole = (call: Call, project: Project, value: unknown, field = "body") => {
  const fields = input.object(value, field)
  const name = input.required(fields, "name", input.text(1, 250))
  const known = knownRoleName(call, name)
  const range = {
    startDate: input.required(fields, "startDate", input.day),
    endDate: input.required(fields, "endDate", input.day)
  }
  inOrder(range)
  // The work before a project begins belongs to it, what comes after its end does not.
  if (range.startDate > project.endDate || range.endDate > project.endDate) {
    throw unprocessable("NotAllowed", "The role ends after its project.", "endDate")
  }
  const categoryId = input.optional(fields, "categoryId", input.nullable(input.id)) ?? null
  if (categoryId !== null && call.world.categories.get(categoryId)?.projectId !== project.id) {
    throw forbidden("categoryId", categoryId)
  }
  return {
    nameId: known.id,
    name,
    ...range,
    requirements: readRequirements(fields, range),
    note: input.optional(fields, "note", input.nullable(input.text(0, 250))) ?? null,
    categoryId,
    billable: input.optional(fields, "billable", input.flag) ?? true,
    skillSet: input.optional(fields, "skillSet", input.nullable(input.ids)) ?? null,
    stage: known.stage
  }
}

const addProjectRoles = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/projects/{projectId}/roles"

  route("GET", base, (call) => {
    const fields = input.fromQuery(call.query, { relativeDate: "text", roleState: "text", type: "text" })
    const today = input.optional(fields, "relativeDate", input.day) ?? call.today
    const when = input.optional(fields, "roleState", input.oneOf(...whens)) ?? "All"
    const keep = inStage(fields)
    const project = findProject(call, "projectId")
    const index = indexAllocations(call.world)
    return ok(
      rolesOf(call.world, project.id)
        .filter((role) => role.type === "Salaried" && keep(role) && (when === "All" || whenOf(role, today) === when))
        .map((role) => showRole(call, role, index))
    )
  })

  const add = (call: Call, project: Project, values: ReadonlyArray<unknown>) => {
    const read = values.map((value) => readRole(call, project, value))
    const roles = read.map(
      (fields): Role => ({
        id: call.world.nextId(),
        projectId: project.id,
        type: "Salaried",
        taskId: null,
        externalId: null,
        createdOn: call.now,
        ...fields
      })
    )
    for (const role of roles) call.world.roles.set(role.id, role)
    const index = indexAllocations(call.world)
    return roles.map((role) => showRole(call, role, index))
  }
  route("POST", base, (call) => created(add(call, findProject(call, "projectId"), [call.body])[0]))

  route("POST", `${base}/bulk`, (call) =>
    ok(
      add(
        call,
        findProject(call, "projectId"),
        input.list(call.body, (value) => value, "body", 1)
      )
    )
  )

  route("DELETE", `${base}/bulk`, (call) => {
    const project = findProject(call, "projectId")
    const roles = input.list(call.body, input.id, "body", 1).map((id) => findRole(call, project, id))
    for (const role of roles) removeRole(call.world, role)
    return done
  })

  route("GET", `${base}/{id}`, (call) =>
    ok(showRole(call, findRole(call, findProject(call, "projectId"), call.id("id")), indexAllocations(call.world)))
  )

  route("PUT", `${base}/{id}`, (call) => {
    const { world } = call
    const project = findProject(call, "projectId")
    const role = findRole(call, project, call.id("id"))
    const fields = input.object(call.body)
    const taskId = input.optional(fields, "taskId", input.nullable(input.text())) ?? null
    if (taskId !== role.taskId) throw unprocessable("NotAllowed", "The task of a role cannot change.", "taskId")
    const next = readRole(call, project, fields)
    const shifts = input.optional(fields, "shiftDates", input.flag) ?? false
    const clear = input.optional(fields, "removeSetup", input.flag) ?? false
    const shift = shifts ? between(role.startDate, next.startDate) : 0
    const mine = [...world.allocations.values()].filter((allocation) => allocation.roleId === role.id)
    const moved = mine.map((a) => ({ ...a, startDate: plus(a.startDate, shift), endDate: plus(a.endDate, shift) }))
    if (!clear && moved.some((allocation) => !within(allocation, next))) {
      throw unprocessable("NotAllowed", "An allocation would lie outside the role.", "startDate")
    }
    const replaced: Role = { ...role, ...next }
    world.roles.set(role.id, replaced)
    for (const allocation of clear ? mine : []) world.allocations.delete(allocation.id)
    for (const allocation of clear ? [] : moved) world.allocations.set(allocation.id, allocation)
    return ok(showRole(call, replaced, indexAllocations(world)))
  })

  route("DELETE", `${base}/{id}`, (call) => {
    removeRole(call.world, findRole(call, findProject(call, "projectId"), call.id("id")))
    return done
  })

  route("PUT", `${base}/{id}/externalId`, (call) => {
    const role = findRole(call, findProject(call, "projectId"), call.id("id"))
    const fields = input.object(call.body)
    if (fields.externalId === undefined) throw invalid("externalId", null, "given")
    role.externalId = input.nullable(input.text(1))(fields.externalId, "externalId")
    return done
  })
}

const addFeed = (route: Route, name: "roles" | "hourly-roles", type: Role["type"]): void => {
  route("GET", `/rp/api/v1/Accounts/{accountId}/${name}`, (call) => {
    const { world } = call
    const fields = input.fromQuery(call.query, {
      relativeDate: "text",
      unfilled: "flag",
      offset: "number",
      limit: "number",
      projectId: "number",
      filledState: "number",
      roleIds: "ids",
      roleNameIds: "ids",
      projectState: "text",
      roleState: "text",
      ...(type === "Salaried" && { type: "text" as const })
    })
    const today = input.optional(fields, "relativeDate", input.day) ?? call.today
    const nobody = input.optional(fields, "unfilled", input.flag) ?? false
    const projectId = input.optional(fields, "projectId", input.id)
    const filled = input.optional(fields, "filledState", input.oneOf(0, 1, 2)) ?? 2
    const ids = input.optional(fields, "roleIds", input.ids)
    const nameIds = input.optional(fields, "roleNameIds", input.ids)
    const state = input.optional(fields, "projectState", input.oneOf(...projectStates)) ?? "All"
    const when = input.optional(fields, "roleState", input.oneOf(...whens)) ?? "All"
    const keep = type === "Salaried" ? inStage(fields) : () => true
    const index = indexAllocations(world)
    const found = [...world.roles.values()].flatMap((role) => {
      const project = world.projects.get(role.projectId)
      if (project === undefined || role.type !== type || !keep(role)) return []
      const allocations = index.byRole.get(role.id) ?? []
      const unfilled = unfilledOf(role, allocations)
      const wanted =
        (projectId ?? project.id) === project.id &&
        (ids?.includes(role.id) ?? true) &&
        (nameIds?.includes(role.nameId) ?? true) &&
        (state === "All" || stateOf(project, today) === state) &&
        (when === "All" || whenOf(role, today) === when) &&
        (filled === 2 || (unfilled.length === 0) === asksForWith(world, filled)) &&
        !(nobody && allocations.length > 0)
      return wanted ? [{ role, project, allocations, unfilled }] : []
    })
    return page(found, fields, { default: 5000 }, ({ role, project, allocations, unfilled }) => ({
      projectId: project.id,
      projectName: project.name,
      projectColour: project.colour,
      projectStatus: stateOf(project, today),
      projectType: project.type,
      roleId: role.id,
      roleName: role.name,
      roleType: role.type,
      sortOrder: 0,
      startDate: role.startDate,
      endDate: role.endDate,
      skillSet: role.skillSet,
      roleNote: role.note,
      categoryId: role.categoryId,
      isFilled: unfilled.length === 0,
      billable: role.billable,
      roleTags: [],
      unfilledRanges: unfilled,
      notification: null,
      isCommunicated: false,
      hire: null,
      createdBy: 1,
      createdOn: role.createdOn,
      ...(type === "Salaried"
        ? {
            taskId: role.taskId,
            roleCost: roleCost(call, role),
            externalId: role.externalId,
            requirements: role.requirements,
            allocations: showLoads(call, role, allocations)
          }
        : {
            roleHourlyCost: seesAll(call.principal) ? (world.roleNames.get(role.nameId)?.hourlyCost ?? null) : null,
            startTime: project.startTime,
            endTime: project.endTime,
            workDays: project.workDays,
            requirements: role.requirements.map(({ startDate, endDate }) => ({ startDate, endDate })),
            allocations: allocations.flatMap((allocation) =>
              loadsOf(role, allocation).map((load) => ({
                personId: allocation.personId,
                ...load,
                personHourlyCost: seesAll(call.principal)
                  ? (world.persons.get(allocation.personId)?.hourlyCostRate ?? null)
                  : null
              }))
            )
          })
    }))
  })
}

export const addRoles = (route: Route): void => {
  addFeed(route, "roles", "Salaried")
  addFeed(route, "hourly-roles", "Hourly")
  addProjectRoles(route)
}
