/** Groupings, such as offices or regions, and who belongs to them. */
import { invalid } from "./errors.ts"
import { type Call, created, done, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { findPerson } from "./persons.ts"
import { findProject } from "./projects.ts"
import { byName, found, type Grouping, knownGroupings, type Owner, refuseTaken } from "./records.ts"
import type { Schema } from "./schema.ts"
import type { Id, World } from "./world.ts"

const show = (world: World, grouping: Grouping): Schema<"Grouping"> => {
  const within = (all: Iterable<Owner>) =>
    [...all].filter((owner) => owner.groupings?.includes(grouping.id)).map(({ id }) => id)
  return {
    ...grouping,
    inUseByPeople: within(world.persons.values()),
    inUseByProjects: within(world.projects.values()),
    inUseByUsers: [...world.users.values()]
      .filter((user) => user.groupingPermissions?.some(({ id }) => id === grouping.id))
      .map(({ id }) => id)
  }
}

const set = (call: Call, owner: Owner, groupings: ReadonlyArray<Id>): void => {
  owner.groupings = groupings.length > 0 ? groupings : null
  owner.lastModifiedOn = call.now
}

const addOwned = (route: Route, owners: string, find: (call: Call) => Owner): void => {
  const base = `/rp/api/v1/accounts/{accountId}/${owners}/groupings`

  const write = (call: Call, how: "add" | "replace", sent: ReadonlyArray<Id>) => {
    const owner = find(call)
    set(call, owner, knownGroupings(call.world, how === "add" ? [...(owner.groupings ?? []), ...sent] : sent))
    return done
  }
  route("POST", base, (call) => write(call, call.world.switches.postGroupings, input.someIds(call.body)))
  route("PUT", base, (call) => write(call, call.world.switches.putGroupings, input.list(call.body, input.id)))

  route("DELETE", `${base}/{id}`, (call) => {
    const owner = find(call)
    const id = call.id("id")
    found(owner.groupings?.includes(id) || undefined, "id", id)
    set(call, owner, owner.groupings?.filter((other) => other !== id) ?? [])
    return done
  })
}

/** Adds groupings, and those of persons and projects. */
export const addGroupings = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/groupings"
  const find = ({ world, id }: Call) => found(world.groupings.get(id("id")), "id", id("id"))
  const nameIn = ({ body }: Call) => input.required(input.object(body), "name", input.text(1, 250))

  route("GET", base, ({ world, query }) =>
    page(
      [...world.groupings.values()].sort(byName),
      input.fromQuery(query, { offset: "number", limit: "number" }),
      { default: 1000 },
      (grouping) => show(world, grouping)
    )
  )

  route("POST", base, (call) => {
    const { world } = call
    const name = nameIn(call)
    refuseTaken(world.groupings.values(), name)
    const grouping: Grouping = { id: world.nextId(), name, lastModifiedOn: call.now }
    world.groupings.set(grouping.id, grouping)
    return created(show(world, grouping))
  })

  route("GET", `${base}/{id}`, (call) => ok(show(call.world, find(call))))

  route("PATCH", `${base}/{id}`, (call) => {
    const grouping = find(call)
    const name = nameIn(call)
    refuseTaken(call.world.groupings.values(), name, grouping)
    Object.assign(grouping, { name, lastModifiedOn: call.now })
    return done
  })

  route("DELETE", `${base}/{id}`, (call) => {
    const { world } = call
    const grouping = find(call)
    const { id } = grouping
    const { inUseByPeople, inUseByProjects, inUseByUsers } = show(world, grouping)
    const inUse = [inUseByPeople, inUseByProjects, inUseByUsers].some((by) => (by ?? []).length > 0)
    if (inUse && !world.switches.removeGroupingInUse) throw invalid("id", id, "a grouping that is not in use")
    world.groupings.delete(id)
    for (const owner of [...world.persons.values(), ...world.projects.values()])
      if (owner.groupings?.includes(id))
        set(
          call,
          owner,
          owner.groupings.filter((other) => other !== id)
        )
    for (const user of world.users.values())
      user.groupingPermissions = user.groupingPermissions?.filter((permission) => permission.id !== id) ?? null
    return done
  })

  addOwned(route, "persons/{personId}", (call) => findPerson(call, call.id("personId")))
  addOwned(route, "projects/{projectId}", (call) => findProject(call, "projectId"))
}
