/** What projects sort their roles by, such as the parts of a building. */
import { invalid, unprocessable } from "./errors.ts"
import { type Call, created, done, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { findProject } from "./projects.ts"
import { found, type RoleCategory } from "./records.ts"
import type { Id } from "./world.ts"

/** How long a name may be; a longer one is a 422, unlike elsewhere. */
const longest = 100

const nameIn = (fields: input.Fields): string => {
  const name = input.required(fields, "name", input.text(1))
  if (name.length > longest) throw unprocessable("ValidationError", `A name has at most ${longest} characters.`, "name")
  return name
}

/** Adds the categories of a project, and the feed of all. */
export const addRoleCategories = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/projects/{projectId}/role-categories"
  const show = ({ id, name }: RoleCategory) => ({ id, name })
  const find = ({ world }: Call, projectId: Id, id: Id): RoleCategory => {
    const category = world.categories.get(id)
    return found(category?.projectId === projectId ? category : undefined, "id", id)
  }

  route("GET", base, (call) => {
    const project = findProject(call, "projectId")
    return ok([...call.world.categories.values()].filter(({ projectId }) => projectId === project.id).map(show))
  })

  route("POST", base, (call) => {
    const { world } = call
    const project = findProject(call, "projectId")
    const names = input.list(call.body, input.object, "body", 1).map(nameIn)
    const added = names.map((name): RoleCategory => ({ id: world.nextId(), projectId: project.id, name }))
    for (const category of added) world.categories.set(category.id, category)
    return created(added.map(show))
  })

  route("PUT", base, (call) => {
    const project = findProject(call, "projectId")
    const changes = input.list(call.body, input.object, "body", 1).map((fields) => ({
      category: find(call, project.id, input.required(fields, "id", input.id)),
      name: nameIn(fields)
    }))
    return ok(changes.map(({ category, name }) => show(Object.assign(category, { name }))))
  })

  route("DELETE", base, (call) => {
    const { world } = call
    const project = findProject(call, "projectId")
    const gone = input.someIds(call.body).map((id) => find(call, project.id, id))
    const inUse = [...world.roles.values()].find((role) => gone.some(({ id }) => id === role.categoryId))
    if (inUse !== undefined && !world.switches.removeCategoryInUse)
      throw invalid("id", inUse.categoryId, "a category without roles")
    for (const { id } of gone) {
      world.categories.delete(id)
      for (const role of world.roles.values()) if (role.categoryId === id) role.categoryId = null
    }
    return done
  })

  route("GET", "/rp/api/v1/Accounts/{accountId}/role-categories", ({ world, query }) =>
    page(
      [...world.categories.values()],
      input.fromQuery(query, { offset: "number", limit: "number" }),
      { default: 5000 },
      (category) => category
    )
  )
}
