import { assert, describe, it } from "@effect/vitest"
import { A, ACCOUNT, caller, type Row, type Suite } from "../support/bench.ts"

/** Certifications, attachments, pictures, groupings and notes. */
export const people = (suite: Suite): void => {
  const { get, send, refused } = suite
  const person = async (name: string) => {
    const { id } = await send("POST", `${A}/Persons`, { name })
    return { id: id as number, path: `${A}/persons/${id}` }
  }

  describe("certifications", () => {
    it("warn before they run out", async () => {
      const certification = await send(
        "POST",
        `${A}/certifications`,
        { name: "Blasting", abbreviation: "BL", requireExpiration: true, daysWarnBeforeExpire: 30 },
        201
      )
      assert.strictEqual(await refused("POST", `${A}/certifications`, { name: "blasting" }, 409), "Duplicate")
      const { id, path } = await person("Cora Dean")
      const mine = `${path}/certifications`
      await send("POST", mine, { certificationId: certification.id }, 400)
      const given = await send("POST", mine, { certificationId: certification.id, expiryDate: "2026-12-01" }, 201)
      assert.include(given, { id: certification.id, name: "Blasting", state: "Info", hasAttachment: false })
      assert.strictEqual(
        await refused("POST", mine, { certificationId: certification.id, expiryDate: "2026-12-01" }, 409),
        "Duplicate"
      )
      const states = []
      for (const expiryDate of ["2026-03-01", "2026-03-02", "2026-04-01", "2026-04-02"]) {
        await send("PUT", `${mine}/${certification.id}`, { expiryDate }, 204)
        states.push((await get(`${mine}/${certification.id}`)).state)
      }
      assert.deepStrictEqual(states, ["Expired", "Warning", "Warning", "Info"])
      const feed = await get(`${ACCOUNT}/person-certifications?personIds=${id}`)
      assert.deepStrictEqual(Object.keys(feed), [String(id)])
      assert.strictEqual(feed[id][0].expiryDate, "2026-04-02")
      assert.deepStrictEqual((await get(`${A}/certifications/${certification.id}`)).inUse, [id])
      // The vendor's PATCH is made of texts.
      const patch = { name: "Blasting II", requireExpiration: "false", daysWarnBeforeExpire: null }
      await send("PATCH", `${A}/certifications/${certification.id}`, patch, 204)
      assert.include(await get(`${A}/certifications/${certification.id}`), {
        name: "Blasting II",
        requireExpiration: false,
        daysWarnBeforeExpire: null
      })
      await send("DELETE", `${mine}/${certification.id}`, undefined, 204)
      await send("GET", `${mine}/${certification.id}`, undefined, 403)
      await send("DELETE", `${A}/certifications/${certification.id}`, undefined, 204)
      await send("GET", `${A}/certifications/${certification.id}`, undefined, 403)
    })

    it("come by name, some about to run out and some that have", async () => {
      const names = ((await get(`${A}/certifications`)) as Row[]).map((one) => one.name)
      assert.deepStrictEqual(names, [...names].sort())
      const feed = Object.values(await get(`${ACCOUNT}/person-certifications`)).flat() as Row[]
      for (const state of ["Info", "Warning", "Expired"])
        assert.isTrue(
          feed.some((one) => one.state === state),
          state
        )
      const page = await suite.call("GET", `${ACCOUNT}/person-certifications?limit=3`)
      assert.lengthOf(Object.keys((await page.json()) as Row), 3)
      assert.strictEqual(page.headers.get("query-has-more"), "true")
    })
  })

  describe("attachments", () => {
    // A session of its own: a person may have three, so this ends nobody else's.
    const bearer = async () => {
      const { login, password } = suite.server.credentials.person
      const answer = await fetch(`${suite.server.url}/auth/signin`, {
        method: "POST",
        body: new URLSearchParams({ username: login, password })
      })
      return `Bearer ${((await answer.json()) as { access_token: string }).access_token}`
    }

    it("are uploaded without a token to an address of their own, for an hour, and read with one", async () => {
      const { path } = await person("Ugo Marsh")
      const made = await send("POST", `${path}/attachments`, { name: "licence & permit.txt" }, 201)
      assert.include(made, { state: "InProgress", size: 0 })
      assert.strictEqual(await refused("POST", `${path}/attachments`, { name: made.name }, 409), "Duplicate")
      assert.deepStrictEqual(await get(`${path}/attachments`), [])
      assert.lengthOf(await get(`${path}/attachments?state=InProgress`), 1)
      const put = (url: string, body: string) =>
        fetch(url, { method: "PUT", body, headers: { "content-type": "text/plain" } })
      assert.strictEqual((await put(made.uploadUrl, "ok for 2026")).status, 200)
      const stored = await get(`${path}/attachments/${made.id}`)
      assert.include(stored, { state: "Completed", size: 11, mimeType: "text/plain" })
      assert.strictEqual((await fetch(stored.binaryUrl)).status, 401)
      const bytes = await fetch(stored.binaryUrl, { headers: { authorization: await bearer() } })
      assert.strictEqual(await bytes.text(), "ok for 2026")
      assert.isAtLeast((await get(ACCOUNT)).totalPeopleAttachmentBytes, 11)
      assert.strictEqual((await put(`${made.uploadUrl}0`, "x")).status, 403)
      suite.server.clock.advance({ hours: 1 })
      assert.strictEqual((await put(made.uploadUrl, "too late")).status, 403)
      await send("DELETE", `${path}/attachments/${made.id}`, undefined, 204)
      await send("GET", `${path}/attachments/${made.id}`, undefined, 403)
    })

    it("are linked to certifications, and outlive the link", async () => {
      const { path } = await person("Lia Frost")
      const [certification] = (await get(`${A}/certifications`)) as [Row]
      const given = { certificationId: certification.id, expiryDate: "2027-01-01" }
      await send("POST", `${path}/certifications`, given, 201)
      const { id } = await send("POST", `${path}/attachments`, { name: "scan.pdf", isPrivate: true }, 201)
      const links = `${path}/certifications/${certification.id}/attachments`
      await send("POST", links, { attachmentId: id }, 204)
      assert.strictEqual(await refused("POST", links, { attachmentId: id }, 409), "Duplicate")
      assert.lengthOf(await get(`${links}?state=All`), 1)
      assert.deepStrictEqual((await get(`${links}/${id}`)).certificationIds, [certification.id])
      assert.isTrue((await get(`${path}/certifications`))[0].hasAttachment)
      const reader = await caller(suite.server, suite.server.credentials.reader)
      assert.deepStrictEqual(await reader.get(`${path}/attachments?state=All`), [])
      await send("DELETE", `${links}/${id}`, undefined, 204)
      await send("GET", `${links}/${id}`, undefined, 403)
      assert.lengthOf(await get(`${path}/attachments?state=All`), 1)
    })

    it("are pictures too: set by an address, or uploaded", async () => {
      const { id, path } = await person("Pia Storm")
      const picture = `${path}/profile-picture`
      const photo = async () => (await get(`${A}/Persons/${id}`)).photoUrl
      const ImageUrl = "https://img.example/pia.png"
      assert.deepStrictEqual(await send("PUT", picture, { ImageUrl }), { ImageUrl })
      assert.strictEqual(await photo(), ImageUrl)
      await send("PUT", picture, { ImageUrl: "no address" }, 400)
      await send("DELETE", picture, undefined, 204)
      assert.isNull(await photo())
      const { ImageUrl: upload } = await send("PUT", picture)
      assert.strictEqual((await fetch(upload, { method: "PUT", body: "png" })).status, 200)
      assert.match(await photo(), /^http/)
    })
  })

  describe("groupings", () => {
    it("hold persons and projects, and let go of them when they are removed", async () => {
      const east = await send("POST", `${A}/groupings`, { name: "East" }, 201)
      const west = await send("POST", `${A}/groupings`, { name: "West" }, 201)
      assert.strictEqual(await refused("POST", `${A}/groupings`, { name: "EAST" }, 409), "Duplicate")
      await send("PATCH", `${A}/groupings/${east.id}`, { name: "Far East" }, 204)
      const dates = { startDate: "2026-06-01", endDate: "2026-12-31" }
      const project = await send("POST", `${A}/Projects`, { name: "Grouped", ...dates, groupings: [east.id] })
      const { id } = await person("Gus Vale")
      for (const [path, shown] of [
        [`${A}/persons/${id}`, `${A}/Persons/${id}`],
        [`${A}/projects/${project.id}`, `${A}/Projects/${project.id}`]
      ] as const) {
        const held = async () => (await get(shown)).groupings
        await send("PUT", `${path}/groupings`, [], 204)
        assert.isNull(await held())
        await send("POST", `${path}/groupings`, [east.id], 204)
        await send("POST", `${path}/groupings`, [west.id], 204)
        assert.deepStrictEqual(await held(), [east.id, west.id])
        await send("DELETE", `${path}/groupings/${west.id}`, undefined, 204)
        await send("DELETE", `${path}/groupings/${west.id}`, undefined, 403)
        await send("POST", `${path}/groupings`, [999_999], 403)
        assert.deepStrictEqual(await held(), [east.id])
      }
      const known = await get(`${A}/groupings/${east.id}`)
      assert.deepStrictEqual([known.name, known.inUseByPeople, known.inUseByProjects], ["Far East", [id], [project.id]])
      await send("DELETE", `${A}/groupings/${east.id}`, undefined, 204)
      assert.isNull((await get(`${A}/Persons/${id}`)).groupings)
      await send("DELETE", `${A}/groupings/${west.id}`, undefined, 204)
      assert.notDeepInclude(await get(`${A}/groupings`), { id: west.id })
    })
  })

  describe("notes", () => {
    const project = async () => ((await get(`${A}/Projects?limit=1`)) as [Row])[0]

    it("are changed by who wrote them only", async () => {
      const path = `${A}/projects/${(await project()).id}/notes`
      const reader = await caller(suite.server, suite.server.credentials.reader)
      const note = await reader.send("POST", path, { message: "Seen." }, 201)
      await reader.send("POST", path, { message: "Secret.", isPrivate: true }, 403)
      await send("PATCH", `${path}/${note.id}`, { message: "Not mine" }, 403)
      const changed = await reader.send("PATCH", `${path}/${note.id}`, { message: "Seen twice." })
      assert.include(changed, { message: "Seen twice.", creatorId: note.creatorId })
      await send("DELETE", `${path}/${note.id}`, undefined, 204)
      await send("GET", `${path}/${note.id}`, undefined, 403)
    })

    it("are hidden from others when they are private, and mention users who exist", async () => {
      const path = `${A}/projects/${(await project()).id}/notes`
      const [user] = (await get(`${A}/users?limit=1`)) as [Row]
      const message = `Ask [[mention:userID#${user.id}]] first.`
      const note = await send("POST", path, { message, isPrivate: true }, 201)
      await send("POST", path, { message: "Ask [[mention:userID#1]]." }, 400)
      const reader = await caller(suite.server, suite.server.credentials.reader)
      await reader.send("GET", `${path}/${note.id}`, undefined, 403)
      assert.deepStrictEqual(await get(`${path}/${note.id}`), note)
      assert.lengthOf(await get(path), ((await reader.get(path)) as Row[]).length + countPrivate(await get(path)))
    })
    const countPrivate = (notes: ReadonlyArray<Row>) => notes.filter((note) => note.isPrivate).length
  })
}
