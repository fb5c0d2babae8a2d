/** Tasks: pieces of a project's work. Their roles have the dates of the task. */
import { between, intersect, plus, type Range, within } from "./days.ts"
import { invalid, unprocessable } from "./errors.ts"
import { type Call, created, done, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { asksForWith, findProject, tasksOf } from "./projects.ts"
import { found, type Task } from "./records.ts"
import { roleCost, showLoads } from "./roles.ts"
import type { Schema } from "./schema.ts"
import {
  type AllocationIndex,
  indexAllocations,
  type Project,
  type Role,
  removeRole,
  roleNamed,
  stateOf,
  unfilledOf,
  type World,
  whenOf
} from "./world.ts"

const show = ({ projectId: _, ...task }: Task): Schema<"Task"> => task

export const rolesOfTask = (world: World, task: Task): ReadonlyArray<Role> =>
  [...world.roles.values()].filter((role) => role.taskId === task.id)

const showDetail = (
  call: Call,
  task: Task,
  roles: ReadonlyArray<Role>,
  index: AllocationIndex
): Schema<"TaskDetail"> => {
  const { id, ...rest } = task
  return {
    taskId: id,
    ...rest,
    roles: roles.map((role) => {
      const allocations = index.byRole.get(role.id) ?? []
      const unfilled = unfilledOf(role, allocations)
      return {
        id: role.id,
        nameId: role.nameId,
        name: role.name,
        roleCost: roleCost(call, role),
        startDate: role.startDate,
        endDate: role.endDate,
        type: role.type,
        skillSet: role.skillSet,
        isFilled: unfilled.length === 0,
        billable: role.billable,
        requirements: role.requirements,
        unfilledRanges: unfilled,
        note: role.note,
        sortOrder: 0,
        notification: null,
        relatedTitles: [role.name],
        allocations: showLoads(call, role, allocations),
        hire: null
      }
    })
  }
}

/** A task of the project that the path names. */
export const findTask = (call: Call, project: Project, name: string): Task => {
  const id = call.uuid(name)
  const task = call.world.tasks.get(id)
  return found(task?.projectId === project.id ? task : undefined, name, id)
}

const check = (dates: Range, project: Project): void => {
  if (dates.endDate < dates.startDate) throw invalid("endDate", dates.endDate, `on or after ${dates.startDate}`)
  if (!within(dates, project)) throw unprocessable("NotAllowed", "The task lies outside its project.", "startDate")
}

const readDates = (fields: input.Fields, project: Project): Range => {
  const dates = {
    startDate: input.required(fields, "startDate", input.day),
    endDate: input.required(fields, "endDate", input.day)
  }
  check(dates, project)
  return dates
}

const newTask = (call: Call, project: Project, name: string, dates: Range): Task => ({
  id: call.world.nextUuid(),
  projectId: project.id,
  name,
  ...dates,
  createdOn: call.now,
  lastModifiedOn: call.now
})

/** A role of a task, which needs so much of a person for all of the task's time. */
export const taskRole = (
  world: World,
  task: Task,
  name: { readonly id: number; readonly name: string; readonly stage: Role["stage"] },
  allocatedPercent: number,
  createdOn: string
): Role => ({
  id: world.nextId(),
  projectId: task.projectId,
  type: "Salaried",
  stage: name.stage,
  nameId: name.id,
  name: name.name,
  startDate: task.startDate,
  endDate: task.endDate,
  requirements: [{ startDate: task.startDate, endDate: task.endDate, allocatedPercent }],
  note: null,
  categoryId: null,
  billable: true,
  skillSet: null,
  externalId: null,
  taskId: task.id,
  createdOn
})

/** Gives a task other dates: its roles follow, and who fills them moves along or keeps what is left of their time. */
const move = (world: World, task: Task, to: Range, shift: number): void => {
  for (const role of rolesOfTask(world, task)) {
    const dates = { startDate: to.startDate, endDate: to.endDate }
    const percent = role.requirements[0]?.allocatedPercent ?? 100
    Object.assign(role, dates, { requirements: [{ ...dates, allocatedPercent: percent }] })
    for (const allocation of world.allocations.values()) {
      if (allocation.roleId !== role.id) continue
      const shifted = { startDate: plus(allocation.startDate, shift), endDate: plus(allocation.endDate, shift) }
      const left = intersect(shifted, dates)
      if (left === undefined) world.allocations.delete(allocation.id)
      else world.allocations.set(allocation.id, { ...allocation, ...left })
    }
  }
  Object.assign(task, { startDate: to.startDate, endDate: to.endDate })
}

/** Where a request puts a task, and the tasks after it when it asks for that. */
const readMove = (call: Call, project: Project, task: Task, fields: input.Fields) => {
  const from = input.optional(fields, "startDate", input.nullable(input.day)) ?? null
  const to = input.optional(fields, "endDate", input.nullable(input.day)) ?? null
  const shifts = input.changed(fields, "shiftDates", input.flag, false)
  const shift = !shifts
    ? 0
    : from !== null
      ? between(task.startDate, from)
      : to !== null
        ? between(task.endDate, to)
        : 0
  const dates = shifts
    ? { startDate: plus(task.startDate, shift), endDate: plus(task.endDate, shift) }
    : { startDate: from ?? task.startDate, endDate: to ?? task.endDate }
  check(dates, project)
  const later = input.changed(fields, "shiftSubsequentTasks", input.flag, false)
    ? tasksOf(call.world, project.id).filter((other) => other !== task && other.startDate > task.endDate)
    : []
  const pushed = between(task.endDate, dates.endDate)
  const moves = later.map((other) => ({
    task: other,
    to: { startDate: plus(other.startDate, pushed), endDate: plus(other.endDate, pushed) },
    shift: pushed
  }))
  for (const one of moves) check(one.to, project)
  return [{ task, to: dates, shift }, ...moves]
}

/** Adds tasks and the feed of them. */
export const addTasks = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/projects/{projectId}/tasks"

  route("POST", base, (call) => {
    const project = findProject(call, "projectId")
    const added = input
      .list(call.body, input.object, "body", 1)
      .map((fields) =>
        newTask(call, project, input.required(fields, "name", input.text(1, 250)), readDates(fields, project))
      )
    for (const task of added) call.world.tasks.set(task.id, task)
    return ok(added.map(show))
  })

  route("PUT", base, (call) => {
    const { world } = call
    const project = findProject(call, "projectId")
    const changes = input.list(call.body, input.object, "body", 1).map((fields) => {
      const id = input.required(fields, "id", input.uuid)
      const known = world.tasks.get(id)
      const task = found(known?.projectId === project.id ? known : undefined, "id", id)
      return { task, name: input.changed(fields, "name", input.text(1, 250), task.name), fields }
    })
    for (const { task, name, fields } of changes) {
      for (const one of readMove(call, project, task, fields)) {
        move(world, one.task, one.to, one.shift)
        one.task.lastModifiedOn = call.now
      }
      task.name = name
    }
    return ok(changes.map(({ task }) => show(task)))
  })

  route("POST", `${base}/by-templates`, (call) => {
    const { world } = call
    const project = findProject(call, "projectId")
    const made = input.list(call.body, input.object, "body", 1).map((fields) => {
      const id = input.required(fields, "templateId", input.uuid)
      const template = found(world.taskTemplates.get(id), "templateId", id)
      const task = newTask(call, project, template.name, readDates(fields, project))
      const roles = template.roles.flatMap(({ name, allocatedPercent }) => {
        const known = roleNamed(world, name, false)
        // A name that the account has dropped since the template was made.
        return known === undefined ? [] : [taskRole(world, task, known, allocatedPercent, call.now)]
      })
      return { task, roles }
    })
    for (const { task, roles } of made) {
      world.tasks.set(task.id, task)
      for (const role of roles) world.roles.set(role.id, role)
    }
    const index = indexAllocations(world)
    return created(made.map(({ task, roles }) => showDetail(call, task, roles, index)))
  })

  route("DELETE", `${base}/{id}`, (call) => {
    const { world } = call
    const task = findTask(call, findProject(call, "projectId"), "id")
    for (const role of rolesOfTask(world, task)) removeRole(world, role)
    world.tasks.delete(task.id)
    return done
  })

  route("GET", "/rp/api/v1/Accounts/{accountId}/tasks", (call) => {
    const { world } = call
    const fields = input.fromQuery(call.query, {
      relativeDate: "text",
      offset: "number",
      limit: "number",
      projectIds: "ids",
      projectState: "text",
      taskIds: "texts",
      filledState: "number",
      roleIds: "ids",
      roleNameIds: "ids",
      roleState: "text"
    })
    const today = input.optional(fields, "relativeDate", input.day) ?? call.today
    const projectIds = input.optional(fields, "projectIds", input.ids)
    const states = input.oneOf("Canceled", "Upcoming", "Active", "Complete", "Pursuit", "Lost", "All")
    const state = input.optional(fields, "projectState", states) ?? "All"
    const taskIds = input.optional(fields, "taskIds", (value, field) => input.list(value, input.uuid, field))
    const filled = input.optional(fields, "filledState", input.oneOf(0, 1, 2)) ?? 2
    const ids = input.optional(fields, "roleIds", input.ids)
    const nameIds = input.optional(fields, "roleNameIds", input.ids)
    const when = input.optional(fields, "roleState", input.oneOf("Past", "Current", "Upcoming", "All")) ?? "All"
    const index = indexAllocations(world)
    const wanted = (role: Role) =>
      (ids?.includes(role.id) ?? true) &&
      (nameIds?.includes(role.nameId) ?? true) &&
      (when === "All" || whenOf(role, today) === when) &&
      (filled === 2 || (unfilledOf(role, index.byRole.get(role.id) ?? []).length === 0) === asksForWith(world, filled))
    const byRole = ids !== undefined || nameIds !== undefined || when !== "All" || filled !== 2
    const rows = [...world.tasks.values()].flatMap((task) => {
      const project = world.projects.get(task.projectId)
      if (project === undefined || !(projectIds?.includes(project.id) ?? true)) return []
      if (state !== "All" && stateOf(project, today) !== state) return []
      if (!(taskIds?.includes(task.id) ?? true)) return []
      const all = (index.byProject.get(project.id) ?? []).filter((role) => role.taskId === task.id)
      const matching = all.filter(wanted)
      if (byRole && matching.length === 0) return []
      return [{ task, roles: world.switches.taskFeedRoles === "matching" ? matching : all }]
    })
    return page(rows, fields, { default: 5000 }, ({ task, roles }) => showDetail(call, task, roles, index))
  })
}
