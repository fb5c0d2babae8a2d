/** Accounts: how a client learns the id that every other path needs. */

import { type Handler, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import type { Schema } from "./schema.ts"
import type { World, Worlds } from "./world.ts"

const show = (world: World): Schema<"Account"> => {
  const { id, name, organizationId, companyType, marketSegment, isDemo } = world.account
  return {
    id,
    name,
    logoUrl: null,
    status: "Active",
    numProjects: world.projects.size,
    numPeople: [...world.persons.values()].filter((person) => person.state === "Active").length,
    numMembers: world.users.size,
    expiryDate: null,
    totalPeopleAttachmentBytes: [...world.attachments.values()].reduce(
      (sum, { content }) => sum + (content?.bytes.length ?? 0),
      0
    ),
    useMetricUnits: false,
    organizationId,
    oktaOrganizationId: null,
    oktaOrgName: null,
    isDemo,
    companyType,
    marketSegment,
    crmAccountId: null,
    crmOpportunityId: null
  }
}

const sortKeys: ReadonlyArray<(world: World) => string | number> = [
  (world) => world.account.name,
  (world) => world.projects.size,
  (world) => world.persons.size,
  (world) => world.users.size,
  (world) => world.account.organizationId,
  (world) => world.account.id
]

export const addAccounts = (route: Route, worlds: Worlds): void => {
  const visible = (ids: ReadonlyArray<number>) =>
    ids.flatMap((id) => worlds.get(id) ?? []).sort((a, b) => a.account.id - b.account.id)

  route("GET", "/rp/api/v1/Accounts", ({ principal, query }) =>
    page(
      visible(principal.accounts),
      input.fromQuery(query, { offset: "number", limit: "number" }),
      { default: 1000 },
      show
    )
  )

  const filter: Handler = ({ principal, body }) => {
    const fields = input.object(body)
    const predicates = input.object(fields.predicates ?? {}, "predicates")
    const sort = input.object(fields.sort ?? {}, "sort")
    const ids = input.optional(predicates, "accountIds", input.nullable(input.ids))
    const state = input.optional(predicates, "state", input.oneOf("Active", "Deactivated", "All")) ?? "All"
    const name = input.optional(predicates, "name", input.nullable(input.text())) ?? ""
    const organization = input.optional(predicates, "organizationId", input.nullable(input.text()))
    const demo = input.optional(predicates, "isDemo", input.nullable(input.flag))
    const key = sortKeys[input.optional(sort, "sortBy", input.oneOf(0, 1, 2, 3, 4, 5)) ?? 5] as (
      world: World
    ) => string | number
    const sign = (input.optional(sort, "direction", input.oneOf("Asc", "Desc")) ?? "Asc") === "Asc" ? 1 : -1
    const found = visible(principal.accounts)
      .filter(({ account }) => ids?.includes(account.id) ?? true)
      .filter(() => state !== "Deactivated")
      .filter(({ account }) => account.name.toLowerCase().includes(name.toLowerCase()))
      .filter(({ account }) => (organization ?? account.organizationId) === account.organizationId)
      .filter(({ account }) => (demo ?? account.isDemo) === account.isDemo)
      .sort((a, b) => (key(a) < key(b) ? -sign : key(a) > key(b) ? sign : 0))
    return page(found, fields, { default: 50, max: 100 }, show)
  }
  route("POST", "/rp/api/v1/Accounts/_filter", filter)

  route("GET", "/rp/api/v1/Accounts/{accountId}", ({ world }) => ok(show(world)))
}
