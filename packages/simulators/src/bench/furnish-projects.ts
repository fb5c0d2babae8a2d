/** Makes what projects sort their roles by, and their tasks. */
import { overlaps, plus, type Range } from "./days.ts"
import { instant, type Parts } from "./furnishing.ts"
import type { Task } from "./records.ts"
import { taskRole } from "./tasks.ts"
import { templates } from "./words.ts"
import { indexAllocations, outsideEmployment, type Project, roleNamed, stateOf } from "./world.ts"

export const addCategories = ({ world, random }: Parts): void => {
  for (const project of world.projects.values()) {
    if (!random.chance(0.3)) continue
    const ids = ["North wing", "South wing", "Site and services"].map((name) => {
      const id = world.nextId()
      world.categories.set(id, { id, projectId: project.id, name })
      return id
    })
    for (const role of world.roles.values())
      if (role.projectId === project.id && random.chance(0.6)) role.categoryId = random.pick(ids)
  }
}

/** Gives running and coming projects tasks, and those of their roles that somebody has time for to these. */
export const addTasks = (parts: Parts): void => {
  const { world, random, today } = parts
  for (const { name, roles } of templates) {
    const id = world.nextUuid()
    world.taskTemplates.set(id, { id, name, roles })
  }
  const kinds = [...world.taskTemplates.values()]
  const wanted = [...world.projects.values()].filter(
    (project) => ["Active", "Upcoming"].includes(stateOf(project, today)) && random.chance(0.35)
  )
  for (const project of wanted) for (const kind of kinds) addTask(parts, project, kind.name, kind.roles)
}

const addTask = (
  parts: Parts,
  project: Project,
  name: string,
  roles: ReadonlyArray<{ readonly name: string; readonly allocatedPercent: number }>
): void => {
  const { world, random } = parts
  const startDate = plus(project.startDate, random.between(0, 60))
  const dates: Range = { startDate, endDate: plus(startDate, random.between(20, 60)) }
  if (dates.endDate > project.endDate) return
  const createdOn = instant(parts, 200)
  const task: Task = {
    id: world.nextUuid(),
    projectId: project.id,
    name,
    ...dates,
    createdOn,
    lastModifiedOn: createdOn
  }
  world.tasks.set(task.id, task)
  for (const { name: title, allocatedPercent } of roles) {
    const known = roleNamed(world, title, false)
    if (known === undefined) continue
    const role = taskRole(world, task, known, allocatedPercent, createdOn)
    world.roles.set(role.id, role)
    const { byPerson } = indexAllocations(world)
    const free = [...world.persons.values()].find(
      (person) =>
        person.title === title &&
        person.state === "Active" &&
        !(byPerson.get(person.id) ?? []).some((other) => overlaps(other, dates)) &&
        !outsideEmployment(person).some((outside) => overlaps(outside, dates)) &&
        ![...world.unavailabilities.values()].some((away) => away.personId === person.id && overlaps(away, dates))
    )
    const id = world.nextUuid()
    if (free !== undefined) world.allocations.set(id, { id, roleId: role.id, personId: free.id, ...dates })
  }
}
