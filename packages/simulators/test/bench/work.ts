import { assert, describe, it } from "@effect/vitest"
import { A, ACCOUNT, type Row, type Suite } from "../support/bench.ts"

const dates = { startDate: "2026-06-01", endDate: "2026-12-31" }
let count = 0
const unique = (name: string) => `${name} ${++count}`

/** Tasks, phases, role names and role categories. */
export const work = (suite: Suite): void => {
  const { get, send, refused } = suite
  const project = () => send("POST", `${A}/Projects`, { name: unique("Pier"), ...dates })
  const worker = (title = "Estimator") => send("POST", `${A}/Persons`, { name: unique("Rae Holt"), title })

  describe("tasks", () => {
    const make = async () => {
      const { id } = (await project()) as Row
      const path = `${A}/projects/${id}/tasks`
      const [task] = await send("POST", path, [{ name: "Formwork", startDate: "2026-07-01", endDate: "2026-07-31" }])
      const role = await send("POST", `${path}/${task.id}/roles`, { name: "Estimator", allocatedPercent: 50 }, 201)
      return { id, path, task: task as Row, role: role as Row, one: `${path}/${task.id}/roles/${role.id}` }
    }

    it("have roles with the dates of the task, which count apart from the project's own", async () => {
      const { id, path, task, role } = await make()
      assert.match(task.id, /^[0-9a-f-]{36}$/)
      assert.include(role, { taskId: task.id, startDate: "2026-07-01", endDate: "2026-07-31", isFilled: false })
      await send("POST", `${path}/${task.id}/roles/bulk`, [{ name: "Scheduler" }, { name: "Foreman" }], 201)
      assert.include(await get(`${A}/Projects/${id}`), {
        totalTasks: 1,
        totalTaskRoles: 3,
        unfilledTaskRoles: 3,
        totalRoles: 0
      })
      const [entry] = (await get(`${ACCOUNT}/tasks?projectIds=${id}`)) as [Row]
      assert.deepStrictEqual(
        entry.roles.map((one: Row) => one.name),
        ["Estimator", "Scheduler", "Foreman"]
      )
    })

    it("are filled by the rules of allocations, and an allocation is removed only when it is described exactly", async () => {
      const { id, path, task, role, one } = await make()
      const person = await worker()
      await send(
        "POST",
        `${one}/allocations`,
        { personId: person.id, startDate: "2026-06-30", endDate: "2026-07-10" },
        422
      )
      const range = { personId: person.id, startDate: "2026-07-01", endDate: "2026-07-31" }
      await send("POST", `${one}/allocations`, range, 204)
      const other = await worker()
      assert.strictEqual(
        await refused("POST", `${one}/allocations`, { ...range, personId: other.id }, 409),
        "Overlapped"
      )
      const rows = (await get(`${A}/projects/${id}/Allocations?type=All`)) as Row[]
      assert.include(
        rows.find((row) => row.roleId === role.id),
        { taskId: task.id, taskName: "Formwork" }
      )
      assert.lengthOf(await get(`${ACCOUNT}/tasks?projectIds=${id}&filledState=1`), 0)
      await send("DELETE", `${one}/allocations`, { ...range, endDate: "2026-07-30" }, 422)
      await send("DELETE", `${one}/allocations`, range, 204)
      assert.lengthOf(await get(`${ACCOUNT}/tasks?projectIds=${id}&taskIds=${task.id}&filledState=1`), 1)
      await send("DELETE", one, undefined, 204)
      await send("DELETE", `${path}/${task.id}`, undefined, 204)
      assert.deepStrictEqual(await get(`${ACCOUNT}/tasks?projectIds=${id}`), [])
    })

    it("allocate many at once, or none when one of them is wrong", async () => {
      const { id, path, task, role } = await make()
      const [second] = await send("POST", `${path}/${task.id}/roles/bulk`, [{ name: "Scheduler" }], 201)
      const [a, b] = [await worker(), await worker("Scheduler")]
      const bulk = `${path}/${task.id}/roles/allocations/bulk`
      const good = { roleId: role.id, personId: a.id }
      await send("POST", bulk, [good, { roleId: second.id, personId: 999_999 }], 403)
      assert.include(await get(`${A}/Projects/${id}`), { unfilledTaskRoles: 2 })
      await send("POST", bulk, [good, { roleId: second.id, personId: b.id }], 204)
      assert.include(await get(`${A}/Projects/${id}`), { unfilledTaskRoles: 0 })
    })

    it("move with their roles and the people on these, and push the tasks behind them along", async () => {
      const { id, path, task, one } = await make()
      const person = await worker()
      await send(
        "POST",
        `${one}/allocations`,
        { personId: person.id, startDate: "2026-07-01", endDate: "2026-07-31" },
        204
      )
      const [next] = await send("POST", path, [{ name: "Pouring", startDate: "2026-08-10", endDate: "2026-08-20" }])
      const [moved] = await send("PUT", path, [
        { id: task.id, name: "Formwork II", startDate: "2026-07-08", shiftDates: true, shiftSubsequentTasks: true }
      ])
      assert.include(moved, { name: "Formwork II", startDate: "2026-07-08", endDate: "2026-08-07" })
      const all = (await get(`${ACCOUNT}/tasks?projectIds=${id}`)) as Row[]
      assert.include(
        all.find((row) => row.taskId === next.id),
        { startDate: "2026-08-17", endDate: "2026-08-27" }
      )
      const [role] = (all[0] as Row).roles as [Row]
      assert.include(role, { startDate: "2026-07-08", isFilled: true })
      assert.include(role.allocations[0], { startDate: "2026-07-08", endDate: "2026-08-07", allocatedPercent: 50 })
      await send("PUT", path, [{ id: task.id, endDate: "2027-02-01" }], 422)
    })

    it("are made after templates, which are known from elsewhere", async () => {
      const { id } = await project()
      const template = suite.server.unlisted().taskTemplates[0] as Row
      const [task] = await send(
        "POST",
        `${A}/projects/${id}/tasks/by-templates`,
        [{ templateId: template.id, startDate: "2026-07-01", endDate: "2026-07-20" }],
        201
      )
      assert.strictEqual(task.name, template.name)
      assert.isAtLeast(task.roles.length, 2)
      const changed = await send("PATCH", `${A}/projects/${id}/tasks/${task.taskId}/roles/${task.roles[0].id}`, {
        allocatedPercent: 20,
        note: "Mornings"
      })
      assert.include(changed, { note: "Mornings", name: task.roles[0].name })
      assert.strictEqual(changed.allocations[0].allocatedPercent, 20)
      const unknown = "00000000-0000-4000-a000-000000000000"
      await send("POST", `${A}/projects/${id}/tasks/by-templates`, [{ templateId: unknown, ...dates }], 403)
      await send("POST", `${A}/projects/${id}/tasks/by-templates`, [{ templateId: "17", ...dates }], 400)
    })
  })

  describe("phases", () => {
    it("have unique names, come in an order, and are at most twenty", async () => {
      const before = ((await get(`${A}/Phases`)) as Row[]).length
      const first = await send("POST", `${A}/Phases`, { name: "Mobilisation" }, 201)
      assert.strictEqual(await refused("POST", `${A}/Phases`, { name: "mobilisation" }, 409), "Duplicate")
      await send("PUT", `${A}/Phases`, [{ id: first.id, name: "Setting up" }], 204)
      assert.include(((await get(`${A}/Phases`)) as [Row])[0], { id: first.id, name: "Setting up" })
      await send("PUT", `${A}/Phases/${first.id}`, { includeOnNewProjects: true }, 204)
      assert.include(await get(`${A}/Phases/${first.id}`), { name: "Setting up", includeOnNewProjects: true })
      const { id, phases } = await project()
      assert.deepInclude(phases, { ...phases[0], id: first.id, name: "Setting up", ...dates })
      assert.deepStrictEqual((await get(`${A}/Phases/${first.id}`)).projects, [id])
      const more = []
      for (let n = before + 1; n < 20; n++)
        more.push((await send("POST", `${A}/Phases`, { name: unique("P") }, 201)).id)
      await send("POST", `${A}/Phases`, { name: "One too many" }, 422)
      await send("DELETE", `${A}/Phases`, [first.id, ...more], 204)
      assert.deepStrictEqual(await get(`${A}/projects/${id}/phases`), [])
    })

    it("have dates in a project, within those of the project", async () => {
      const { id } = await project()
      const path = `${A}/projects/${id}/phases`
      const [one, two, three] = (await get(`${A}/Phases`)) as [Row, Row, Row]
      const at = (phase: Row, startDate: string, endDate: string) => ({ id: phase.id, startDate, endDate })
      await send("POST", path, at(one, "2026-05-01", "2026-07-01"), 422)
      assert.include(await send("POST", path, at(one, "2026-06-01", "2026-07-01"), 201), { id: one.id, name: one.name })
      await send("POST", path, at(one, "2026-08-01", "2026-08-02"), 409)
      const bulk = [at(two, "2026-07-02", "2026-08-01"), at(three, "2026-08-02", "2026-09-01")]
      await send("POST", `${path}/bulk`, bulk, 201)
      const shifted = await send("PUT", `${path}/${two.id}`, { startDate: "2026-07-12", shiftDates: true })
      assert.include(shifted, { startDate: "2026-07-12", endDate: "2026-08-11" })
      await send("PUT", `${path}/bulk`, [{ id: three.id, endDate: "2027-09-01" }], 422)
      await send("PUT", `${path}/bulk`, [{ id: three.id, endDate: "2026-10-01" }])
      await send("PUT", `${path}/${three.id}`, {}, 400)
      const known = (await get(path)) as Row[]
      assert.deepStrictEqual(
        known.map((phase) => [phase.id, phase.endDate]),
        [
          [one.id, "2026-07-01"],
          [two.id, "2026-08-11"],
          [three.id, "2026-10-01"]
        ]
      )
      await send("DELETE", `${path}/${one.id}`, undefined, 204)
      await send("DELETE", path, [two.id, three.id], 204)
      assert.deepStrictEqual(await get(path), [])
    })
  })

  describe("role names", () => {
    for (const [path, cost] of [
      ["role-names", "cost"],
      ["hourly-role-names", "hourlyCost"]
    ] as const) {
      it(`are added, renamed everywhere, and removed only when no role has them (${path})`, async () => {
        const [added] = await send("POST", `${A}/${path}?alphabetize=true`, [{ name: "Surveyor", [cost]: 71.5 }])
        assert.include(added, { name: "Surveyor", [cost]: 71.5, inUse: false, alphabetize: true })
        assert.strictEqual(await refused("POST", `${A}/${path}`, [{ name: "surveyor" }], 400), "Duplicate")
        const used = ((await get(`${A}/${path}`)) as Row[]).find((name) => name.inUse) as Row
        assert.isNotEmpty(used.projectIds)
        await send("POST", `${A}/${path}`, [{ id: used.id, name: `${used.name} I` }])
        const feed = path === "role-names" ? "roles?type=All&" : "hourly-roles?"
        for (const role of (await get(`${ACCOUNT}/${feed}roleNameIds=${used.id}`)) as Row[])
          assert.strictEqual(role.roleName, `${used.name} I`)
        await send("POST", `${A}/${path}`, [{ id: used.id, name: used.name }])
        await send("DELETE", `${A}/${path}`, [used.id], 422)
        await send("DELETE", `${A}/${path}`, [added.id], 204)
        await send("DELETE", `${A}/${path}`, [added.id], 403)
      })
    }
  })

  describe("role categories", () => {
    it("are a project's own, and roles outlive them", async () => {
      const { id } = await project()
      const path = `${A}/projects/${id}/role-categories`
      const [north] = await send("POST", path, [{ name: "North Tower" }, { name: "South Tower" }], 201)
      const role = { name: "Estimator", ...dates, categoryId: north.id }
      const made = await send("POST", `${A}/projects/${id}/roles`, role, 201)
      await send("POST", `${A}/projects/${(await project()).id}/roles`, role, 403)
      assert.deepStrictEqual(await send("PUT", path, [{ id: north.id, name: "East Tower" }]), [
        { id: north.id, name: "East Tower" }
      ])
      assert.strictEqual(await refused("PUT", path, [{ id: north.id, name: "x".repeat(101) }], 422), "ValidationError")
      assert.deepInclude(await get(`${ACCOUNT}/role-categories`), { id: north.id, projectId: id, name: "East Tower" })
      await send("DELETE", path, [north.id], 204)
      assert.lengthOf(await get(path), 1)
      assert.isNull((await get(`${A}/projects/${id}/roles/${made.id}`)).categoryId)
    })
  })
}
