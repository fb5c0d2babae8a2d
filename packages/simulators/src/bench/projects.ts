/** Projects: awarded ones, whose state follows from their dates, and opportunities. */

import { between, plus, type Range, within } from "./days.ts"
import { forbidden, invalid, unprocessable } from "./errors.ts"
import { readFieldValues, writeFieldValues } from "./field-entries.ts"
import { type Call, done, doneEitherWay, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { newPhases } from "./phases.ts"
import { knownGroupings, refuseTaken, type Task } from "./records.ts"
import type { Schema } from "./schema.ts"
import {
  type AllocationIndex,
  inConflict,
  indexAllocations,
  type Phase,
  type Project,
  type Role,
  removeRole,
  rolesOf,
  stateOf,
  unfilledOf,
  usualWeek,
  type World
} from "./world.ts"

const states = ["Canceled", "Upcoming", "Active", "Complete", "Pursuit", "Lost"] as const

/** A project as the interface shows it. */
export const showProject = (
  world: World,
  project: Project,
  today: string,
  index: AllocationIndex,
  withNumber: boolean
): Schema<"Project"> => {
  const { closed: _, projectNumber, ...rest } = project
  const roles = index.byProject.get(project.id) ?? []
  const { taskRolesInTotals } = world.switches
  const salaried = roles.filter((role) => role.type === "Salaried" && (taskRolesInTotals || role.taskId === null))
  const ofTasks = roles.filter((role) => role.taskId !== null)
  const hourly = roles.filter((role) => role.type === "Hourly")
  const open = (some: ReadonlyArray<Role>) =>
    some.filter((role) => unfilledOf(role, index.byRole.get(role.id) ?? []).length > 0).length
  return {
    ...rest,
    state: stateOf(project, today),
    unfilledRoles: open(salaried),
    totalRoles: salaried.length,
    unfilledHourlyRoles: open(hourly),
    totalHourlyRoles: hourly.length,
    totalTasks: tasksOf(world, project.id).length,
    unfilledTaskRoles: open(ofTasks),
    totalTaskRoles: ofTasks.length,
    issuesCount: issuesOf(project, index),
    currentPhases: project.phases
      .filter((phase) => phase.startDate <= today && today <= phase.endDate)
      .map(({ id }) => ({ name: phaseName(world, id) })),
    phases: project.phases.map((phase) => showPhase(world, phase)),
    truncatedDescription: project.description === null ? null : project.description.slice(0, 100),
    ...(withNumber && { projectNumber })
  }
}

const phaseName = (world: World, id: number): string => world.phases.get(id)?.name ?? ""

/** A phase of a project as the interface shows it. */
export const showPhase = (world: World, phase: Phase): Schema<"ProjectPhase"> => ({
  ...phase,
  name: phaseName(world, phase.id)
})

export const tasksOf = (world: World, projectId: number): ReadonlyArray<Task> =>
  [...world.tasks.values()].filter((task) => task.projectId === projectId)

/** A project's issues are its allocations of people who are planned for more than all of their time. */
const issuesOf = (project: Project, index: AllocationIndex): number =>
  (index.byProject.get(project.id) ?? [])
    .flatMap((role) => index.byRole.get(role.id) ?? [])
    .filter((allocation) => inConflict(index.conflictsOf(allocation.personId), allocation)).length

export const findProject = (call: Call, name = "id"): Project => {
  const id = call.id(name)
  const project = call.world.projects.get(id)
  if (project === undefined) throw forbidden(name, id)
  return project
}

export const inOrder = (range: Range, field = "endDate"): void => {
  if (range.endDate < range.startDate) throw invalid(field, range.endDate, `on or after ${range.startDate}`)
}

/** Whether a filter of 0 or 1 asks for what has something, rather than for what has not. */
export const asksForWith = ({ switches }: World, filter: 0 | 1): boolean =>
  (filter === 0) === (switches.filterZero === "with")

const search = (
  call: Call,
  window: input.Fields,
  predicates: input.Fields,
  ids: ReadonlyArray<number> | null | undefined
) => {
  const { world } = call
  const today = input.optional(predicates, "relativeDate", input.day) ?? call.today
  const name = (input.optional(predicates, "name", input.nullable(input.text())) ?? "").toLowerCase()
  const state = input.optional(predicates, "projectState", input.oneOf(...states, "All")) ?? "All"
  const issues = input.optional(predicates, "issues", input.oneOf(0, 1, 2)) ?? 2
  const withNumber = input.optional(predicates, "includeProjectNumber", input.flag) ?? false
  const index = indexAllocations(world)
  const found = [...world.projects.values()]
    .filter((project) => ids?.includes(project.id) ?? true)
    .filter((project) => project.name.toLowerCase().includes(name))
    .filter((project) => state === "All" || stateOf(project, today) === state)
    .filter((project) => issues === 2 || issuesOf(project, index) > 0 === asksForWith(world, issues))
  return page(found, window, { default: 1000 }, (project) => showProject(world, project, today, index, withNumber))
}

/** Moves, stretches or drops what hangs on a project's dates after these have changed. */
const adaptRoles = (world: World, project: Project, before: Range, shift: number, expand: boolean): void => {
  for (const role of rolesOf(world, project.id)) {
    const from = expand && role.startDate === before.startDate ? project.startDate : plus(role.startDate, shift)
    const to = expand && role.endDate === before.endDate ? project.endDate : plus(role.endDate, shift)
    if (to < from) world.roles.delete(role.id)
    else if (from !== role.startDate || to !== role.endDate) {
      role.requirements = role.requirements.map((requirement) => ({
        ...requirement,
        startDate: requirement.startDate === role.startDate ? from : plus(requirement.startDate, shift),
        endDate: requirement.endDate === role.endDate ? to : plus(requirement.endDate, shift)
      }))
      role.startDate = from
      role.endDate = to
    }
  }
}

const dropRoles = (world: World, project: Project) => {
  for (const role of rolesOf(world, project.id)) removeRole(world, role)
}

/** The phases of the request, else those that new projects have, for all of the project's time. */
const readPhases = (call: Call, fields: input.Fields, range: Range): ReadonlyArray<Phase> => {
  const sent = input.optional(
    fields,
    "phases",
    input.nullable((value, field) => input.list(value, input.object, field))
  )
  if (sent !== undefined && sent !== null) return newPhases(call, sent, range, [])
  return [...call.world.phases.values()]
    .filter((phase) => phase.includeOnNewProjects)
    .map(({ id }) => ({ id, ...range, lastModifiedOn: call.now }))
}

export const addProjects = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/Projects"
  const shown = (call: Call, project: Project) =>
    ok(showProject(call.world, project, call.today, indexAllocations(call.world), true))

  route("GET", base, (call) => {
    const fields = input.fromQuery(call.query, {
      offset: "number",
      limit: "number",
      relativeDate: "text",
      name: "text",
      issues: "number",
      ids: "ids",
      projectState: "text",
      includeProjectNumber: "flag"
    })
    return search(call, fields, fields, input.optional(fields, "ids", input.ids))
  })

  route("POST", `${base}/_filter`, (call) => {
    const fields = input.object(call.body)
    const predicates = input.object(fields.predicates ?? {}, "predicates")
    return search(call, fields, predicates, input.optional(predicates, "projectIds", input.nullable(input.ids)))
  })

  route("POST", base, (call) => {
    const { world } = call
    const fields = input.object(call.body)
    const type = input.optional(fields, "type", input.oneOf("Awarded", "Opportunity")) ?? "Awarded"
    const winPercent = input.optional(fields, "winPercent", input.nullable(input.whole(0, 100))) ?? null
    if (type === "Awarded" && winPercent !== null)
      throw invalid("winPercent", winPercent, "absent for an awarded project")
    const range = {
      startDate: input.required(fields, "startDate", input.day),
      endDate: input.required(fields, "endDate", input.day)
    }
    inOrder(range)
    const name = input.required(fields, "name", input.text(1, 250))
    const groupings = input.optional(fields, "groupings", input.nullable(input.ids)) ?? null
    refuseTaken(world.projects.values(), name)
    const project: Project = {
      id: world.nextId(),
      name,
      colour: input.optional(fields, "colour", input.nullable(input.colour)) ?? "#4B6BAA",
      ...range,
      startTime: input.optional(fields, "startTime", input.timeOfDay) ?? "08:00:00",
      endTime: input.optional(fields, "endTime", input.timeOfDay) ?? "17:00:00",
      workDays: input.optional(fields, "workDays", input.nullable(input.weekDays)) ?? usualWeek(world.switches),
      type,
      closed: null,
      winPercent,
      phases: readPhases(call, fields, range),
      groupings: groupings === null ? null : knownGroupings(world, groupings),
      description: input.optional(fields, "description", input.nullable(input.text())) ?? null,
      externalId: null,
      projectNumber: null,
      lastModifiedOn: call.now
    }
    const values = readFieldValues(call, "project", fields.fields ?? [])
    world.projects.set(project.id, project)
    writeFieldValues(call, project, values)
    return shown(call, project)
  })

  route("GET", `${base}/{id}`, (call) => {
    const fields = input.fromQuery(call.query, { relativeDate: "text" })
    const today = input.optional(fields, "relativeDate", input.day) ?? call.today
    return ok(showProject(call.world, findProject(call), today, indexAllocations(call.world), true))
  })

  route("PATCH", `${base}/{id}`, (call) => {
    const { world } = call
    const project = findProject(call)
    const fields = input.object(call.body)
    const name = input.optional(fields, "name", input.text(1, 250)) ?? project.name
    const shifts = input.optional(fields, "shiftDates", input.flag) ?? false
    const expand = input.optional(fields, "expandRole", input.flag) ?? false
    const sent = {
      startDate: input.optional(fields, "startDate", input.day),
      endDate: input.optional(fields, "endDate", input.day)
    }
    const before: Range = { startDate: project.startDate, endDate: project.endDate }
    const shift = !shifts
      ? 0
      : sent.startDate !== undefined
        ? between(before.startDate, sent.startDate)
        : sent.endDate !== undefined
          ? between(before.endDate, sent.endDate)
          : 0
    const range = shifts
      ? { startDate: plus(before.startDate, shift), endDate: plus(before.endDate, shift) }
      : { startDate: sent.startDate ?? before.startDate, endDate: sent.endDate ?? before.endDate }
    inOrder(range)
    refuseTaken(world.projects.values(), name, project)
    const type = input.optional(fields, "type", input.oneOf("Awarded", "Opportunity")) ?? project.type
    const state = input.optional(fields, "state", input.oneOf(...states))
    const winPercent = input.optional(fields, "winPercent", input.nullable(input.whole(0, 100)))
    if (type === "Awarded" && typeof winPercent === "number")
      throw invalid("winPercent", winPercent, "absent for an awarded project")
    if (type === "Awarded" && (state === "Lost" || state === "Pursuit")) {
      throw unprocessable("NotAllowed", "An awarded project cannot be pursued or lost.", "state")
    }
    const patch = {
      colour: input.optional(fields, "colour", input.colour) ?? project.colour,
      startTime: input.optional(fields, "startTime", input.timeOfDay) ?? project.startTime,
      endTime: input.optional(fields, "endTime", input.timeOfDay) ?? project.endTime,
      workDays: input.optional(fields, "workDays", input.nullable(input.weekDays)) ?? project.workDays
    }
    const description = input.optional(fields, "description", input.nullable(input.text()))
    const removeRoles = input.optional(fields, "removeRoleSetup", input.flag) ?? false
    Object.assign(project, patch, range, {
      name,
      type,
      winPercent: type === "Awarded" ? null : winPercent === undefined ? project.winPercent : winPercent,
      description: description === undefined ? project.description : description,
      // A state that follows from dates cannot be set; sending one only takes a decision back.
      closed:
        state === undefined
          ? type === project.type
            ? project.closed
            : null
          : state === "Canceled" || state === "Lost"
            ? state
            : null,
      phases: project.phases
        .map((phase) => ({ ...phase, startDate: plus(phase.startDate, shift), endDate: plus(phase.endDate, shift) }))
        .filter((phase) => within(phase, range)),
      lastModifiedOn: call.now
    })
    if (removeRoles) dropRoles(world, project)
    else adaptRoles(world, project, before, shift, expand)
    return shown(call, project)
  })

  route("DELETE", `${base}/{id}`, (call) => {
    const { world } = call
    const project = findProject(call)
    dropRoles(world, project)
    const rest: ReadonlyArray<Map<unknown, { readonly projectId: number }>> = [
      world.tasks,
      world.categories,
      world.notes
    ]
    for (const records of rest) {
      for (const [id, { projectId }] of records) if (projectId === project.id) records.delete(id)
    }
    world.fieldEntries.delete(project.id)
    world.projects.delete(project.id)
    return doneEitherWay(call)
  })

  route("PUT", `${base}/{id}/externalId`, (call) => {
    const project = findProject(call)
    const fields = input.object(call.body)
    if (fields.externalId === undefined) throw invalid("externalId", null, "given")
    project.externalId = input.nullable(input.text(1))(fields.externalId, "externalId")
    project.lastModifiedOn = call.now
    return done
  })
}
