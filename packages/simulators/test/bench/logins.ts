import { assert, describe, it } from "@effect/vitest"
import { A, ACCOUNT, caller, type Row, type Suite } from "../support/bench.ts"
import { refresh, signIn, tokensOf } from "../support/client.ts"

/** Users, invitations, service accounts and saved filters. */
export const logins = (suite: Suite): void => {
  const { get, send, refused } = suite

  describe("service accounts", () => {
    const make = (settings: object = {}) =>
      send("POST", `${A}/service-accounts`, { name: "Probe", group: "Administrator", ...settings }, 201)
    const drop = (account: Row) => send("DELETE", `${A}/service-accounts/${account.id}`, undefined, 204)
    const status = async (account: Row) =>
      (await signIn(suite.server, { login: account.login, password: account.password })).status

    it("sign in with what they were given when they were made, and with nothing else tells it again", async () => {
      const account = await make()
      assert.match(account.login, /^[0-9a-f]{32}$/)
      // A form that does not escape would send something else.
      assert.match(account.password, /[|>#&+%*?@$]/)
      const own = await caller(suite.server, account as { login: string; password: string })
      assert.lengthOf(await own.get("/rp/api/v1/Accounts"), 1)
      const [listed] = (await get(`${A}/service-accounts?ids=${account.id}`)) as [Row]
      assert.notProperty(listed, "password")
      assert.include(listed, { login: account.login, allowedIPNetworks: null })
      await drop(account)
    })

    it("lose their session and their password together", async () => {
      const account = await make()
      const tokens = await tokensOf(signIn(suite.server, account))
      const { password } = await send("POST", `${A}/service-accounts/${account.id}/reset-password`)
      assert.notStrictEqual(password, account.password)
      assert.strictEqual(await status(account), 401)
      assert.strictEqual((await refresh(suite.server, tokens.refresh_token)).status, 400)
      assert.strictEqual(await status({ ...account, password }), 200)
      await drop(account)
    })

    it("cannot sign in once they are deactivated, and their session is over", async () => {
      const account = await make()
      const own = await caller(suite.server, account as { login: string; password: string })
      await drop(account)
      await own.send("GET", "/rp/api/v1/Accounts", undefined, 401)
      assert.isAtLeast(suite.server.stats().rejected.revoked, 1)
      assert.strictEqual(await status(account), 401)
      await send("DELETE", `${A}/service-accounts/${account.id}`, undefined, 403)
    })

    it("may do what their group may, at once when it changes", async () => {
      const account = await make({ group: "Viewer" })
      const own = await caller(suite.server, account as { login: string; password: string })
      await own.send("POST", `${A}/groupings`, { name: "By a viewer" }, 403)
      const settings = { name: "Probe II", group: "Administrator", allowedIPNetworks: ["10.0.0.0/8", "2001:db8::/32"] }
      await send("PUT", `${A}/service-accounts/${account.id}`, settings, 204)
      const made = await own.send("POST", `${A}/groupings`, { name: "By an administrator" }, 201)
      await own.send("DELETE", `${A}/groupings/${made.id}`, undefined, 204)
      for (const network of ["10.0.0.0", "10.0.0.0/33", "home/8"])
        await send("PUT", `${A}/service-accounts/${account.id}`, { ...settings, allowedIPNetworks: [network] }, 400)
      await send("PUT", `${A}/service-accounts/${account.id}`, { name: "No group" }, 400)
      await drop(account)
    })

    it("are at most ten", async () => {
      const made: Row[] = []
      while (((await get(`${A}/service-accounts`)) as Row[]).length < 10) made.push(await make())
      await send("POST", `${A}/service-accounts`, { name: "Eleventh", group: "Viewer" }, 400)
      for (const account of made) await drop(account)
    })
  })

  describe("users", () => {
    it("are found by name, group and id, and have profiles", async () => {
      const all = (await get(`${A}/users`)) as Row[]
      assert.strictEqual(all.length, (await get(ACCOUNT)).numMembers)
      const dana = all.find((user) => user.email === suite.server.credentials.person.login) as Row
      assert.include(dana, { name: "Dana Whitfield", state: "Enabled" })
      assert.deepStrictEqual(await get(`${A}/users?nameSearch=whitf`), [dana])
      await send("GET", `${A}/users?nameSearch=wh`, undefined, 400)
      for (const user of (await get(`${A}/users?group=Viewer`)) as Row[]) assert.strictEqual(user.group, "Viewer")
      assert.deepStrictEqual(await get(`${ACCOUNT}/user-profiles?ids=${dana.id}`), [
        { id: dana.id, name: dana.name, title: dana.title, state: dana.state }
      ])
      await send("PATCH", `${A}/users/${dana.id}`, { title: "Head of Planning", name: null }, 204)
      assert.include(await get(`${A}/users/${dana.id}`), { title: "Head of Planning", name: "Dana Whitfield" })
      await send("PATCH", `${A}/users/${dana.id}`, { name: " " }, 400)
    })

    it("cannot deactivate themselves, and cannot sign in once others did", async () => {
      const { person } = suite.server.credentials
      const self = await caller(suite.server, person)
      const [dana] = (await self.get(`${A}/users?nameSearch=Dana Whitfield`)) as [Row]
      assert.strictEqual(await self.refused("DELETE", `${A}/users/${dana.id}`, undefined, 403), "NotAllowed")
      await send("PUT", `${A}/users/${dana.id}/membership`, { group: "Viewer" }, 204)
      await self.send("POST", `${A}/groupings`, { name: "Not any more" }, 403)
      await send("PUT", `/rp/api/v1/Users/${dana.id}/membership`, { group: "Administrator" }, 204)
      await send("PUT", `${A}/users/${dana.id}/membership`, { group: "Emperor" }, 400)
      await send("DELETE", `${A}/users/${dana.id}`, undefined, 204)
      await self.send("GET", `${A}/users`, undefined, 401)
      assert.strictEqual((await signIn(suite.server, person)).status, 401)
      assert.strictEqual((await get(`${A}/users/${dana.id}`)).state, "Disabled")
      await send("POST", `${A}/users/${dana.id}/reset-auth-method`, undefined, 422)
    })

    it("are invited, and again when they have to choose anew how to sign in", async () => {
      const made = await send("POST", `${A}/invitations`, { email: "new.one@users.example", group: "Viewer" }, 201)
      assert.include(made, { status: "Pending", group: "Viewer", groupingPermissions: null })
      const [user] = (await get(`${A}/users`)) as [Row]
      await send("POST", `${A}/invitations`, { email: user.email }, 400)
      await send("POST", `${A}/invitations`, { email: "a@b.c" }, 400)
      await send("DELETE", `${A}/invitations/${made.id}`, undefined, 204)
      await send("DELETE", `${A}/invitations/${made.id}`, undefined, 403)
      const statuses = new Set<number>()
      for (const { id } of ((await get(`${A}/users`)) as Row[]).filter((one) => one.state === "Enabled")) {
        const answer = await suite.call("POST", `${A}/users/${id}/reset-auth-method`)
        statuses.add(answer.status)
        if (answer.status !== 202) continue
        const invited = await get(`${A}/users/${id}`)
        const open = (await get(`${A}/invitations`)) as Row[]
        assert.include(
          open.find((one) => one.id === invited.invitationId),
          { email: invited.email }
        )
      }
      assert.sameMembers([...statuses], [202, 204])
    })
  })

  describe("filters", () => {
    it("are each login's own", async () => {
      const path = `${A}/my-filters`
      const body = {
        name: "Starting soon",
        type: "Project",
        predicates: '[{"filterType":"ProjectStartDate"}]',
        filtersSet: [
          {
            type: "Project",
            filterType: "ProjectStartDate",
            filters: [{ verb: "Between", dateValues: ["2026-03-01"] }]
          }
        ]
      }
      const reader = await caller(suite.server, suite.server.credentials.reader)
      const made = await reader.send("POST", path, body, 201)
      assert.strictEqual(await reader.refused("POST", path, body, 409), "Duplicate")
      assert.deepStrictEqual(await get(path), [])
      await send("GET", `${path}/${made.id}`, undefined, 403)
      assert.include(made.filtersSet[0].filters[0], { verb: "Between", blankValue: null })
      await reader.send("PATCH", `${path}/${made.id}`, { name: "Soon" }, 204)
      assert.include(await reader.get(`${path}/${made.id}`), { name: "Soon", predicates: body.predicates })
      assert.lengthOf(await reader.get(`${path}?type=Project&name=soo`), 1)
      assert.lengthOf(await reader.get(`${path}?type=Roles`), 0)
      await reader.send("DELETE", `${path}/${made.id}`, undefined, 204)
    })

    it("that are shared are removed by their UUID", async () => {
      const [id] = suite.server.unlisted().sharedFilters as [string]
      await send("DELETE", `${A}/shared-filters/${id}`, undefined, 204)
      await send("DELETE", `${A}/shared-filters/${id}`, undefined, 403)
      await send("DELETE", `${A}/shared-filters/17`, undefined, 400)
    })
  })

  describe("external ids", () => {
    it("find persons, projects and roles in the letter case in which they were given", async () => {
      const [[person], [project]] = [await get(`${A}/Persons?limit=1`), await get(`${A}/Projects?limit=1`)]
      const [role] = (await get(`${A}/projects/${project.id}/roles`)) as [Row]
      const externalId = "Dept/7 Größe & Co"
      for (const [kind, path, id] of [
        ["persons", `${A}/Persons/${person.id}`, person.id],
        ["projects", `${A}/Projects/${project.id}`, project.id],
        ["roles", `${A}/projects/${project.id}/roles/${role.id}`, role.id]
      ] as const) {
        await send("PUT", `${path}/externalId`, { externalId }, 204)
        const found = await get(`${A}/external/${kind}/${encodeURIComponent(externalId)}`)
        assert.include(found, { id, externalId })
        await send("GET", `${A}/external/${kind}/${encodeURIComponent(externalId.toLowerCase())}`, undefined, 403)
      }
      assert.strictEqual(await refused("GET", `${A}/external/persons/nobody`, undefined, 403), "InvalidId")
    })
  })
}
