/** What roles can be called. */
import { forbidden, invalid, Refusal, unprocessable } from "./errors.ts"
import { type Call, done, ok, type Route } from "./http.ts"
import * as input from "./input.ts"
import { seesAll } from "./persons.ts"
import type { Id, RoleName, World } from "./world.ts"

const projectsWith = (world: World, { id }: RoleName): ReadonlyArray<Id> => [
  ...new Set([...world.roles.values()].filter((role) => role.nameId === id).map((role) => role.projectId))
]

const addKind = (route: Route, path: string, hourly: boolean): void => {
  const base = `/rp/api/v1/accounts/{accountId}/${path}`
  const cost = hourly ? "hourlyCost" : "cost"
  const namesOf = (world: World) => [...world.roleNames.values()].filter((name) => name.hourly === hourly)
  const find = (world: World, id: Id): RoleName => {
    const name = world.roleNames.get(id)
    if (name?.hourly !== hourly) throw forbidden("id", id)
    return name
  }
  const show = ({ world, principal }: Call, name: RoleName) => {
    const projectIds = projectsWith(world, name)
    return {
      id: name.id,
      name: name.name,
      type: hourly ? "Hourly" : "Salaried",
      [cost]: seesAll(principal) ? name.hourlyCost : null,
      inUse: projectIds.length > 0,
      projectIds,
      alphabetize: name.alphabetize
    }
  }
  // The vendor states no 409 here, so a name that is taken is a value that is not valid.
  const refuseTaken = (world: World, text: string, self?: RoleName) => {
    if (namesOf(world).some((other) => other !== self && other.name.toLowerCase() === text.toLowerCase()))
      throw new Refusal(400, {
        errorType: "Duplicate",
        description: "There is another with the same name.",
        field: "name",
        values: [text]
      })
  }

  route("GET", base, (call) => ok(namesOf(call.world).map((name) => show(call, name))))

  route("POST", base, (call) => {
    const { world } = call
    const query = input.fromQuery(call.query, { alphabetize: "flag" })
    const alphabetize = input.optional(query, "alphabetize", input.flag) ?? false
    const saved = input.list(call.body, input.object, "body", 1).map((fields): RoleName => {
      const id = input.optional(fields, "id", input.id)
      const known = id === undefined ? undefined : find(world, id)
      const text = input.optional(fields, "name", input.nullable(input.text(1, 250))) ?? known?.name
      if (text === undefined) throw invalid("name", null, "given")
      refuseTaken(world, text, known)
      const hourlyCost = input.replaced(fields, cost, input.amount, known?.hourlyCost ?? null)
      if (known === undefined)
        return { id: world.nextId(), name: text, hourly, stage: "Operations", hourlyCost, alphabetize }
      // Roles and people carry the name along.
      for (const role of world.roles.values()) if (role.nameId === known.id) role.name = text
      for (const person of world.persons.values()) if (person.title === known.name) person.title = text
      return Object.assign(known, { name: text, hourlyCost })
    })
    for (const name of saved) world.roleNames.set(name.id, name)
    for (const name of namesOf(world)) name.alphabetize = alphabetize
    return ok(saved.map((name) => show(call, name)))
  })

  route("DELETE", base, ({ world, body }) => {
    const gone = input.someIds(body).map((id) => find(world, id))
    if (gone.some((name) => projectsWith(world, name).length > 0))
      throw unprocessable("NotAllowed", "A name that a role has cannot be removed.")
    if (namesOf(world).every((name) => gone.includes(name)))
      throw unprocessable("NotAllowed", "An account needs at least one name.")
    for (const { id } of gone) world.roleNames.delete(id)
    return done
  })
}

/** Adds the names of salaried and of hourly roles. */
export const addRoleNames = (route: Route): void => {
  addKind(route, "role-names", false)
  addKind(route, "hourly-role-names", true)
}
