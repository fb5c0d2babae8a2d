import { assert, describe, it } from "@effect/vitest"
import { A, ACCOUNT, caller, type Row, type Suite, today } from "../support/bench.ts"

/** Hours, and who worked with whom. */
export const reports = (suite: Suite): void => {
  const { get, send } = suite

  describe("reports of hours", () => {
    /** Two roles on a project of four weeks from a Monday: one filled for half of its time, one of half a person by nobody. */
    const make = async (name: string) => {
      const dates = { startDate: "2026-06-01", endDate: "2026-06-28" }
      const project = await send("POST", `${A}/Projects`, { name, ...dates })
      const path = `${A}/projects/${project.id}`
      const full = await send("POST", `${path}/roles`, { name: "Foreman", ...dates }, 201)
      const half = { startDate: "2026-06-01", endDate: "2026-06-28", allocatedPercent: 50 }
      await send("POST", `${path}/roles`, { name: "Scheduler", ...dates, allocations: [half] }, 201)
      const person = await send("POST", `${A}/Persons`, { name: `Fay of ${name}`, title: "Foreman" })
      const body = { roleId: full.id, personId: person.id, startDate: "2026-06-01", endDate: "2026-06-14" }
      await send("POST", `${path}/Allocations`, body, 204)
      return { report: `${path}/workforce-spend-reports`, person, nameId: full.nameId }
    }

    it("split them by role name, period and person, and add up", async () => {
      const { report, person, nameId } = await make("Breakdown")
      const all = await send("POST", `${report}/hours-breakdown`, { period: "Week" })
      // 20 working days of 8 hours, and as many of 4.
      assert.include(all, {
        totalWorkforceSpendHoursFilled: 80,
        totalWorkforceSpendHoursUnfilled: 160,
        totalWorkforceSpendHours: 240
      })
      const [foreman] = all.workforceSpendHoursBreakdown as [Row]
      assert.include(foreman, { workforceSpendHoursFilled: 80, workforceSpendHoursUnfilled: 80 })
      const weeks = foreman.periodWorkforceSpendHoursBreakdown as Row[]
      assert.deepStrictEqual(
        weeks.map((week) => [week.startDate, week.periodWorkforceSpendHoursFilled]),
        [
          ["2026-06-01", 40],
          ["2026-06-08", 40],
          ["2026-06-15", 0],
          ["2026-06-22", 0]
        ]
      )
      assert.deepStrictEqual(weeks[0]?.personWorkforceSpendHoursBreakdown, [
        { personId: person.id, personName: person.name, personWorkforceSpendHours: 40 }
      ])
      const some = { roleNameIds: [nameId], startDate: "2026-06-10", endDate: "2026-06-16" }
      const whole = await send("POST", `${report}/hours-breakdown`, { ...some, period: "Month" })
      assert.strictEqual(whole.totalWorkforceSpendHours, 160)
      const bounded = await send("POST", `${report}/hours-breakdown`, { ...some, period: "Month", bounded: true })
      assert.include(bounded, { totalWorkforceSpendHoursFilled: 24, totalWorkforceSpendHoursUnfilled: 16 })
    })

    it("split them into what is over and what remains", async () => {
      const { report, person } = await make("Overview")
      const all = await send("POST", `${report}/hours-overview`, { relativeDate: "2026-06-08" })
      assert.include(all, {
        totalWorkforceSpendHoursElapsed: 60,
        totalWorkforceSpendHoursRemainder: 180,
        totalWorkforceSpendHours: 240
      })
      assert.deepStrictEqual(all.workforceSpendHoursOverview[0].personWorkforceSpendHoursOverview, [
        {
          personId: person.id,
          personName: person.name,
          personElapsedHours: 40,
          personRemainderHours: 40,
          personTotalHours: 80
        }
      ])
      const before = await send("POST", `${report}/hours-overview`, { relativeDate: today })
      assert.include(before, { totalWorkforceSpendHoursElapsed: 0, totalWorkforceSpendHoursRemainder: 240 })
      const after = await send("POST", `${report}/hours-overview`, { relativeDate: "2026-07-01" })
      assert.include(after, { totalWorkforceSpendHoursElapsed: 240, totalWorkforceSpendHoursRemainder: 0 })
    })

    it("come in pages of role names, know no hourly roles, and are open to those who only read", async () => {
      const { report } = await make("Pages")
      const first = await suite.call("POST", `${report}/hours-breakdown`, { limit: 1 })
      assert.strictEqual(first.headers.get("query-has-more"), "true")
      assert.lengthOf(((await first.json()) as Row).workforceSpendHoursBreakdown, 1)
      const last = await suite.call("POST", `${report}/hours-breakdown`, { limit: 1, offset: 1 })
      assert.isNull(last.headers.get("query-has-more"))
      await send("POST", `${report}/hours-breakdown`, { roleType: "Hourly" }, 400)
      const reader = await caller(suite.server, suite.server.credentials.reader)
      await reader.send("POST", `${report}/hours-overview`, {})
    })
  })

  describe("the collaboration matrix", () => {
    it("names the projects on which two or more of the persons met", async () => {
      const all = await send("POST", `${ACCOUNT}/collaboration-matrix/_filter`, {})
      for (const project of all.projects as Row[]) assert.isAtLeast(project.personIds.length, 2)
      const [one] = all.projects as [Row]
      const pair = one.personIds.slice(0, 2)
      const met = await send("POST", `${ACCOUNT}/collaboration-matrix/_filter`, { predicates: { personIds: pair } })
      assert.deepInclude(
        met.projects.map((project: Row) => project.id),
        one.id
      )
      assert.sameMembers(met.personIds, pair)
      const around = await send("POST", `${ACCOUNT}/collaboration-matrix/_filter`, {
        predicates: { projectId: one.id }
      })
      for (const id of around.personIds) assert.include(one.personIds, id)
      const page = await suite.call("POST", `${ACCOUNT}/collaboration-matrix/_filter`, { limit: 1 })
      assert.strictEqual(page.headers.get("query-has-more"), "true")
      assert.isNotEmpty(await get(`${A}/Projects?ids=${one.id}`))
    })
  })
}
