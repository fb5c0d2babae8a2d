/** When a project is in which phase. */
import { between, plus } from "./days.ts"
import { invalid } from "./errors.ts"
import { type Call, created, done, ok, type Route } from "./http.ts"
import * as input from "./input.ts"
import { checkPhase, newPhases } from "./phases.ts"
import { findProject, showPhase } from "./projects.ts"
import { found } from "./records.ts"
import type { Id, Phase, Project } from "./world.ts"

const phaseOf = (project: Project, id: Id): Phase =>
  found(
    project.phases.find((phase) => phase.id === id),
    "phaseId",
    id
  )

/** The phase with the dates of the request: shifted as a whole, or with one end or both moved. */
const moved = (call: Call, project: Project, phase: Phase, fields: input.Fields): Phase => {
  const from = input.optional(fields, "startDate", input.nullable(input.day)) ?? null
  const to = input.optional(fields, "endDate", input.nullable(input.day)) ?? null
  if (from === null && to === null) throw invalid("startDate", null, "given, or endDate")
  const shifts = input.optional(fields, "shiftDates", input.flag) ?? false
  const days = from !== null ? between(phase.startDate, from) : between(phase.endDate, to ?? phase.endDate)
  const dates = shifts
    ? { startDate: plus(phase.startDate, days), endDate: plus(phase.endDate, days) }
    : { startDate: from ?? phase.startDate, endDate: to ?? phase.endDate }
  checkPhase(dates, project)
  return { ...phase, ...dates, lastModifiedOn: call.now }
}

const replace = (project: Project, changed: ReadonlyArray<Phase>): void => {
  const byId = new Map(changed.map((phase) => [phase.id, phase]))
  project.phases = project.phases.map((phase) => byId.get(phase.id) ?? phase)
}

const remove = (project: Project, gone: ReadonlyArray<Id>): void => {
  for (const id of gone) phaseOf(project, id)
  project.phases = project.phases.filter(({ id }) => !gone.includes(id))
}

/** Adds the phases of a project. */
export const addProjectPhases = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/projects/{projectId}/phases"
  const shown = (call: Call, phases: ReadonlyArray<Phase>) => phases.map((phase) => showPhase(call.world, phase))

  route("GET", base, (call) => ok(shown(call, findProject(call, "projectId").phases)))

  const add = (call: Call, sent: ReadonlyArray<input.Fields>) => {
    const project = findProject(call, "projectId")
    const added = newPhases(call, sent, project, project.phases)
    project.phases = [...project.phases, ...added]
    return shown(call, added)
  }
  route("POST", base, (call) => created(add(call, [input.object(call.body)])[0]))
  route("POST", `${base}/bulk`, (call) => created(add(call, input.list(call.body, input.object, "body", 1))))

  route("PUT", `${base}/bulk`, (call) => {
    const project = findProject(call, "projectId")
    const changed = input
      .list(call.body, input.object, "body", 1)
      .map((fields) => moved(call, project, phaseOf(project, input.required(fields, "id", input.id)), fields))
    replace(project, changed)
    return ok(shown(call, changed))
  })

  route("PUT", `${base}/{phaseId}`, (call) => {
    const project = findProject(call, "projectId")
    const phase = moved(call, project, phaseOf(project, call.id("phaseId")), input.object(call.body))
    replace(project, [phase])
    return ok(showPhase(call.world, phase))
  })

  route("DELETE", base, (call) => {
    remove(findProject(call, "projectId"), input.someIds(call.body))
    return done
  })

  route("DELETE", `${base}/{phaseId}`, (call) => {
    remove(findProject(call, "projectId"), [call.id("phaseId")])
    return done
  })
}
