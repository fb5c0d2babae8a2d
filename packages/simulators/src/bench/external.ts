/** Finding things by the ids that other systems use. */
import { type Call, ok, type Route } from "./http.ts"
import { showPerson } from "./persons.ts"
import { showProject } from "./projects.ts"
import { found } from "./records.ts"
import { showRole } from "./roles.ts"
import { indexAllocations } from "./world.ts"

const by = <A extends { readonly externalId: string | null }>(call: Call, all: Iterable<A>): A => {
  const id = call.text("externalId")
  return found(
    [...all].find((one) => one.externalId === id),
    "externalId",
    id
  )
}

/** The vendor declares no body, so that there is one at all is a switch. */
const answer = ({ world }: Call, body: object) => (world.switches.externalBody ? ok(body) : { status: 200 as const })

/** Adds the three look-ups. */
export const addExternal = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/external"
  route("GET", `${base}/persons/{externalId}`, (call) => {
    const { world, today, principal } = call
    return answer(call, showPerson(by(call, world.persons.values()), today, indexAllocations(world), principal))
  })
  route("GET", `${base}/projects/{externalId}`, (call) => {
    const { world, today } = call
    return answer(call, showProject(world, by(call, world.projects.values()), today, indexAllocations(world), true))
  })
  route("GET", `${base}/roles/{externalId}`, (call) =>
    answer(call, showRole(call, by(call, call.world.roles.values()), indexAllocations(call.world)))
  )
}
