import { assert, describe, it } from "@effect/vitest"
import { allocations } from "./bench/allocations.ts"
import { company } from "./bench/company.ts"
import { filters } from "./bench/filters.ts"
import { projects } from "./bench/projects.ts"
import { timeAway } from "./bench/time-away.ts"
import { startSuite } from "./support/bench.ts"
import { call, judge, planning, refresh, signIn, signOut, tokensOf, unanswered } from "./support/client.ts"

const suite = startSuite()
company(suite)
filters(suite)
projects(suite)
timeAway(suite)
allocations(suite)

describe("the document", () => {
  it("has no operation about planning that was not answered above with success and found valid", async () => {
    const { server } = suite
    const again = await tokensOf(signIn(server, server.credentials.service))
    const next = await tokensOf(refresh(server, again.refresh_token))
    assert.strictEqual((await call(server, next.access_token, "GET", "/rp/api/v1/Accounts/1")).status, 200)
    await signOut(server, next.access_token)
    assert.deepStrictEqual(
      unanswered((tag) => planning.includes(tag)),
      []
    )
  })

  it("names every operation as the statistics do", () => {
    for (const operation of Object.keys(suite.server.stats().operations)) assert.include(judge.all, operation)
  })
})
