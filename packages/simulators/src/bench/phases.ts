/** The phases that an account knows, of which projects go through some. */
import { type Range, within } from "./days.ts"
import { duplicate, invalid, unprocessable } from "./errors.ts"
import { type Call, created, done, ok, type Route } from "./http.ts"
import * as input from "./input.ts"
import { type AccountPhase, found, refuseTaken } from "./records.ts"
import type { Schema } from "./schema.ts"
import type { Id, Phase, World } from "./world.ts"

const most = 20

const show = (world: World, phase: AccountPhase): Schema<"Phase"> => ({
  ...phase,
  projects: [...world.projects.values()]
    .filter((project) => project.phases.some(({ id }) => id === phase.id))
    .map(({ id }) => id)
})

export const findPhase = (world: World, id: Id): AccountPhase => found(world.phases.get(id), "id", id)

/** Refuses dates that are out of order (400) or outside the project (422). */
export const checkPhase = (dates: Range, project: Range): void => {
  if (dates.endDate < dates.startDate) throw invalid("endDate", dates.endDate, `on or after ${dates.startDate}`)
  if (!within(dates, project)) throw unprocessable("NotAllowed", "The phase lies outside its project.", "startDate")
}

/** The phases that a request gives to a project of these dates, which has some already. */
export const newPhases = (
  call: Call,
  sent: ReadonlyArray<input.Fields>,
  project: Range,
  held: ReadonlyArray<Phase>
): ReadonlyArray<Phase> => {
  const taken = new Set(held.map(({ id }) => id))
  return sent.map((fields) => {
    const { id } = findPhase(call.world, input.required(fields, "id", input.id))
    if (taken.has(id)) throw duplicate("id", id)
    taken.add(id)
    const dates = {
      startDate: input.required(fields, "startDate", input.day),
      endDate: input.required(fields, "endDate", input.day)
    }
    checkPhase(dates, project)
    return { id, ...dates, lastModifiedOn: call.now }
  })
}

/** Changes what was sent of a phase; nothing changes when one of the fields is wrong. */
const change = (world: World, phase: AccountPhase, fields: input.Fields): AccountPhase => {
  const name = input.changed(fields, "name", input.text(1), phase.name)
  const includeOnNewProjects = input.changed(fields, "includeOnNewProjects", input.flag, phase.includeOnNewProjects)
  refuseTaken(world.phases.values(), name, phase)
  return Object.assign(phase, { name, includeOnNewProjects })
}

/** Adds the phases of an account. */
export const addPhases = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/Phases"

  route("GET", base, ({ world }) => ok([...world.phases.values()].map((phase) => show(world, phase))))

  route("POST", base, (call) => {
    const { world } = call
    const fields = input.object(call.body)
    const name = input.required(fields, "name", input.text(1))
    refuseTaken(world.phases.values(), name)
    if (world.phases.size >= most) throw unprocessable("NotAllowed", `An account has at most ${most} phases.`)
    const phase: AccountPhase = {
      id: world.nextId(),
      name,
      includeOnNewProjects: input.optional(fields, "includeOnNewProjects", input.flag) ?? false
    }
    world.phases.set(phase.id, phase)
    return created(show(world, phase))
  })

  route("PUT", base, ({ world, body }) => {
    const sent = input
      .list(body, input.object)
      .map((fields) => ({ fields, phase: findPhase(world, input.required(fields, "id", input.id)) }))
    for (const { phase, fields } of sent) change(world, phase, fields)
    // The order of the account is that of its map.
    const others = [...world.phases.values()].filter((phase) => !sent.some((one) => one.phase === phase))
    world.phases.clear()
    const moved = sent.map((one) => one.phase)
    for (const phase of world.switches.phasesNotSent === "last" ? [...moved, ...others] : [...others, ...moved])
      world.phases.set(phase.id, phase)
    return done
  })

  route("DELETE", base, ({ world, body }) => {
    const gone = input.list(body, input.id).map((id) => findPhase(world, id))
    for (const { id } of gone) {
      world.phases.delete(id)
      for (const project of world.projects.values()) project.phases = project.phases.filter((phase) => phase.id !== id)
    }
    return done
  })

  route("GET", `${base}/{id}`, ({ world, id }) => ok(show(world, findPhase(world, id("id")))))

  route("PUT", `${base}/{id}`, ({ world, body, id }) => {
    change(world, findPhase(world, id("id")), input.object(body))
    return done
  })
}
