/** Saved searches: each login's own, and those that are shared in the account. */
import { type Call, created, done, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { type Filter, found, refuseTaken } from "./records.ts"
import type { Schema } from "./schema.ts"
import type { World } from "./world.ts"

const types = input.oneOf("People", "Project", "Roles")
const verbs = input.oneOf("Above", "Below", "Between", "Includes", "Excludes", "Equals")

const texts = (value: unknown, field: string) => input.list(value, input.text(), field)
const numbers = (value: unknown, field: string) =>
  input.list(value, input.whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), field)
const decimals = (value: unknown, field: string) => input.list(value, input.amount, field)

const readCriterion = (world: World, fields: input.Fields) => ({
  id: world.nextId(),
  verb: input.replaced(fields, "verb", verbs, null),
  valueIds: input.replaced(fields, "valueIds", input.ids, null),
  shortValues: input.replaced(fields, "shortValues", numbers, null),
  intValues: input.replaced(fields, "intValues", numbers, null),
  longValues: input.replaced(fields, "longValues", numbers, null),
  decimalValues: input.replaced(fields, "decimalValues", decimals, null),
  dateValues: input.replaced(fields, "dateValues", texts, null),
  stringValue: input.replaced(fields, "stringValue", input.text(), null),
  blankValue: input.replaced(fields, "blankValue", input.flag, null),
  dynamicData: input.replaced(
    fields,
    "dynamicData",
    (value, field) =>
      Object.fromEntries(
        Object.entries(input.object(value, field)).map(([name, one]) => [name, input.nullable(input.text())(one, name)])
      ),
    null
  )
})

const readSets = (world: World) => (value: unknown, field: string) =>
  input.list(
    value,
    (entry, at) => {
      const fields = input.object(entry, at)
      return {
        id: world.nextId(),
        type: input.required(fields, "type", types),
        fieldDefId: input.replaced(fields, "fieldDefId", input.id, null),
        filterType: input.replaced(fields, "filterType", input.text(), null),
        filters: input.required(fields, "filters", (filters, name) =>
          input.list(filters, (one, where) => readCriterion(world, input.object(one, where)), name)
        )
      }
    },
    field
  )

const show = ({ login: _, ...filter }: Filter): Schema<"Filter"> => filter

/** Adds filters. Everybody may save their own; only an administrator removes shared ones. */
export const addFilters = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/my-filters"
  const mine = ({ world, principal }: Call) =>
    [...world.filters.values()].filter((filter) => filter.login === principal.login)
  const find = (call: Call) => {
    const id = call.id("id")
    return found(
      mine(call).find((filter) => filter.id === id),
      "id",
      id
    )
  }

  route("GET", base, (call) => {
    const fields = input.fromQuery(call.query, { offset: "number", limit: "number", type: "text", name: "text" })
    const type = input.optional(fields, "type", types)
    const name = (input.optional(fields, "name", input.text()) ?? "").toLowerCase()
    const all = mine(call).filter((one) => (type ?? one.type) === one.type && one.name.toLowerCase().includes(name))
    return page(all, fields, { default: 100 }, show)
  })

  route(
    "POST",
    base,
    (call) => {
      const { world, principal } = call
      const fields = input.object(call.body)
      const filter: Filter = {
        id: world.nextId(),
        login: principal.login,
        name: input.required(fields, "name", input.text(1)),
        type: input.required(fields, "type", types),
        predicates: input.required(fields, "predicates", input.text(1)),
        filtersSet: input.replaced(fields, "filtersSet", readSets(world), null)
      }
      refuseTaken(mine(call), filter.name)
      world.filters.set(filter.id, filter)
      return created(show(filter))
    },
    "read"
  )

  route("GET", `${base}/{id}`, (call) => ok(show(find(call))))

  route(
    "PATCH",
    `${base}/{id}`,
    (call) => {
      const filter = find(call)
      const fields = input.object(call.body)
      const patch = {
        name: input.changed(fields, "name", input.text(1), filter.name),
        predicates: input.changed(fields, "predicates", input.text(1), filter.predicates),
        filtersSet: input.changed(fields, "filtersSet", readSets(call.world), filter.filtersSet)
      }
      Object.assign(filter, patch)
      return done
    },
    "read"
  )

  route(
    "DELETE",
    `${base}/{id}`,
    (call) => {
      call.world.filters.delete(find(call).id)
      return done
    },
    "read"
  )

  route("DELETE", "/rp/api/v1/accounts/{accountId}/shared-filters/{id}", (call) => {
    const id = call.uuid("id")
    found(call.world.sharedFilters.delete(id) || undefined, "id", id)
    return done
  })
}
