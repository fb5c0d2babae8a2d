import { assert, describe, it } from "@effect/vitest"
import { A, caller, type Row, type Suite, today } from "../support/bench.ts"

/** What is found by filters, and what who may see. */
export const filters = (suite: Suite): void => {
  const { call, get, send } = suite

  describe("filters", () => {
    it("leave out the deactivated unless asked", async () => {
      const some = (await get(`${A}/Persons`)) as Row[]
      const all = (await get(`${A}/Persons?state=All`)) as Row[]
      assert.isBelow(some.length, all.length)
      assert.isTrue(some.every((person) => person.state === "Active"))
      assert.strictEqual(((await get(`${A}/Persons?state=Deactivated`)) as Row[]).length, all.length - some.length)
    })

    it("leave out preconstruction roles unless asked", async () => {
      const feed = "/rp/api/v1/Accounts/1/roles"
      const [operations, precon, all] = [
        await get(feed),
        await get(`${feed}?type=Preconstruction`),
        await get(`${feed}?type=All`)
      ] as [Row[], Row[], Row[]]
      assert.isAbove(precon.length, 0)
      assert.strictEqual(operations.length + precon.length, all.length)
    })

    it("find projects by a part of the name, by state, by issues and by ids separated by commas", async () => {
      const all = (await get(`${A}/Projects?includeProjectNumber=true`)) as Row[]
      const [first, second] = all as [Row, Row]
      const byName = (await get(
        `${A}/Projects?name=${encodeURIComponent(first.name.slice(2, 9).toUpperCase())}`
      )) as Row[]
      assert.isTrue(byName.some((project) => project.id === first.id))
      assert.isString(first.projectNumber)
      assert.notProperty(byName[0], "projectNumber")
      const active = (await get(`${A}/Projects?projectState=Active`)) as Row[]
      assert.isTrue(active.length > 0 && active.every((project) => project.state === "Active"))
      const two = (await get(`${A}/Projects?ids=${first.id},${second.id}`)) as Row[]
      assert.deepStrictEqual(
        two.map((project) => project.id),
        [first.id, second.id]
      )
      const issues = (await get(`${A}/Projects?issues=0`)) as Row[]
      assert.isTrue(issues.length > 0 && issues.every((project) => project.issuesCount > 0))
      const same = await send("POST", `${A}/Projects/_filter`, { predicates: { projectIds: [second.id], name: null } })
      assert.deepStrictEqual(
        same.map((project: Row) => project.id),
        [second.id]
      )
    })

    it("judge states from relativeDate", async () => {
      const project = ((await get(`${A}/Projects?projectState=Active`)) as Row[])[0] as Row
      assert.strictEqual((await get(`${A}/Projects/${project.id}?relativeDate=2090-01-01`)).state, "Complete")
      assert.strictEqual((await get(`${A}/Projects/${project.id}?relativeDate=1990-01-01`)).state, "Upcoming")
    })

    it("find roles that are filled, unfilled, or held by nobody", async () => {
      const feed = "/rp/api/v1/Accounts/1/roles?type=All"
      const filled = (await get(`${feed}&filledState=0`)) as Row[]
      const open = (await get(`${feed}&filledState=1`)) as Row[]
      assert.isTrue(filled.length > 0 && filled.every((role) => role.isFilled && role.unfilledRanges.length === 0))
      assert.isTrue(open.length > 0 && open.every((role) => !role.isFilled && role.unfilledRanges.length > 0))
      const nobody = (await get(`${feed}&unfilled=true`)) as Row[]
      assert.isTrue(nobody.length > 0 && nobody.every((role) => role.allocations.length === 0))
      const current = (await get(`${feed}&roleState=Current`)) as Row[]
      assert.isTrue(current.length > 0 && current.every((role) => role.startDate <= today && today <= role.endDate))
    })

    it("refuse a boolean or an enum that is none, and name the field", async () => {
      const answer = await send("GET", `${A}/Projects?includeProjectNumber=1`, undefined, 400)
      assert.strictEqual(answer.errors[0].field, "includeProjectNumber")
      assert.strictEqual((await send("GET", `${A}/Persons?state=Gone`, undefined, 400)).errors[0].field, "state")
      assert.strictEqual(
        (await send("GET", `${A}/Projects?relativeDate=2026-02-31`, undefined, 400)).errors[0].field,
        "relativeDate"
      )
    })
  })

  describe("rights", () => {
    it("answer 403 for what is not there, never 404", async () => {
      for (const path of [
        `${A}/Projects/1`,
        `${A}/Persons/1`,
        "/rp/api/v1/Accounts/99",
        `${A}/projects/1/roles`,
        "/rp/api/v1/accounts/2/Projects"
      ]) {
        assert.strictEqual((await call("GET", path)).status, 403, path)
      }
      assert.strictEqual((await call("GET", `${A}/Projects/abc`)).status, 400)
    })

    it("let a viewer read without finances and private words, and refuse changes", async () => {
      const reader = await caller(suite.server, suite.server.credentials.reader)
      const persons = (await reader.get(`${A}/Persons`)) as Row[]
      assert.isTrue(persons.every((person) => person.hourlyCostRate === null))
      const away = (await reader.get(`${A}/persons/unavailabilities`)) as Row[]
      const entries = away.flatMap((entry) => entry.unavailabilities as Row[])
      assert.isTrue(entries.filter((entry) => entry.isPrivate).every((entry) => entry.description === null))
      assert.isTrue(entries.some((entry) => entry.description !== null))
      await reader.send("POST", `${A}/Projects/_filter`, {})
      await reader.send("POST", `${A}/Persons`, { name: "Nobody" }, 403)
    })

    it("show a person the accounts they belong to", async () => {
      const person = await caller(suite.server, suite.server.credentials.person)
      const idsOf = (accounts: Row[]) => accounts.map((account) => account.id)
      assert.deepStrictEqual(idsOf(await person.get("/rp/api/v1/Accounts")), [1, 2])
      const byName = { predicates: { name: "interiors" }, sort: { sortBy: 1, direction: "Desc" } }
      assert.deepStrictEqual(idsOf(await person.send("POST", "/rp/api/v1/Accounts/_filter", byName)), [2])
    })
  })
}
