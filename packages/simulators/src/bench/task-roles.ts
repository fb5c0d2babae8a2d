/** The roles of tasks, and who fills them. */
import { allocate, readAllocation, removeAllocation, roleOf } from "./allocations.ts"
import { unprocessable } from "./errors.ts"
import { type Call, created, done, ok, type Route } from "./http.ts"
import * as input from "./input.ts"
import { findProject } from "./projects.ts"
import { found, type Task } from "./records.ts"
import { knownRoleName, showRole } from "./roles.ts"
import { findTask, taskRole } from "./tasks.ts"
import { indexAllocations, type Role, removeRole, type World } from "./world.ts"

/** All of it, or nothing: what was allocated before an entry turned out to be wrong is taken back. */
const together = (world: World, run: () => void): void => {
  const [allocations, roles] = [new Map(world.allocations), new Map(world.roles)]
  try {
    run()
  } catch (error) {
    world.allocations.clear()
    for (const [id, allocation] of allocations) world.allocations.set(id, allocation)
    for (const [id, role] of roles) world.roles.set(id, role)
    throw error
  }
}

const percentIn = ({ switches }: World, fields: input.Fields): number =>
  switches.missingPercent === "refused"
    ? input.required(fields, "allocatedPercent", input.whole(1, 100))
    : input.changed(fields, "allocatedPercent", input.whole(1, 100), switches.missingPercent)

/** Adds the roles of tasks. */
export const addTaskRoles = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/projects/{projectId}/tasks"
  const one = `${base}/{taskId}/roles/{id}`

  const findRole = (call: Call): Role => {
    const task = findTask(call, findProject(call, "projectId"), "taskId")
    const role = call.world.roles.get(call.id("id"))
    return found(role?.taskId === task.id ? role : undefined, "id", call.id("id"))
  }

  const read = (call: Call, task: Task, fields: input.Fields): Role => ({
    ...taskRole(
      call.world,
      task,
      knownRoleName(call, input.required(fields, "name", input.text(1, 250))),
      percentIn(call.world, fields),
      call.now
    ),
    note: input.replaced(fields, "note", input.text(0, 250), null),
    billable: input.optional(fields, "billable", input.flag) ?? true,
    skillSet: input.replaced(fields, "skillSet", input.ids, null)
  })
  const add = (call: Call, sent: ReadonlyArray<input.Fields>) => {
    const task = findTask(call, findProject(call, "projectId"), "id")
    const roles = sent.map((fields) => read(call, task, fields))
    for (const role of roles) call.world.roles.set(role.id, role)
    const index = indexAllocations(call.world)
    return roles.map((role) => showRole(call, role, index))
  }
  route("POST", `${base}/{id}/roles`, (call) => created(add(call, [input.object(call.body)])[0]))
  route("POST", `${base}/{id}/roles/bulk`, (call) => created(add(call, input.list(call.body, input.object, "body", 1))))

  route("PATCH", one, (call) => {
    const role = findRole(call)
    const fields = input.object(call.body)
    const name = input.changed(fields, "name", input.text(1, 250), role.name)
    const percent = input.changed(fields, "allocatedPercent", input.whole(1, 100), 0)
    const changed = {
      name,
      nameId: name === role.name ? role.nameId : knownRoleName(call, name).id,
      note: input.replaced(fields, "note", input.text(0, 250), role.note),
      billable: input.changed(fields, "billable", input.flag, role.billable),
      skillSet: input.replaced(fields, "skillSet", input.ids, role.skillSet),
      requirements:
        percent === 0 ? role.requirements : role.requirements.map((load) => ({ ...load, allocatedPercent: percent }))
    }
    return ok(showRole(call, Object.assign(role, changed), indexAllocations(call.world)))
  })

  route("DELETE", one, (call) => {
    removeRole(call.world, findRole(call))
    return done
  })

  route("POST", `${one}/allocations`, (call) => {
    const role = findRole(call)
    allocate(call.world, readAllocation(call, input.object(call.body), role))
    return done
  })

  route("DELETE", `${one}/allocations`, (call) => removeAllocation(call, input.object(call.body), findRole(call)))

  route("POST", `${base}/{taskId}/roles/allocations/bulk`, (call) => {
    const task = findTask(call, findProject(call, "projectId"), "taskId")
    const sent = input.list(call.body, input.object)
    const run = () => {
      for (const fields of sent) {
        const role = roleOf(call, fields, "Salaried")
        if (role.taskId !== task.id) throw unprocessable("NotAllowed", "The role is not one of the task.", "roleId")
        allocate(call.world, readAllocation(call, fields, role))
      }
    }
    if (call.world.switches.bulkAllocations === "allOrNone") together(call.world, run)
    else run()
    return done
  })
}
