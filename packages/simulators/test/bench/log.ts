import { assert, describe, it } from "@effect/vitest"
import { A, caller, type Row, type Suite, today } from "../support/bench.ts"

/** The activity log. */
export const log = (suite: Suite): void => {
  const { send } = suite
  const path = `${A}/activities/_filter`
  const ask = (predicates: object, window: object = {}) =>
    send("POST", path, { ...window, predicates }) as Promise<Row[]>

  describe("the activity log", () => {
    it("tells who changed what, the newest first", async () => {
      const project = await send("POST", `${A}/Projects`, {
        name: "Logged",
        startDate: "2026-06-01",
        endDate: "2026-12-31"
      })
      suite.server.clock.advance({ minutes: 1 })
      const role = { name: "Foreman", startDate: "2026-06-01", endDate: "2026-07-31" }
      const { id: roleId } = await send("POST", `${A}/projects/${project.id}/roles`, role, 201)
      const { id: personId } = await send("POST", `${A}/Persons`, { name: "Lou Grant", title: "Foreman" })
      suite.server.clock.advance({ minutes: 1 })
      await send("POST", `${A}/projects/${project.id}/Allocations`, { roleId, personId }, 204)
      const about = await ask({ projectIds: [project.id] })
      assert.deepStrictEqual(
        about.map((one) => one.activityType),
        ["AllocationCreated", "RoleCreated", "ProjectCreated"]
      )
      assert.include(about[0], { personId, roleId, projectId: project.id, triggeredByUserType: "ServiceAccount" })
      assert.deepStrictEqual(
        (await ask({ personIds: [personId] })).map((one) => one.activityType),
        ["AllocationCreated", "PersonCreated"]
      )
      assert.lengthOf(await ask({ projectIds: [project.id], triggeredByIntegrations: false }), 0)
      assert.lengthOf(await ask({ projectIds: [project.id], activityTypes: ["RoleCreated"] }), 1)
      assert.lengthOf(await ask({ projectIds: [project.id], activityTypeSearch: "created" }), 3)
      assert.lengthOf(await ask({ projectIds: [project.id], happenedTo: "2026-03-01" }), 0)
      assert.lengthOf(await ask({ projectIds: [project.id], happenedFrom: today, happenedTo: today }), 3)
      const last = about[0]?.happenedOn as string
      assert.lengthOf(await ask({ projectIds: [project.id], happenedFrom: last }), 1)
    })

    it("does not tell what was refused", async () => {
      const before = await ask({ activityTypes: ["ProjectCreated"] })
      await send("POST", `${A}/Projects`, { name: "No dates" }, 400)
      assert.strictEqual((await ask({ activityTypes: ["ProjectCreated"] })).length, before.length)
    })

    it("comes in pages of 25, at most 50", async () => {
      const page = await suite.call("POST", path, {})
      assert.strictEqual(page.headers.get("query-has-more"), "true")
      assert.lengthOf((await page.json()) as Row[], 25)
      await send("POST", path, { limit: 51 }, 400)
      const reader = await caller(suite.server, suite.server.credentials.reader)
      assert.lengthOf(await reader.send("POST", path, { limit: 50 }), 50)
    })

    it("is asked about at most ten persons or ten projects, not both, between 1900 and 2100", async () => {
      const ids = Array.from({ length: 11 }, (_, i) => i + 1)
      await send("POST", path, { predicates: { personIds: ids } }, 400)
      await send("POST", path, { predicates: { projectIds: ids } }, 400)
      await send("POST", path, { predicates: { personIds: [1], projectIds: [1] } }, 400)
      await send("POST", path, { predicates: { happenedFrom: "1899-12-31" } }, 400)
      await send("POST", path, { predicates: { happenedTo: "2100-01-02" } }, 400)
      await send("POST", path, { predicates: { happenedFrom: "2026-02-01", happenedTo: "2026-01-01" } }, 400)
    })
  })
}
