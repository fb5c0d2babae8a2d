import { assert, describe, it } from "@effect/vitest"
import { A, type Row, type Suite } from "../support/bench.ts"

const dates = { startDate: "2026-06-01", endDate: "2026-12-18" }

/** Roles, and who fills them. */
export const allocations = (suite: Suite): void => {
  const { get, send, refused } = suite

  describe("roles and allocations", () => {
    const team = async () => {
      const project = await send("POST", `${A}/Projects`, { name: `Depot ${crypto.randomUUID()}`, ...dates })
      const role = await send("POST", `${A}/projects/${project.id}/roles`, { name: "Foreman", ...dates }, 201)
      const person = await send("POST", `${A}/Persons`, { name: "Rui Costa" })
      return {
        project,
        role,
        person,
        path: `${A}/projects/${project.id}/Allocations`,
        body: { roleId: role.id, personId: person.id }
      }
    }

    it("add, replace and remove roles, one or many", async () => {
      const { project } = await team()
      const path = `${A}/projects/${project.id}/roles`
      const many = (await send("POST", `${path}/bulk`, [
        { name: "Estimator", ...dates },
        { name: "Scheduler", ...dates }
      ])) as Row[]
      assert.lengthOf((await get(`${path}?type=All`)) as Row[], 3)
      const put = await send("PUT", `${path}/${many[1]?.id}`, {
        name: "Scheduler",
        startDate: "2026-07-01",
        endDate: "2026-08-31",
        note: "Part time"
      })
      assert.include(put, { startDate: "2026-07-01", note: "Part time", isFilled: false })
      await send("PUT", `${path}/${many[1]?.id}/externalId`, { externalId: null }, 204)
      await send("DELETE", `${path}/${many[0]?.id}`, undefined, 204)
      await send("DELETE", `${path}/bulk`, [many[1]?.id], 204)
      assert.lengthOf((await get(`${path}?type=All`)) as Row[], 1)
      await send("POST", path, { name: "Astronaut", ...dates }, 400)
      await send("POST", path, { name: "Foreman", startDate: dates.startDate, endDate: "2027-05-01" }, 422)
    })

    it("fill a role: it is filled, the person is not free any more, and the other feeds agree", async () => {
      const { project, role, person, path, body } = await team()
      await send("POST", path, body, 204)
      assert.include(await get(`${A}/projects/${project.id}/roles/${role.id}`), {
        isFilled: true,
        assignedPersonId: person.id,
        assignedPersonName: "Rui Costa"
      })
      const [entry] = ((await get(path)) as Row[]).filter((one) => one.roleId === role.id) as [Row]
      assert.deepInclude(entry.allocations[0], {
        personId: person.id,
        ...dates,
        allocationState: "Upcoming",
        hasConflict: false
      })
      const [feed] = (await get(`/rp/api/v1/Accounts/1/roles?roleIds=${role.id}`)) as [Row]
      assert.deepInclude(feed.allocations[0], { personId: person.id, ...dates, allocatedPercent: 100 })
    })

    it("cut time away out of an allocation, which may leave two", async () => {
      const { role, person, path, body } = await team()
      await send("POST", `${A}/persons/${person.id}/unavailabilities`, [
        { startDate: "2026-07-11", endDate: "2026-07-25" }
      ])
      await send("POST", path, { ...body, startDate: "2026-07-01", endDate: "2026-07-31" }, 204)
      const [entry] = ((await get(path)) as Row[]).filter((one) => one.roleId === role.id) as [Row]
      assert.deepStrictEqual(
        entry.allocations.map(({ startDate, endDate }: Row) => [startDate, endDate]),
        [
          ["2026-07-01", "2026-07-10"],
          ["2026-07-26", "2026-07-31"]
        ]
      )
    })

    it("refuse an allocation wholly inside time away, outside the employment, of the deactivated, or outside the role", async () => {
      const { person, path, body } = await team()
      await send("POST", `${A}/persons/${person.id}/unavailabilities`, [
        { startDate: "2026-07-01", endDate: "2026-07-31" }
      ])
      await send("POST", path, { ...body, startDate: "2026-07-02", endDate: "2026-07-30" }, 422)
      await send("POST", path, { ...body, startDate: "2026-05-01", endDate: "2026-06-30" }, 422)
      await send("PATCH", `${A}/Persons/${person.id}`, { EmploymentDates: { EndDate: "2026-11-30" } })
      await send("POST", path, { ...body, startDate: "2026-11-02", endDate: "2026-12-04" }, 422)
      await send("DELETE", `${A}/Persons/${person.id}`, undefined, 204)
      await send("POST", path, { ...body, startDate: "2026-08-03", endDate: "2026-08-28" }, 422)
    })

    it("refuse a second person on the same days of a role", async () => {
      const { role, project, path, body } = await team()
      await send("POST", path, { ...body, endDate: "2026-08-31" }, 204)
      const other = (await send("POST", `${A}/Persons`, { name: "Lou Reyes" })).id
      assert.strictEqual(
        await refused("POST", path, { ...body, personId: other, startDate: "2026-08-31" }, 409),
        "Overlapped"
      )
      const direct = `${A}/projects/${project.id}/roles/${role.id}/allocations`
      await send("POST", direct, { personId: other, startDate: "2026-09-01", endDate: dates.endDate })
      assert.isTrue((await get(`${A}/projects/${project.id}/roles/${role.id}`)).isFilled)
    })

    it("change an allocation, and stretch the role with it when both role dates are given", async () => {
      const { role, project, path, body } = await team()
      await send("POST", path, { ...body, endDate: "2026-08-31" }, 204)
      await send("PUT", path, { ...body, startDate: "2026-07-01", endDate: "2026-09-30" }, 204)
      const stretch = { ...body, startDate: "2026-05-18", endDate: "2026-12-18", roleStartDate: "2026-05-18" }
      await send("PUT", path, stretch, 400)
      await send("PUT", path, { ...stretch, roleEndDate: "2026-12-18" }, 204)
      assert.include(await get(`${A}/projects/${project.id}/roles/${role.id}`), {
        startDate: "2026-05-18",
        isFilled: true
      })
    })

    it("delete an allocation only when the body matches what is stored", async () => {
      const { path, body } = await team()
      await send("POST", path, { ...body, endDate: "2026-08-31" }, 204)
      await send("DELETE", path, { ...body, startDate: dates.startDate, endDate: "2026-09-30" }, 422)
      await send("DELETE", path, { ...body, startDate: dates.startDate, endDate: "2026-08-31" }, 204)
      await send("DELETE", path, { ...body, startDate: dates.startDate, endDate: "2026-08-31" }, 422)
    })

    it("count as a conflict when one person is promised twice, and not when one of the two is an opportunity", async () => {
      const { person, path, body } = await team()
      await send("POST", path, body, 204)
      const other = await team()
      await send("POST", other.path, { ...other.body, personId: person.id }, 204)
      assert.include(await get(`${A}/Persons/${person.id}`), { hasConflict: true, nextConflict: dates.startDate })
      await send("PATCH", `${A}/Projects/${other.project.id}`, { type: "Opportunity" })
      assert.include(await get(`${A}/Persons/${person.id}`), { hasConflict: false, nextConflict: null })
    })

    it("keep hourly people to hourly roles", async () => {
      const feed = (await get("/rp/api/v1/Accounts/1/hourly-roles?roleState=Upcoming&unfilled=true")) as Row[]
      const everyone = (await get(`${A}/Persons`)) as Row[]
      const salaried = everyone.find((person) => person.type === "Salaried") as Row
      const role = feed[0] as Row
      const path = `${A}/projects/${role.projectId}/hourly-allocations`
      await send("POST", path, { roleId: role.roleId, personId: salaried.id }, 422)
      const hourly = await send("POST", `${A}/Persons`, { name: "Ola Berg", type: "Hourly" })
      const body = { roleId: role.roleId, personId: hourly.id, startDate: role.startDate, endDate: role.endDate }
      await send("POST", path, body, 204)
      await send("PUT", path, body, 204)
      const [entry] = ((await get(path)) as Row[]).filter((one) => one.roleId === role.roleId) as [Row]
      assert.strictEqual(entry.allocations[0].personId, hourly.id)
      await send("DELETE", path, body, 204)
      await send("POST", `${A}/projects/${role.projectId}/Allocations`, body, 403)
    })
  })
}
