import { assert, describe, it } from "@effect/vitest"
import { A, type Row, type Suite, today } from "../support/bench.ts"
import { signIn, tokensOf } from "../support/client.ts"

const dates = { startDate: "2026-06-01", endDate: "2026-12-18" }

/** Projects, and the people of the company. */
export const projects = (suite: Suite): void => {
  const { call, get, send, refused } = suite

  describe("projects", () => {
    it("are added with 200, found, changed and deleted", async () => {
      const made = await send("POST", `${A}/Projects`, { name: "Quayside Library", ...dates })
      assert.include(made, { name: "Quayside Library", state: "Upcoming", type: "Awarded", winPercent: null })
      assert.strictEqual((await get(`${A}/Projects/${made.id}`)).name, "Quayside Library")
      assert.strictEqual((await send("PATCH", `${A}/Projects/${made.id}`, { startDate: "2026-01-05" })).state, "Active")
      await send("PUT", `${A}/Projects/${made.id}/externalId`, { externalId: "CRM-1" }, 204)
      assert.strictEqual((await get(`${A}/Projects/${made.id}`)).externalId, "CRM-1")
      await send("DELETE", `${A}/Projects/${made.id}`, undefined, 204)
      assert.strictEqual((await call("GET", `${A}/Projects/${made.id}`)).status, 403)
    })

    it("have a name of their own", async () => {
      const { name } = ((await get(`${A}/Projects?limit=1`)) as Row[])[0] as Row
      assert.strictEqual(await refused("POST", `${A}/Projects`, { name, ...dates }, 409), "Duplicate")
    })

    it("take a state from their dates, except when canceled; an opportunity is pursued or lost", async () => {
      const awarded = await send("POST", `${A}/Projects`, { name: "Tannery Row Clinic", ...dates })
      assert.strictEqual((await send("PATCH", `${A}/Projects/${awarded.id}`, { state: "Complete" })).state, "Upcoming")
      assert.strictEqual((await send("PATCH", `${A}/Projects/${awarded.id}`, { state: "Canceled" })).state, "Canceled")
      const wish = await send("POST", `${A}/Projects`, {
        name: "Hoped-for Clinic",
        ...dates,
        type: "Opportunity",
        winPercent: 40
      })
      assert.include(wish, { state: "Pursuit", winPercent: 40 })
      assert.strictEqual((await send("PATCH", `${A}/Projects/${wish.id}`, { state: "Lost" })).state, "Lost")
      assert.include(await send("PATCH", `${A}/Projects/${wish.id}`, { type: "Awarded" }), {
        state: "Upcoming",
        winPercent: null
      })
      assert.strictEqual(await refused("PATCH", `${A}/Projects/${wish.id}`, { state: "Pursuit" }, 422), "NotAllowed")
      await send("POST", `${A}/Projects`, { name: "Odd", ...dates, winPercent: 40 }, 400)
    })

    it("refuse dates the wrong way round, a blank name and a body that is no JSON", async () => {
      await send(
        "POST",
        `${A}/Projects`,
        { name: "Backwards", startDate: dates.endDate, endDate: dates.startDate },
        400
      )
      await send("POST", `${A}/Projects`, { name: "  ", ...dates }, 400)
      const { access_token } = await tokensOf(signIn(suite.server, suite.server.credentials.person))
      const answer = await fetch(`${suite.server.url}${A}/Projects`, {
        method: "POST",
        headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
        body: "{"
      })
      assert.strictEqual(answer.status, 400)
    })

    it("move their roles along when asked, and drop those that would end before they begin", async () => {
      const made = await send("POST", `${A}/Projects`, { name: "Moving School", ...dates })
      const role = await send("POST", `${A}/projects/${made.id}/roles`, { name: "Foreman", ...dates }, 201)
      await send("PATCH", `${A}/Projects/${made.id}`, { startDate: "2026-06-08", shiftDates: true })
      const moved = await get(`${A}/projects/${made.id}/roles/${role.id}`)
      assert.include(moved, { startDate: "2026-06-08", endDate: "2026-12-25" })
      assert.deepStrictEqual(moved.allocations, [
        { startDate: "2026-06-08", endDate: "2026-12-25", allocatedPercent: 100 }
      ])
    })
  })

  describe("persons", () => {
    it("are added with 200, changed by fields of either letter case, deactivated and restored", async () => {
      const made = await send("POST", `${A}/Persons`, { name: "Ida Ferro", email: "ida@example.com", title: "Foreman" })
      const path = `${A}/Persons/${made.id}`
      const patched = await send("PATCH", path, {
        Name: "Ida Ferro-Lund",
        EmploymentDates: { StartDate: "2026-01-05" }
      })
      assert.strictEqual(patched.name, "Ida Ferro-Lund")
      assert.deepStrictEqual(patched.employmentDates, { startDate: "2026-01-05", endDate: null })
      await send(
        "POST",
        `${path}/deactivate`,
        { deactivationReason: "Moved away", employmentEndDate: "2026-02-27" },
        204
      )
      assert.include(await get(path), { state: "Deactivated", deactivationReason: "Moved away" })
      await send("POST", `${path}/restore`, undefined, 204)
      assert.include(await get(path), { state: "Active", deactivationReason: null })
      assert.strictEqual(await refused("POST", `${path}/restore`, undefined, 422), "NotAllowed")
      await send("PUT", `${path}/externalId`, { externalId: "HR-1" }, 204)
      await send("DELETE", path, undefined, 204)
      assert.include(await get(path), { state: "Deactivated", externalId: "HR-1" })
    })

    it("have an e-mail address of their own and a title that the account knows", async () => {
      const { email } = ((await get(`${A}/Persons?limit=1`)) as Row[])[0] as Row
      assert.strictEqual(await refused("POST", `${A}/Persons`, { name: "Double", email }, 409), "Duplicate")
      await send("POST", `${A}/Persons`, { name: "Odd", title: "Astronaut" }, 400)
    })

    it("are found by e-mail address and by unique id", async () => {
      const { id, email, uniqueId } = ((await get(`${A}/Persons?limit=1&offset=3`)) as Row[])[0] as Row
      for (const query of [`email=${encodeURIComponent(email)}`, `uniqueId=${uniqueId}`]) {
        assert.deepStrictEqual(
          ((await get(`${A}/Persons?${query}`)) as Row[]).map((person) => person.id),
          [id]
        )
      }
    })

    it("have projects and allocations of their own", async () => {
      const feed = (await get(
        "/rp/api/v1/Accounts/1/roles?roleState=Current&filledState=0&projectState=Active"
      )) as Row[]
      const role = feed.find((one) =>
        one.allocations.some((load: Row) => load.startDate <= today && today <= load.endDate)
      ) as Row
      const load = role.allocations.find((one: Row) => one.startDate <= today && today <= one.endDate) as Row
      const projects = (await get(`${A}/Persons/${load.personId}/projects`)) as Row[]
      assert.isTrue(projects.some((project) => project.id === role.projectId))
      const mine = (await get(`${A}/Persons/${load.personId}/allocations?start=${today}&end=${today}`)) as Row[]
      assert.isTrue(mine.some((one) => one.roleId === role.roleId && one.allocatedPercent === load.allocatedPercent))
      const current = (await get(`${A}/Persons/current-projects?personIds=${load.personId}`)) as Row[]
      assert.isTrue(current[0]?.projects.some((project: Row) => project.id === role.projectId))
      assert.isAbove(((await get(`${A}/Persons/current-projects-hourly`)) as Row[]).length, 10)
    })
  })
}
