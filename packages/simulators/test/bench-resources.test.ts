import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type BenchSimulator, bench } from "@keyturn/simulators"
import { judge, planning, refresh, call as request, signIn, signOut, tokensOf, unanswered } from "./support/client.ts"

// biome-ignore lint/suspicious/noExplicitAny: the shape of an answer is judged by the document, not by the compiler.
type Json = any
type Row = Record<string, Json>

const today = "2026-03-02"
const A = "/rp/api/v1/accounts/1"
let server: BenchSimulator
let token: string

beforeAll(async () => {
  server = await bench.listen({ start: `${today}T08:00:00Z` })
  token = (await tokensOf(signIn(server, server.credentials.service))).access_token
})
afterAll(() => server.close())

const call = (method: string, path: string, body?: unknown) => request(server, token, method, path, body)
const get = async (path: string): Promise<Json> => {
  const answer = await call("GET", path)
  assert.strictEqual(answer.status, 200, `${path}: ${await answer.clone().text()}`)
  return answer.json()
}
const send = async (method: string, path: string, body: unknown, status = 200): Promise<Json> => {
  const answer = await call(method, path, body)
  assert.strictEqual(answer.status, status, `${method} ${path}: ${await answer.clone().text()}`)
  const text = await answer.text()
  return text === "" ? undefined : JSON.parse(text)
}
const errorType = async (method: string, path: string, body: unknown, status: number) =>
  (await send(method, path, body, status)).errors[0].errorType as string

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

  it("say query-has-more: false at the end when that is switched on", async () => {
    await using other = await bench.listen({ switches: { hasMoreFalse: true } })
    const { access_token } = await tokensOf(signIn(other, other.credentials.service))
    const answer = await request(other, access_token, "GET", "/rp/api/v1/Accounts")
    assert.strictEqual(answer.headers.get("query-has-more"), "false")
  })

  it("take offset and limit in the body of a filter, at most 100 accounts", async () => {
    const answer = await call("POST", `${A}/Persons/_filter`, { offset: 10, limit: 5, predicates: { state: "All" } })
    assert.strictEqual(answer.headers.get("query-has-more"), "true")
    assert.lengthOf((await answer.json()) as Row[], 5)
    assert.strictEqual(await errorType("POST", "/rp/api/v1/Accounts/_filter", { limit: 101 }, 400), "ValidationError")
  })

  it("refuse an offset or limit that is none", async () => {
    for (const query of ["offset=-1", "limit=0", "limit=ten"])
      await send("GET", `${A}/Projects?${query}`, undefined, 400)
  })
})

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
    const { access_token } = await tokensOf(signIn(server, server.credentials.reader))
    const persons = (await (await request(server, access_token, "GET", `${A}/Persons`)).json()) as Row[]
    assert.isTrue(persons.every((person) => person.hourlyCostRate === null))
    const away = (await (await request(server, access_token, "GET", `${A}/persons/unavailabilities`)).json()) as Row[]
    const entries = away.flatMap((entry) => entry.unavailabilities as Row[])
    assert.isTrue(entries.filter((entry) => entry.isPrivate).every((entry) => entry.description === null))
    assert.isTrue(entries.some((entry) => entry.description !== null))
    assert.strictEqual((await request(server, access_token, "POST", `${A}/Projects/_filter`, {})).status, 200)
    const refused = await request(server, access_token, "POST", `${A}/Persons`, { name: "Nobody" })
    assert.strictEqual(refused.status, 403)
  })

  it("show a person the accounts they belong to", async () => {
    const { access_token } = await tokensOf(signIn(server, server.credentials.person))
    const accounts = (await (await request(server, access_token, "GET", "/rp/api/v1/Accounts")).json()) as Row[]
    assert.deepStrictEqual(
      accounts.map((account) => account.id),
      [1, 2]
    )
    const byName = await request(server, access_token, "POST", "/rp/api/v1/Accounts/_filter", {
      predicates: { name: "interiors" },
      sort: { sortBy: 1, direction: "Desc" }
    })
    assert.deepStrictEqual(
      ((await byName.json()) as Row[]).map((account) => account.id),
      [2]
    )
  })
})

const dates = { startDate: "2026-06-01", endDate: "2026-12-18" }

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
    assert.strictEqual(await errorType("POST", `${A}/Projects`, { name, ...dates }, 409), "Duplicate")
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
    assert.strictEqual(await errorType("PATCH", `${A}/Projects/${wish.id}`, { state: "Pursuit" }, 422), "NotAllowed")
    await send("POST", `${A}/Projects`, { name: "Odd", ...dates, winPercent: 40 }, 400)
  })

  it("refuse dates the wrong way round, a blank name and a body that is no JSON", async () => {
    await send("POST", `${A}/Projects`, { name: "Backwards", startDate: dates.endDate, endDate: dates.startDate }, 400)
    await send("POST", `${A}/Projects`, { name: "  ", ...dates }, 400)
    const answer = await fetch(`${server.url}${A}/Projects`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
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
    const patched = await send("PATCH", path, { Name: "Ida Ferro-Lund", EmploymentDates: { StartDate: "2026-01-05" } })
    assert.strictEqual(patched.name, "Ida Ferro-Lund")
    assert.deepStrictEqual(patched.employmentDates, { startDate: "2026-01-05", endDate: null })
    await send("POST", `${path}/deactivate`, { deactivationReason: "Moved away", employmentEndDate: "2026-02-27" }, 204)
    assert.include(await get(path), { state: "Deactivated", deactivationReason: "Moved away" })
    await send("POST", `${path}/restore`, undefined, 204)
    assert.include(await get(path), { state: "Active", deactivationReason: null })
    assert.strictEqual(await errorType("POST", `${path}/restore`, undefined, 422), "NotAllowed")
    await send("PUT", `${path}/externalId`, { externalId: "HR-1" }, 204)
    await send("DELETE", path, undefined, 204)
    assert.include(await get(path), { state: "Deactivated", externalId: "HR-1" })
  })

  it("have an e-mail address of their own and a title that the account knows", async () => {
    const { email } = ((await get(`${A}/Persons?limit=1`)) as Row[])[0] as Row
    assert.strictEqual(await errorType("POST", `${A}/Persons`, { name: "Double", email }, 409), "Duplicate")
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
    const feed = (await get("/rp/api/v1/Accounts/1/roles?roleState=Current&filledState=0&projectState=Active")) as Row[]
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
      await errorType("POST", path, [{ startDate: "2026-07-17", endDate: "2026-07-20" }], 400),
      "Overlapped"
    )
    assert.strictEqual(await errorType("PATCH", path, [{ id: b.id, startDate: a.endDate }], 409), "Overlapped")
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
      await errorType("POST", path, { ...body, personId: other, startDate: "2026-08-31" }, 409),
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

describe("the document", () => {
  it("has no operation about planning that was not answered above with success and found valid", async () => {
    const again = await tokensOf(signIn(server, server.credentials.service))
    const next = await tokensOf(refresh(server, again.refresh_token))
    assert.strictEqual((await request(server, next.access_token, "GET", "/rp/api/v1/Accounts/1")).status, 200)
    await signOut(server, next.access_token)
    assert.deepStrictEqual(
      unanswered((tag) => planning.includes(tag)),
      []
    )
  })

  it("names every operation as the statistics do", () => {
    for (const operation of Object.keys(server.stats().operations)) assert.include(judge.all, operation)
  })
})
