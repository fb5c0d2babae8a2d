import { execFileSync } from "node:child_process"
import { createHmac } from "node:crypto"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { type AlluraSimulator, allura } from "@keyturn/simulators"
import { as, ask, form, type Json, json, judge, P } from "./support/allura.ts"

describe("errors", () => {
  it("of the framework follow Accept: JSON by name, HTML for anything, text otherwise", async () => {
    await using server = await allura.listen()
    const { bearer } = server.credentials
    const answer = async (accept: string) =>
      fetch(`${server.url}${P}/admin/admin_options`, { headers: { authorization: `Bearer ${bearer}`, accept } })
    const asJson = await answer("application/json")
    assert.include(asJson.headers.get("content-type"), "application/json")
    assert.deepInclude(await json(asJson), { code: "400 Bad Request", title: "Bad Request" })
    assert.include((await answer("*/*")).headers.get("content-type"), "text/html")
    assert.include((await answer("text/plain")).headers.get("content-type"), "text/plain")
  })

  it("404 and 403 are pages of HTML, whatever is accepted", async () => {
    await using server = await allura.listen()
    for (const path of ["/rest/p/nothing", `${P}/nothing`, `${P}/tickets/9999`]) {
      const answer = await ask(server, "GET", path)
      assert.deepStrictEqual([answer.status, answer.headers.get("content-type")?.split(";")[0]], [404, "text/html"])
    }
  })
})

describe("projects", () => {
  it("list their tools; private ones are for their administrators", async () => {
    await using server = await allura.listen()
    const project = await json(ask(server, "GET", P))
    assert.include(
      project.tools.map((tool: Json) => tool.mount_point),
      "tickets"
    )
    assert.strictEqual((await ask(server, "GET", "/rest/p/vault")).status, 401)
    assert.strictEqual((await ask(server, "GET", "/rest/p/vault", as(server.credentials.guestBearer))).status, 403)
    assert.strictEqual((await ask(server, "GET", "/rest/p/vault", as(server.credentials.bearer))).status, 200)
  })

  it("tell an administrator who has access", async () => {
    await using server = await allura.listen()
    const has = (query: string) => ask(server, "GET", `${P}/has_access?${query}`, as(server.credentials.bearer))
    assert.deepStrictEqual(await json(has("user=guest&perm=admin")), { result: false })
    assert.deepStrictEqual(await json(has("user=dana&perm=admin")), { result: true })
    assert.strictEqual((await has("user=dana")).status, 404)
  })

  it("are added by administrators of the neighborhood, under a name that is free", async () => {
    await using server = await allura.listen()
    const add = (bearer: string, body: object) =>
      ask(
        server,
        "POST",
        "/rest/p/add_project",
        as(bearer, { body: JSON.stringify(body), headers: { "content-type": "application/json" } })
      )
    const made = await add(server.credentials.bearer, { name: "New Works", shortname: "new-works" })
    assert.strictEqual(made.status, 201)
    assert.strictEqual((await fetch((await json(made)).url)).status, 200)
    assert.strictEqual((await add(server.credentials.bearer, { name: "Again", shortname: "new-works" })).status, 400)
    assert.strictEqual((await add(server.credentials.guestBearer, { name: "Other", shortname: "other" })).status, 403)
  })
})

describe("tickets and pages", () => {
  it("are listed, searched and read", async () => {
    await using server = await allura.listen()
    const list = await json(ask(server, "GET", `${P}/tickets?limit=10&page=3`))
    assert.strictEqual(list.count, 37)
    assert.lengthOf(list.tickets, 7)
    const found = await json(ask(server, "GET", `${P}/tickets/search?q=${encodeURIComponent("status:closed")}`))
    assert.isTrue(found.count > 0 && found.tickets.every((ticket: Json) => ticket.status === "closed"))
    const { ticket } = await json(ask(server, "GET", `${P}/tickets/35`))
    assert.strictEqual(ticket.ticket_num, 35)
    const wiki = await json(ask(server, "GET", `${P}/wiki`))
    assert.strictEqual(
      (await json(ask(server, "GET", `${P}/wiki/${encodeURIComponent(wiki.pages[2])}`))).title,
      wiki.pages[2]
    )
    assert.property(await json(ask(server, "GET", `${P}/code`)), "clone_url_ro")
  })

  it("are added and changed with a redirect to the ticket, and refused without a summary", async () => {
    await using server = await allura.listen()
    const post = (path: string, fields: Record<string, string>) =>
      ask(server, "POST", path, as(server.credentials.bearer, { body: form(fields) }))
    const made = await post(`${P}/tickets/new`, {
      "ticket_form.summary": "Backup fails",
      "ticket_form.labels": "backup, import",
      "ticket_form.custom_fields._milestone": "1.1"
    })
    assert.strictEqual(made.status, 302)
    const followed = await json(fetch(made.headers.get("location") as string))
    assert.deepInclude(followed.ticket, {
      summary: "Backup fails",
      labels: ["backup", "import"],
      custom_fields: { _milestone: "1.1" },
      reported_by: "dana"
    })
    const saved = await post(`${P}/tickets/${followed.ticket.ticket_num}/save`, { "ticket_form.status": "closed" })
    assert.strictEqual((await json(fetch(saved.headers.get("location") as string))).ticket.status, "closed")
    const refused = await post(`${P}/tickets/new`, { "ticket_form.description": "No title" })
    assert.strictEqual((await json(refused)).status, "Validation Error")
    assert.deepStrictEqual(await json(post(`${P}/wiki/New%20page`, { text: "Hello", labels: "a,b" })), {})
    assert.deepInclude(await json(ask(server, "GET", `${P}/wiki/New%20page`)), { text: "Hello", labels: ["a", "b"] })
  })

  it("take multipart forms", async () => {
    await using server = await allura.listen()
    const body = new FormData()
    body.set("ticket_form.summary", "With a file")
    body.set("ticket_form.attachment", new Blob(["log"]), "log.txt")
    assert.strictEqual(
      (await ask(server, "POST", `${P}/tickets/new`, as(server.credentials.bearer, { body }))).status,
      302
    )
  })

  it("are limited where the site limits them: 429", async () => {
    await using server = await allura.listen({ switches: { artifactsPerHour: 1 } })
    const add = () =>
      ask(
        server,
        "POST",
        `${P}/tickets/new`,
        as(server.credentials.bearer, { body: form({ "ticket_form.summary": "One" }) })
      )
    assert.deepStrictEqual([(await add()).status, (await add()).status], [302, 429])
    server.clock.advance({ hours: 1 })
    assert.strictEqual((await add()).status, 302)
  })
})

describe("exports", () => {
  const begin = (server: AlluraSimulator, tools: string) =>
    ask(server, "POST", `${P}/admin/export`, as(server.credentials.bearer, { body: form({ tools }) }))
  const status = async (server: AlluraSimulator) =>
    (await json(ask(server, "GET", `${P}/admin/export_status`, as(server.credentials.bearer)))).status
  const filesIn = (bytes: Uint8Array) => {
    const folder = mkdtempSync(join(tmpdir(), "export-"))
    try {
      writeFileSync(join(folder, "export.zip"), bytes)
      const script =
        "import json,sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; json.dump({n: json.loads(z.read(n)) for n in z.namelist()}, sys.stdout)"
      return JSON.parse(
        execFileSync("python3", ["-c", script, join(folder, "export.zip")], { encoding: "utf8" })
      ) as Json
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  it("are busy for a while, then ready, with a JSON file for each tool in a zip that others can read", async () => {
    await using server = await allura.listen({ start: "2026-01-31T12:00:00Z", exportTakes: { minutes: 3 } })
    assert.strictEqual(await status(server), "ready")
    const { filename, status: first } = await json(begin(server, "tickets, wiki"))
    assert.match(filename, /^scaffold-backup-2026-01-31-12000\d\.zip$/)
    assert.strictEqual(first, "in progress")
    assert.strictEqual(await status(server), "busy")
    assert.isUndefined(server.exported("scaffold", filename))
    server.clock.advance({ minutes: 3 })
    assert.strictEqual(await status(server), "ready")
    const files = filesIn(server.exported("scaffold", filename) as Uint8Array)
    assert.hasAllKeys(files, ["tickets.json", "wiki.json"])
    assert.lengthOf(files["tickets.json"].tickets, 37)
    assert.include(files["wiki.json"].pages[0], { title: "Home" })
  })

  it("run one at a time: 503 without Retry-After", async () => {
    await using server = await allura.listen()
    await begin(server, "tickets")
    const second = await begin(server, "wiki")
    assert.strictEqual(second.status, 503)
    assert.isNull(second.headers.get("retry-after"))
    assert.include((await json(second)).message, "Export for project scaffold already running")
  })

  it("leave out a tool that fails without a word, and make no file when all fail", async () => {
    await using server = await allura.listen({
      exportTakes: { milliseconds: 0 },
      switches: { failingExports: ["wiki"] }
    })
    const both = await json(begin(server, "tickets,wiki"))
    assert.strictEqual(await status(server), "ready")
    assert.hasAllKeys(filesIn(server.exported("scaffold", both.filename) as Uint8Array), ["tickets.json"])
    server.clock.advance({ seconds: 1 })
    const none = await json(begin(server, "wiki"))
    assert.strictEqual(await status(server), "ready")
    assert.isUndefined(server.exported("scaffold", none.filename))
  })

  it("refuse repositories, unknown tools and none at all; GET; and everything where switched off", async () => {
    await using server = await allura.listen()
    for (const tools of ["code", "tickets,nothing", "", " , "])
      assert.strictEqual((await begin(server, tools)).status, 400, tools)
    const get = await fetch(`${server.url}${P}/admin/export`, as(server.credentials.bearer))
    assert.deepStrictEqual([get.status, get.headers.get("allow")], [405, "POST"])
    await using off = await allura.listen({ switches: { bulkExport: false } })
    assert.strictEqual((await begin(off, "tickets")).status, 404)
  })

  it("are put into a folder, for whoever fetches them from there", async () => {
    const exportDirectory = mkdtempSync(join(tmpdir(), "exports-"))
    try {
      await using server = await allura.listen({ exportTakes: { milliseconds: 0 }, exportDirectory })
      const { filename } = await json(begin(server, "admin"))
      await status(server)
      assert.deepStrictEqual(readdirSync(join(exportDirectory, "scaffold")), [filename])
    } finally {
      rmSync(exportDirectory, { recursive: true })
    }
  })
})

describe("administration", () => {
  const install = (server: AlluraSimulator, fields: Record<string, string>) =>
    json(ask(server, "POST", `${P}/admin/install_tool`, as(server.credentials.bearer, { body: form(fields) })))

  it("installs a tool, and says with status 200 and success: false when it did not", async () => {
    await using server = await allura.listen()
    const wiki = { tool: "Wiki", mount_point: "docs", mount_label: "Docs" }
    assert.deepStrictEqual(await install(server, wiki), {
      success: true,
      info: "Tool Wiki with mount_point docs and mount_label Docs was created."
    })
    const info = async (fields: Record<string, string>) => {
      const result = await install(server, fields)
      assert.isFalse(result.success)
      return result.info
    }
    assert.strictEqual(await info(wiki), "Mount point already exists.")
    assert.strictEqual(await info({ tool: "Wiki", mount_point: "docs" }), "All arguments required.")
    assert.strictEqual(
      await info({ ...wiki, tool: "Astrology", mount_point: "stars" }),
      "Incorrect tool name, or limit is reached."
    )
    assert.strictEqual(
      await info({ ...wiki, tool: "Blog", mount_point: "more-news" }),
      "Incorrect tool name, or limit is reached."
    )
    for (const mount_point of ["Docs_2", "123", "-a", "a-", "x".repeat(64)]) {
      assert.strictEqual(await info({ ...wiki, mount_point }), `Mount point "${mount_point}" is invalid`)
    }
    assert.isTrue((await install(server, { tool: "Git", mount_point: "Code_2.x", mount_label: "Code" })).success)
  })

  it("puts a tool first, last, or beside its kind; an unknown order is a server error", async () => {
    await using server = await allura.listen()
    await install(server, { tool: "link", mount_point: "front", mount_label: "Front", order: "first" })
    await install(server, { tool: "tickets", mount_point: "requests", mount_label: "Requests", order: "alpha_tool" })
    const mounts = async () => (await json(ask(server, "GET", P))).tools.map((tool: Json) => tool.mount_point)
    assert.deepStrictEqual((await mounts()).slice(0, 3), ["front", "tickets", "requests"])
    const odd = await ask(
      server,
      "POST",
      `${P}/admin/install_tool`,
      as(server.credentials.bearer, {
        body: form({ tool: "link", mount_point: "odd", mount_label: "Odd", order: "middle" })
      })
    )
    assert.strictEqual(odd.status, 500)
    const order = await ask(
      server,
      "POST",
      `${P}/admin/mount_order`,
      as(server.credentials.bearer, { body: form({ 0: "wiki", 1: "front" }) })
    )
    assert.strictEqual(order.status, 200)
    assert.deepStrictEqual((await mounts()).slice(0, 2), ["wiki", "front"])
  })

  it("lists what can be installed and a tool's options, and refuses a grouping out of range", async () => {
    await using server = await allura.listen()
    const { bearer } = server.credentials
    const { tools } = await json(ask(server, "GET", `${P}/admin/installable_tools`, as(bearer)))
    assert.include(
      tools.map((tool: Json) => tool.name),
      "Tickets"
    )
    assert.notInclude(
      tools.map((tool: Json) => tool.name),
      "Blog"
    )
    const { options } = await json(ask(server, "GET", `${P}/admin/admin_options?mount_point=wiki`, as(bearer)))
    assert.isAbove(options.length, 0)
    assert.strictEqual(
      (await ask(server, "GET", `${P}/admin/admin_options?mount_point=nothing`, as(bearer))).status,
      400
    )
    const grouping = (value: string) =>
      ask(
        server,
        "POST",
        `${P}/admin/configure_tool_grouping`,
        as(bearer, { body: form({ grouping_threshold: value }) })
      )
    assert.deepStrictEqual([(await grouping("10")).status, (await grouping("11")).status], [200, 400])
  })
})

describe("webhooks", () => {
  it("are added up to three, changed, listed and removed", async () => {
    await using server = await allura.listen()
    const { bearer } = server.credentials
    const path = `${P}/admin/code/webhooks`
    const add = (url: string) => ask(server, "POST", `${path}/repo-push`, as(bearer, { body: form({ url }) }))
    const first = await json(add("https://one.example/hook"))
    assert.strictEqual((await add("https://one.example/hook")).status, 400)
    await add("https://two.example/hook")
    await add("https://three.example/hook")
    assert.deepInclude(await json(add("https://four.example/hook")), { limits: { max: 3, used: 3 } })
    const one = `${path}/repo-push/${first._id}`
    assert.strictEqual(
      (await json(ask(server, "POST", one, as(bearer, { body: form({ url: "https://new.example/hook" }) })))).hook_url,
      "https://new.example/hook"
    )
    assert.strictEqual((await json(ask(server, "GET", one, as(bearer)))).hook_url, "https://new.example/hook")
    assert.deepStrictEqual(await json(ask(server, "DELETE", one, as(bearer))), { result: "ok" })
    const list = await json(ask(server, "GET", path, as(bearer)))
    assert.deepStrictEqual([list.webhooks.length, list.limits["repo-push"].used], [2, 2])
    assert.strictEqual((await ask(server, "GET", `${P}/admin/wiki/webhooks`, as(bearer))).status, 404)
  })

  it("hear of a push, signed with HMAC-SHA1 over the body", async () => {
    const heard: Array<{ body: string; signature: unknown }> = []
    const receiver = createServer((request, response) => {
      let body = ""
      request.on("data", (piece) => (body += piece))
      request.on("end", () => {
        heard.push({ body, signature: request.headers["x-allura-signature"] })
        response.end()
      })
    }).listen(0, "127.0.0.1")
    await new Promise((resolve) => receiver.once("listening", resolve))
    await using server = await allura.listen()
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
    await ask(
      server,
      "POST",
      `${P}/admin/code/webhooks/repo-push`,
      as(server.credentials.bearer, { body: form({ url, secret: "shared" }) })
    )
    await server.push("scaffold", "code", ["a1b2c3"])
    receiver.close()
    assert.lengthOf(heard, 1)
    assert.strictEqual(
      heard[0]?.signature,
      `sha1=${createHmac("sha1", "shared")
        .update(heard[0]?.body ?? "")
        .digest("hex")}`
    )
    assert.deepInclude(JSON.parse(heard[0]?.body ?? ""), { size: 1, after: "a1b2c3" })
    assert.deepStrictEqual(server.deliveries(), [{ url, attempt: 1, status: 200 }])
  })

  it("that nobody takes are tried again later, unless the simulator ends first (I8)", async () => {
    const server = await allura.listen()
    await ask(
      server,
      "POST",
      `${P}/admin/code/webhooks/repo-push`,
      as(server.credentials.bearer, { body: form({ url: "http://127.0.0.1:9/hook" }) })
    )
    const pushed = server.push("scaffold", "code", ["a1b2c3"])
    while (server.deliveries().length === 0) await ask(server, "GET", P)
    await server.close()
    await pushed
    assert.deepStrictEqual(
      server.deliveries().map(({ attempt, status }) => [attempt, status]),
      [[1, 0]]
    )
  })
})

describe("the document", () => {
  it("has no operation of this part that was not answered above and found valid", () => {
    const missing = judge.tagged((tag) => tag !== "Authorization").filter((operation) => !judge.seen.has(operation))
    assert.deepStrictEqual(missing, [])
  })
})
