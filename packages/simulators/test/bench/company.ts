import { assert, describe, it } from "@effect/vitest"
import { bench } from "@keyturn/simulators"
import { A, type Row, type Suite, today } from "../support/bench.ts"
import { tokensOf } from "../support/client.ts"

/** What the data set holds, and how it is read page by page. */
export const company = (suite: Suite): void => {
  const { call, get, send, refused } = suite

  describe("the data set", () => {
    it("is a company: 200 people, 60 projects, 1,000 allocations, time off, empty slots and double bookings", async () => {
      const [projects, persons, roles, hourly, away] = (await Promise.all([
        get(`${A}/Projects`),
        get(`${A}/Persons?state=All`),
        get("/rp/api/v1/Accounts/1/roles?type=All"),
        get("/rp/api/v1/Accounts/1/hourly-roles"),
        get(`${A}/persons/unavailabilities`)
      ])) as [Row[], Row[], Row[], Row[], Row[]]
      assert.isAtLeast(projects.length, 60)
      assert.isAtLeast(persons.length, 200)
      assert.strictEqual(new Set(persons.map((person) => person.name)).size, persons.length)
      assert.strictEqual(new Set(projects.map((project) => project.name)).size, projects.length)
      const allocations = [...roles, ...hourly].flatMap((role) => role.allocations)
      assert.isAtLeast(allocations.length, 1000)
      assert.isAtLeast(away.flatMap((entry) => entry.unavailabilities).length, 200)
      assert.isAtLeast(persons.filter((person) => person.hasConflict).length, 5)
      assert.isAtLeast(persons.filter((person) => person.state === "Deactivated").length, 5)
      for (const state of ["Active", "Upcoming", "Complete", "Pursuit"]) {
        assert.isAtLeast(projects.filter((project) => project.state === state).length, 3, state)
      }
      const soon = roles.filter((role) => !role.isFilled && role.endDate >= today && role.startDate <= "2026-05-25")
      assert.isAtLeast(soon.length, 30)
    })

    it("keeps the people half to mostly busy over the next twelve weeks", async () => {
      const persons = (await get(`${A}/Persons`)) as Row[]
      const roles = (await get("/rp/api/v1/Accounts/1/roles?type=All")) as Row[]
      const salaried = new Set(persons.filter((person) => person.type === "Salaried").map((person) => person.id))
      for (let week = 0; week < 12; week++) {
        const day = new Date(Date.parse(today) + week * 7 * 86_400_000).toISOString().slice(0, 10)
        const busy = roles
          .filter((role) => role.projectType === "Awarded" && role.projectStatus !== "Canceled")
          .flatMap((role) => role.allocations as Row[])
          .filter((load) => salaried.has(load.personId) && load.startDate <= day && day <= load.endDate)
          .reduce((sum, load) => sum + load.allocatedPercent, 0)
        const utilisation = busy / salaried.size
        assert.isTrue(utilisation > 45 && utilisation < 95, `week ${week}: ${utilisation} %`)
      }
    })

    it("is the same for a seed and a start, and another for another seed", async () => {
      const start = "2026-03-02T08:00:00Z"
      const read = async (seed: number) => {
        await using other = bench.create({ seed, start })
        const { login, password } = other.credentials.service
        const answer = await other.fetch(`${other.url}/auth/signin`, {
          method: "POST",
          body: new URLSearchParams({ username: login, password })
        })
        const { access_token } = await tokensOf(answer)
        return (
          await other.fetch(`${other.url}/rp/api/v1/Accounts/1/roles?type=All`, {
            headers: { authorization: `Bearer ${access_token}` }
          })
        ).text()
      }
      const [one, again, two] = [await read(7), await read(7), await read(8)]
      assert.strictEqual(one, again)
      assert.notStrictEqual(one, two)
    })

    it("refers only to what is there", async () => {
      const ids = new Set(((await get(`${A}/Persons?state=All`)) as Row[]).map((person) => person.id))
      const projects = new Set(((await get(`${A}/Projects`)) as Row[]).map((project) => project.id))
      for (const role of (await get("/rp/api/v1/Accounts/1/roles?type=All")) as Row[]) {
        assert.isTrue(projects.has(role.projectId))
        for (const allocation of role.allocations) assert.isTrue(ids.has(allocation.personId))
      }
    })
  })

  describe("pages", () => {
    it("are bare arrays, and query-has-more says whether there are more", async () => {
      const all = (await get(`${A}/Projects`)) as Row[]
      const got: Row[] = []
      for (let offset = 0; ; ) {
        const answer = await call("GET", `${A}/Projects?offset=${offset}&limit=25`)
        const items = (await answer.json()) as Row[]
        got.push(...items)
        offset += items.length
        if (answer.headers.get("query-has-more") !== "true") {
          assert.isNull(answer.headers.get("query-has-more"))
          break
        }
        assert.lengthOf(items, 25)
      }
      assert.deepStrictEqual(
        got.map((project) => project.id),
        all.map((project) => project.id)
      )
    })

    it("end exactly: a page that is full and the last has no more", async () => {
      const { length } = (await get(`${A}/Projects`)) as Row[]
      assert.isNull((await call("GET", `${A}/Projects?limit=${length}`)).headers.get("query-has-more"))
      assert.deepStrictEqual(await get(`${A}/Projects?offset=${length}`), [])
    })

    it("take offset and limit in the body of a filter, at most 100 accounts", async () => {
      const answer = await call("POST", `${A}/Persons/_filter`, { offset: 10, limit: 5, predicates: { state: "All" } })
      assert.strictEqual(answer.headers.get("query-has-more"), "true")
      assert.lengthOf((await answer.json()) as Row[], 5)
      assert.strictEqual(await refused("POST", "/rp/api/v1/Accounts/_filter", { limit: 101 }, 400), "ValidationError")
    })

    it("refuse an offset or limit that is none", async () => {
      for (const query of ["offset=-1", "limit=0", "limit=ten"])
        await send("GET", `${A}/Projects?${query}`, undefined, 400)
    })
  })
}
