import { assert, describe, it } from "@effect/vitest"
import { A, type Row, type Suite } from "../support/bench.ts"

/** When people are not there. */
export const timeAway = (suite: Suite): void => {
  const { get, send, refused } = suite

  describe("time away", () => {
    const fresh = async () =>
      (await send("POST", `${A}/Persons`, { name: "Max Moor", employmentDates: { StartDate: "2026-01-05" } }))
        .id as number

    it("is added, changed, listed in order and removed", async () => {
      const path = `${A}/persons/${await fresh()}/unavailabilities`
      const added = (await send("POST", path, [
        { startDate: "2026-07-06", endDate: "2026-07-17", description: "Vacation" },
        { startDate: "2026-04-06", endDate: "2026-04-06", rangeType: "Unavailability" }
      ])) as Row[]
      assert.deepStrictEqual(
        ((await get(path)) as Row[]).map((entry) => entry.startDate),
        ["2026-04-06", "2026-07-06"]
      )
      const last = (await get(`${path}?sortOrder=EndDateDescending&limit=1`)) as Row[]
      assert.strictEqual(last[0]?.startDate, "2026-07-06")
      const changed = await send("PATCH", path, [{ id: added[0]?.id, endDate: "2026-07-10" }])
      assert.strictEqual(changed[0].endDate, "2026-07-10")
      await send("DELETE", path, [added[1]?.id], 204)
      assert.lengthOf((await get(path)) as Row[], 1)
    })

    it("may not overlap: 400 when added, 409 when changed; nor lie before the employment", async () => {
      const path = `${A}/persons/${await fresh()}/unavailabilities`
      const [a, b] = (await send("POST", path, [
        { startDate: "2026-07-06", endDate: "2026-07-17" },
        { startDate: "2026-08-03", endDate: "2026-08-07" }
      ])) as [Row, Row]
      assert.strictEqual(
        await refused("POST", path, [{ startDate: "2026-07-17", endDate: "2026-07-20" }], 400),
        "Overlapped"
      )
      assert.strictEqual(await refused("PATCH", path, [{ id: b.id, startDate: a.endDate }], 409), "Overlapped")
      assert.lengthOf((await get(path)) as Row[], 2)
      await send("POST", path, [{ startDate: "2025-12-01", endDate: "2025-12-05" }], 400)
    })

    it("covers the time before and after an employment when asked, cut to the window when asked", async () => {
      const id = await fresh()
      const query = `personIds=${id}&start=2025-12-01&end=2026-12-31`
      assert.deepStrictEqual((await get(`${A}/persons/unavailabilities?${query}`))[0].unavailabilities, [])
      const all = (await get(`${A}/persons/unavailabilities?${query}&type=All&boundRange=true`))[0]
        .unavailabilities as Row[]
      assert.deepInclude(all[0], { rangeType: "PreEmployment", startDate: "2025-12-01", endDate: "2026-01-04" })
    })

    it("takes away from what people are free for", async () => {
      const id = await fresh()
      await send("POST", `${A}/persons/${id}/unavailabilities`, [{ startDate: "2026-03-01", endDate: "2026-03-08" }])
      const [entry] = (await get(`${A}/Persons/availabilities?ids=${id}&end=2026-03-31`)) as [Row]
      assert.include(entry, { nextAvailableDate: "2026-03-09", availableInDays: 7 })
      assert.deepStrictEqual(entry.availabilities, [
        { startDate: "2026-03-02", endDate: "2026-03-08", availablePercent: 0, reason: "Unavailability" },
        { startDate: "2026-03-09", endDate: "2026-03-31", availablePercent: 100, reason: "Available" }
      ])
      const never = `${A}/Persons/availabilities?ids=${id}&end=2026-03-05`
      assert.deepStrictEqual(await get(never), [])
      assert.strictEqual((await get(`${never}&includeUnavailable=true`))[0].availableInDays, -1)
    })
  })
}
