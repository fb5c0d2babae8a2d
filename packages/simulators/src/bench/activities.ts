/** Who changed what, and when. Whatever is written through the interface is noted. */
import { actorOf } from "./actor.ts"
import { invalid } from "./errors.ts"
import { type Answer, type Call, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import type { Activity } from "./records.ts"
import type { Id } from "./world.ts"

const account = "/rp/api/v1/accounts/{accountId}"
const project = `${account}/projects/{projectId}`
const task = `${project}/tasks/{taskId}/roles`

/** What is noted, by operation. The names are ours: the vendor does not list its own. */
const types: Readonly<Record<string, string>> = {
  [`POST ${account}/Projects`]: "ProjectCreated",
  [`PATCH ${account}/Projects/{id}`]: "ProjectUpdated",
  [`PUT ${account}/Projects/{id}/externalId`]: "ProjectUpdated",
  [`DELETE ${account}/Projects/{id}`]: "ProjectDeleted",
  [`POST ${account}/Persons`]: "PersonCreated",
  [`PATCH ${account}/Persons/{id}`]: "PersonUpdated",
  [`PUT ${account}/Persons/{id}/externalId`]: "PersonUpdated",
  [`DELETE ${account}/Persons/{id}`]: "PersonDeactivated",
  [`POST ${account}/Persons/{id}/deactivate`]: "PersonDeactivated",
  [`POST ${account}/Persons/{id}/restore`]: "PersonRestored",
  [`POST ${account}/persons/{id}/unavailabilities`]: "UnavailabilityCreated",
  [`PATCH ${account}/persons/{id}/unavailabilities`]: "UnavailabilityUpdated",
  [`DELETE ${account}/persons/{id}/unavailabilities`]: "UnavailabilityDeleted",
  [`POST ${project}/roles`]: "RoleCreated",
  [`POST ${project}/roles/bulk`]: "RoleCreated",
  [`PUT ${project}/roles/{id}`]: "RoleUpdated",
  [`PUT ${project}/roles/{id}/externalId`]: "RoleUpdated",
  [`DELETE ${project}/roles/{id}`]: "RoleDeleted",
  [`DELETE ${project}/roles/bulk`]: "RoleDeleted",
  [`POST ${project}/Allocations`]: "AllocationCreated",
  [`PUT ${project}/Allocations`]: "AllocationUpdated",
  [`DELETE ${project}/Allocations`]: "AllocationDeleted",
  [`POST ${project}/hourly-allocations`]: "AllocationCreated",
  [`PUT ${project}/hourly-allocations`]: "AllocationUpdated",
  [`DELETE ${project}/hourly-allocations`]: "AllocationDeleted",
  [`POST ${project}/roles/{roleId}/allocations`]: "AllocationCreated",
  [`POST ${task}/{id}/allocations`]: "AllocationCreated",
  [`DELETE ${task}/{id}/allocations`]: "AllocationDeleted",
  [`POST ${task}/allocations/bulk`]: "AllocationCreated",
  [`POST ${project}/tasks`]: "TaskCreated",
  [`POST ${project}/tasks/by-templates`]: "TaskCreated",
  [`PUT ${project}/tasks`]: "TaskUpdated",
  [`DELETE ${project}/tasks/{id}`]: "TaskDeleted",
  [`POST ${project}/phases`]: "PhaseCreated",
  [`POST ${project}/phases/bulk`]: "PhaseCreated",
  [`PUT ${project}/phases/bulk`]: "PhaseUpdated",
  [`PUT ${project}/phases/{phaseId}`]: "PhaseUpdated",
  [`DELETE ${project}/phases`]: "PhaseDeleted",
  [`DELETE ${project}/phases/{phaseId}`]: "PhaseDeleted",
  [`POST ${project}/notes`]: "NoteCreated",
  [`PATCH ${project}/notes/{id}`]: "NoteUpdated",
  [`DELETE ${project}/notes/{id}`]: "NoteDeleted"
}

const isId = (value: unknown): value is Id => typeof value === "number"

/** What an operation was about: what its path names, and what its body or its answer does. */
const subjectsOf = (template: string, call: Call, answer: Answer) => {
  const one = (name: string): Id | null => (template.includes(`{${name}}`) ? call.id(name) : null)
  const [body, made] = [call.body, answer.body].map((value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? (value as input.Fields) : {}
  ) as [input.Fields, input.Fields]
  const last = (part: RegExp) => (part.test(template) ? one("id") : null)
  const added = (part: RegExp) => (part.test(template) && isId(made.id) ? made.id : null)
  return {
    personId: last(/\/persons\/\{id\}/i) ?? added(/\/Persons$/) ?? (isId(body.personId) ? body.personId : null),
    projectId: one("projectId") ?? last(/\/Projects\/\{id\}/) ?? added(/\/Projects$/),
    roleId: one("roleId") ?? last(/\/roles\/\{id\}/) ?? added(/\/roles$/) ?? (isId(body.roleId) ? body.roleId : null)
  }
}

/** Adds operations as `route` does, and notes what they change. */
export const noting =
  (route: Route): Route =>
  (method, template, handler, right) => {
    const activityType = types[`${method} ${template}`]
    const noted = (call: Call): Answer => {
      const answer = handler(call)
      const { world } = call
      const actor = actorOf(call)
      const subjects = subjectsOf(template, call, answer)
      world.activities.push({
        happenedOn: call.now,
        triggeredByUserId: actor.id,
        triggeredByUserName: actor.name,
        triggeredByUserType: actor.type,
        activityType: activityType as string,
        ...subjects,
        payload: call.body ?? null,
        diff: null,
        groupingIds:
          world.persons.get(subjects.personId ?? 0)?.groupings ??
          world.projects.get(subjects.projectId ?? 0)?.groupings ??
          null
      })
      return answer
    }
    route(method, template, activityType === undefined ? handler : noted, right)
  }

/** A list of at most so many. */
const some =
  <A>(item: (value: unknown, field: string) => A, most: number) =>
  (value: unknown, field: string): ReadonlyArray<A> => {
    const all = input.list(value, item, field)
    if (all.length > most) throw invalid(field, all.length, `a list of at most ${most}`)
    return all
  }

/** An instant between 1900 and 2100; a bare day is its first moment, or its last when it ends a range. */
const moment =
  (last: boolean) =>
  (value: unknown, field: string): number => {
    const day = input.day(value, field)
    if (day < "1900-01-01" || day > "2100-01-01") throw invalid(field, value, "between 1900-01-01 and 2100-01-01")
    const text = String(value)
    if (text.length === 10) return Date.parse(text) + (last ? 86_399_999 : 0)
    return Date.parse(/(Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}Z`)
  }

/** Adds the activity log. */
export const addActivities = (route: Route): void => {
  route("POST", `${account}/activities/_filter`, ({ world, body }) => {
    const fields = input.object(body)
    const predicates = input.object(fields.predicates ?? {}, "predicates")
    const ten = input.nullable(some(input.id, 10))
    const personIds = input.optional(predicates, "personIds", ten) ?? null
    const projectIds = input.optional(predicates, "projectIds", ten) ?? null
    if (personIds !== null && projectIds !== null)
      throw invalid("personIds", personIds, "absent when projectIds is given")
    const from = input.optional(predicates, "happenedFrom", input.nullable(moment(false))) ?? Number.NEGATIVE_INFINITY
    const to = input.optional(predicates, "happenedTo", input.nullable(moment(true))) ?? Number.POSITIVE_INFINITY
    if (to < from) throw invalid("happenedTo", predicates.happenedTo, "after happenedFrom")
    const users = input.optional(predicates, "triggeredByUserIds", input.nullable(some(input.id, 50))) ?? null
    const kinds = input.optional(predicates, "activityTypes", input.nullable(some(input.text(1), 25))) ?? null
    const search = (
      input.optional(predicates, "activityTypeSearch", input.nullable(input.text(0, 100))) ?? ""
    ).toLowerCase()
    const programs = input.optional(predicates, "triggeredByIntegrations", input.flag) ?? true
    const people = input.optional(predicates, "triggeredByUsers", input.flag) ?? true
    const groupings = input.optional(predicates, "groupingIds", input.nullable(input.ids)) ?? null
    const blank = input.optional(predicates, "includeBlankGroupIds", input.flag) ?? false
    const grouped = (ids: Activity["groupingIds"]) =>
      groupings === null || (ids ?? []).some((id) => groupings.includes(id)) || (blank && (ids ?? []).length === 0)
    const found = world.activities.filter(
      (one) =>
        (personIds?.includes(one.personId ?? 0) ?? true) &&
        (projectIds?.includes(one.projectId ?? 0) ?? true) &&
        Date.parse(one.happenedOn) >= from &&
        Date.parse(one.happenedOn) <= to &&
        (users?.includes(one.triggeredByUserId) ?? true) &&
        (kinds?.includes(one.activityType) ?? true) &&
        one.activityType.toLowerCase().includes(search) &&
        (one.triggeredByUserType === "ServiceAccount" ? programs : people) &&
        grouped(one.groupingIds)
    )
    const ordered = world.switches.activityOrder === "newestFirst" ? found.reverse() : found
    return page(ordered, fields, { default: 25, max: 50 }, (activity) => activity)
  })
}
