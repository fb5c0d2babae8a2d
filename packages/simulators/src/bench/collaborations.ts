/** Who worked with whom: the projects on which two or more persons were allocated. */
import { page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { found } from "./records.ts"
import type { Id, Role } from "./world.ts"

/** Adds the collaboration matrix. */
export const addCollaborations = (route: Route): void => {
  route("POST", "/rp/api/v1/Accounts/{accountId}/collaboration-matrix/_filter", ({ world, body }) => {
    const fields = input.object(body)
    const predicates = input.object(fields.predicates ?? {}, "predicates")
    const personIds = input.optional(predicates, "personIds", input.nullable(input.ids)) ?? null
    const projectId = input.optional(predicates, "projectId", input.nullable(input.id)) ?? null
    const type = input.optional(predicates, "roleType", input.oneOf("Salaried", "Hourly", "All")) ?? "All"
    const stages = input.oneOf("Operations", "Preconstruction", "All")
    const stage = input.optional(predicates, "salariedRoleType", stages) ?? "All"
    const nameIds = input.optional(predicates, "roleNameIds", input.nullable(input.ids)) ?? null
    const wanted = (role: Role) =>
      (type === "All" || role.type === type) &&
      (stage === "All" || role.type === "Hourly" || role.stage === stage) &&
      (nameIds?.includes(role.nameId) ?? true)

    const teams = new Map<Id, Set<Id>>()
    for (const allocation of world.allocations.values()) {
      const role = world.roles.get(allocation.roleId)
      if (role === undefined || !wanted(role)) continue
      const team = teams.get(role.projectId) ?? new Set()
      teams.set(role.projectId, team.add(allocation.personId))
    }
    if (projectId !== null) found(world.projects.get(projectId), "projectId", projectId)
    const among = projectId === null ? undefined : (teams.get(projectId) ?? new Set())
    const projects = [...teams].flatMap(([id, team]) => {
      const met = [...team].filter((person) => (among?.has(person) ?? true) && (personIds?.includes(person) ?? true))
      return met.length < 2 ? [] : [{ id, hcopId: null, name: world.projects.get(id)?.name ?? null, personIds: met }]
    })
    const answer = page(projects, fields, { default: 1000 }, (project) => project)
    const shown = answer.body as typeof projects
    return { ...answer, body: { projects: shown, personIds: [...new Set(shown.flatMap((one) => one.personIds))] } }
  })
}
