import { execFileSync } from "node:child_process"
import { createHash, createHmac, randomBytes } from "node:crypto"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { type AlluraSimulator, allura } from "@keyturn/simulators"
import { chromium, launch } from "./support/browser.ts"
import { judgeBy } from "./support/document.ts"
import { listenAtLoopback } from "./support/loopback.ts"
import { hasOauthlib, sign } from "./support/oauthlib.ts"

const judge = judgeBy("allura")
// biome-ignore lint/suspicious/noExplicitAny: the shape of an answer is judged by the document, not by the compiler.
type Json = any
const P = "/rest/p/scaffold"

const ask = async (server: AlluraSimulator, method: string, path: string, init: RequestInit = {}) => {
  const answer = await fetch(server.url + path, {
    redirect: "manual",
    method,
    ...init,
    headers: { accept: "application/json", ...(init.headers as Record<string, string>) }
  })
  await judge.check(method, server.url + path, answer)
  return answer
}

const as = (token: string, more: RequestInit = {}): RequestInit => ({
  ...more,
  headers: { authorization: `Bearer ${token}`, ...(more.headers as object) }
})
const form = (fields: Record<string, string>) => new URLSearchParams(fields)
const json = async (answer: Response | Promise<Response>): Promise<Json> => (await answer).json()

const verifier = randomBytes(32).toString("base64url")
const challenge = createHash("sha256").update(verifier).digest("base64url")

const clicked = () => allura.listen({ switches: { consent: "allow" } })

const authorizePath = (server: AlluraSimulator, changes: Record<string, string> = {}) =>
  `/auth/oauth2/authorize?${form({
    client_id: server.credentials.oauth2.clientId,
    response_type: "code",
    redirect_uri: server.credentials.oauth2.redirectUri,
    state: "s-1",
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...changes
  })}`

const codeOf = async (server: AlluraSimulator, changes: Record<string, string> = {}) => {
  const answer = await ask(server, "GET", authorizePath(server, changes))
  assert.strictEqual(answer.status, 302)
  const { searchParams } = new URL(answer.headers.get("location") ?? "")
  assert.strictEqual(searchParams.get("state"), "s-1")
  return searchParams.get("code") as string
}

const tokenFields = (server: AlluraSimulator, fields: Record<string, string>) => ({
  client_id: server.credentials.oauth2.clientId,
  client_secret: server.credentials.oauth2.clientSecret,
  ...fields
})

const token = (server: AlluraSimulator, fields: Record<string, string>, init: RequestInit = {}) =>
  ask(server, "POST", "/rest/oauth2/token", { body: form(tokenFields(server, fields)), ...init })

const exchange = async (server: AlluraSimulator, fields: Record<string, string> = {}) =>
  token(server, {
    grant_type: "authorization_code",
    code: await codeOf(server),
    redirect_uri: server.credentials.oauth2.redirectUri,
    code_verifier: verifier,
    ...fields
  })

describe("a bearer token", () => {
  it("is taken in the header, and still in the query or in a form", async () => {
    await using server = await allura.listen()
    const { bearer } = server.credentials
    const path = `${P}/admin/export_status`
    assert.strictEqual((await ask(server, "GET", path, as(bearer))).status, 200)
    assert.strictEqual((await ask(server, "GET", `${path}?access_token=${bearer}`)).status, 200)
    const inForm = form({ access_token: bearer, grouping_threshold: "4" })
    assert.strictEqual((await ask(server, "POST", `${P}/admin/configure_tool_grouping`, { body: inForm })).status, 200)
  })

  it("wants the scheme in this letter case, and the header wins over the parameter", async () => {
    await using server = await allura.listen()
    const { bearer } = server.credentials
    const lower = await ask(server, "GET", `${P}/admin/export_status`, {
      headers: { authorization: `bearer ${bearer}` }
    })
    assert.strictEqual(lower.status, 401)
    assert.strictEqual(
      (await ask(server, "GET", `${P}/admin/export_status?access_token=${bearer}`, as("wrong"))).status,
      401
    )
  })

  it("is refused when it is wrong even where nobody needs one; without one public data is read", async () => {
    await using server = await allura.listen()
    assert.strictEqual((await ask(server, "GET", P)).status, 200)
    const answer = await ask(server, "GET", P, as("wrong"))
    assert.strictEqual(answer.status, 401)
    assert.isNull(answer.headers.get("www-authenticate"))
    assert.strictEqual(server.stats().rejected.unknown, 1)
  })

  it("wants https when the site does, as a proxy in front tells", async () => {
    await using server = await allura.listen({ switches: { requireHttps: true } })
    const { bearer } = server.credentials
    const plain = await ask(server, "GET", P, as(bearer))
    assert.strictEqual(plain.status, 401)
    assert.include((await json(plain)).message, "HTTPS is required to use bearer tokens")
    assert.strictEqual(
      (await ask(server, "GET", P, as(bearer, { headers: { "x-forwarded-proto": "https" } }))).status,
      200
    )
  })

  it("of somebody without the right gets 403, as a page of HTML; nobody gets 401", async () => {
    await using server = await allura.listen()
    const path = `${P}/admin/installable_tools`
    const forbidden = await ask(server, "GET", path, as(server.credentials.guestBearer))
    assert.strictEqual(forbidden.status, 403)
    assert.include(forbidden.headers.get("content-type"), "text/html")
    assert.strictEqual((await ask(server, "GET", path)).status, 401)
    assert.include(server.stats(), { forbidden: 1 })
  })

  it("is good until it is revoked", async () => {
    await using server = await allura.listen()
    server.clock.advance({ days: 4000 })
    assert.strictEqual((await ask(server, "GET", P, as(server.credentials.bearer))).status, 200)
    server.revoke(server.credentials.bearer)
    assert.strictEqual((await ask(server, "GET", P, as(server.credentials.bearer))).status, 401)
    assert.strictEqual(server.stats().rejected.revoked, 1)
  })
})

describe("OAuth 2", () => {
  it("exchanges a code once, by a form or by JSON, for a token of an hour", async () => {
    await using server = await clicked()
    const answer = await exchange(server)
    assert.strictEqual(answer.headers.get("pragma"), "no-cache")
    const tokens = await json(answer)
    assert.include(tokens, { token_type: "Bearer", expires_in: 3600 })
    assert.hasAllKeys(tokens, ["access_token", "expires_in", "token_type", "refresh_token"])
    assert.strictEqual((await ask(server, "GET", `${P}/admin/export_status`, as(tokens.access_token))).status, 200)
    const fields = tokenFields(server, {
      grant_type: "authorization_code",
      code: await codeOf(server),
      redirect_uri: server.credentials.oauth2.redirectUri,
      code_verifier: verifier
    })
    const asJson = () =>
      ask(server, "POST", "/rest/oauth2/token", {
        body: JSON.stringify(fields),
        headers: { "content-type": "application/json" }
      })
    assert.strictEqual((await asJson()).status, 200)
    assert.deepStrictEqual(await json(asJson()), { error: "invalid_grant" })
  })

  it("has one token a client and user: the second ends the first", async () => {
    await using server = await clicked()
    const first = await json(exchange(server))
    const second = await json(exchange(server))
    assert.strictEqual((await ask(server, "GET", P, as(first.access_token))).status, 401)
    assert.strictEqual((await ask(server, "GET", P, as(second.access_token))).status, 200)
    server.stranger(server.credentials.oauth2.clientId)
    assert.strictEqual((await ask(server, "GET", P, as(second.access_token))).status, 401)
    assert.include(server.stats(), { evictions: 2, liveTokens: 1 })
    assert.strictEqual(server.stats().rejected.evicted, 2)
  })

  it("refreshes without end, each refresh token once", async () => {
    await using server = await clicked()
    const first = await json(exchange(server))
    server.clock.advance({ days: 400 })
    assert.strictEqual((await ask(server, "GET", P, as(first.access_token))).status, 401)
    const renew = (refresh_token: string) => token(server, { grant_type: "refresh_token", refresh_token })
    const second = await json(renew(first.refresh_token))
    assert.strictEqual((await ask(server, "GET", P, as(second.access_token))).status, 200)
    assert.deepStrictEqual(await json(renew(first.refresh_token)), { error: "invalid_grant" })
    assert.include(server.stats(), { refreshes: 1, evictions: 0 })
  })

  it("refuses the client by Basic, and names what is missing", async () => {
    await using server = await clicked()
    const { clientId, clientSecret } = server.credentials.oauth2
    const basic = await ask(server, "POST", "/rest/oauth2/token", {
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}` },
      body: form({ grant_type: "authorization_code", code: await codeOf(server) })
    })
    assert.strictEqual(basic.status, 401)
    assert.strictEqual(basic.headers.get("www-authenticate"), 'Bearer error="invalid_client"')
    assert.deepStrictEqual(await json(basic), { error: "invalid_client" })
    const says = async (fields: Record<string, string>) => (await json(token(server, fields))).error_description
    assert.strictEqual(await says({ grant_type: "authorization_code" }), "Missing code parameter.")
    assert.strictEqual(await says({ grant_type: "refresh_token" }), "Missing refresh token parameter.")
    assert.deepStrictEqual(await json(token(server, { grant_type: "password" })), { error: "unsupported_grant_type" })
    assert.strictEqual(
      (await json(exchange(server, { redirect_uri: "https://nightly.example/other" }))).error_description,
      "Mismatching redirect URI."
    )
    assert.strictEqual(
      (await json(exchange(server, { code_verifier: "" }))).error_description,
      "Code verifier required."
    )
    assert.deepStrictEqual(await json(exchange(server, { code_verifier: "x".repeat(43) })), { error: "invalid_grant" })
  })

  it("takes a code for ten minutes, and the newest one of a client and user only", async () => {
    await using server = await clicked()
    const [old, code] = [await codeOf(server), await codeOf(server)]
    const redeem = (value: string) => exchange(server, { code: value })
    assert.strictEqual(
      (
        await token(server, {
          grant_type: "authorization_code",
          code: old,
          redirect_uri: server.credentials.oauth2.redirectUri,
          code_verifier: verifier
        })
      ).status,
      400
    )
    server.clock.advance({ minutes: 10, seconds: 1 })
    assert.strictEqual((await redeem(code)).status, 400)
  })

  it("fails with a page, and never redirects, for an unknown client or an http address", async () => {
    await using server = await clicked()
    for (const changes of [
      { client_id: "nobody" },
      { redirect_uri: "https://evil.example/" },
      { redirect_uri: "http://127.0.0.1:9/callback" }
    ]) {
      const answer = await ask(server, "GET", authorizePath(server, changes))
      assert.strictEqual(answer.status, 500)
      assert.isNull(answer.headers.get("location"))
    }
  })

  it("is refused as a parameter, and everywhere where the site has it switched off", async () => {
    await using server = await clicked()
    const { access_token } = await json(exchange(server))
    const answer = await ask(server, "GET", `${P}?access_token=${access_token}`)
    assert.strictEqual(answer.status, 401)
    assert.include((await json(answer)).message, "Do not use tokens in URL")
    await using off = await allura.listen({ switches: { oauth2: false, consent: "allow" } })
    const other = await json(exchange(off))
    assert.strictEqual((await ask(off, "GET", P, as(other.access_token))).status, 401)
  })

  it("answers a GET of the token endpoint with 405 and Allow", async () => {
    await using server = await allura.listen()
    const answer = await fetch(`${server.url}/rest/oauth2/token`)
    assert.deepStrictEqual([answer.status, answer.headers.get("allow")], [405, "POST"])
  })
})

describe.skipIf(!hasOauthlib)("OAuth 1.0a, signed by Python's oauthlib", () => {
  const send = (
    server: AlluraSimulator,
    http: string,
    path: string,
    more: Partial<Parameters<typeof sign>[0]> = {}
  ) => {
    const { consumerKey: key, consumerSecret: secret } = server.credentials.oauth1
    const { uri, headers, body } = sign({ key, secret, uri: server.url + path, http, ...more })
    return ask(server, http, uri.slice(server.url.length), { headers, ...(body ? { body } : {}) })
  }
  const own = (server: AlluraSimulator) => ({
    token: server.credentials.oauth1.token,
    tokenSecret: server.credentials.oauth1.tokenSecret
  })
  const encoded = { "Content-Type": "application/x-www-form-urlencoded" }

  it("takes signed requests: header, query and body, SHA-1 and SHA-256, with whatever parameters", async () => {
    await using server = await allura.listen()
    const status = async (...given: Parameters<typeof send>) => (await send(...given)).status
    const search = `${P}/tickets/search?q=status%3Aopen%20AND%20a%2Bb%26c&q2=%C3%BC%7E&sort=&a=2&a=1`
    assert.strictEqual(await status(server, "GET", search, own(server)), 200)
    assert.strictEqual(await status(server, "GET", search, { ...own(server), method: "HMAC-SHA256" }), 200)
    assert.strictEqual(await status(server, "GET", search, { ...own(server), type: "QUERY" }), 200)
    const grouping = { body: "grouping_threshold=3&note=a%20%2B%20b+c", headers: encoded }
    assert.strictEqual(
      await status(server, "POST", `${P}/admin/configure_tool_grouping`, { ...own(server), ...grouping }),
      200
    )
    assert.strictEqual(
      await status(server, "POST", `${P}/admin/configure_tool_grouping`, { ...own(server), ...grouping, type: "BODY" }),
      200
    )
  })

  it("refuses a wrong secret, a changed parameter, an old time, and the token as a bearer", async () => {
    await using server = await allura.listen()
    assert.strictEqual((await send(server, "GET", P, { ...own(server), tokenSecret: "wrong" })).status, 401)
    assert.strictEqual((await send(server, "GET", P, { ...own(server), secret: "wrong" })).status, 401)
    const { consumerKey: key, consumerSecret: secret, token } = server.credentials.oauth1
    const { headers } = sign({ key, secret, ...own(server), uri: `${server.url}${P}?a=1`, http: "GET" })
    assert.strictEqual((await ask(server, "GET", `${P}?a=2`, { headers })).status, 401)
    assert.strictEqual((await ask(server, "GET", `${P}?a=1`, { headers })).status, 200)
    server.clock.advance({ minutes: 11 })
    assert.strictEqual((await ask(server, "GET", `${P}?a=1`, { headers })).status, 401)
    assert.strictEqual((await ask(server, "GET", P, as(token))).status, 401)
  })

  it("goes through the three steps, with a callback or with a PIN", async () => {
    await using server = await clicked()
    for (const callback of ["http://127.0.0.1:4999/callback?x=1", undefined]) {
      const answer = await send(server, "POST", "/rest/oauth/request_token", callback === undefined ? {} : { callback })
      const request = Object.fromEntries(form(await formOf(answer)))
      assert.strictEqual(request.oauth_callback_confirmed, "true")
      const path = `/rest/oauth/authorize?oauth_token=${request.oauth_token}`
      // With a callback the page is skipped here, which the document does not know.
      const shown =
        callback === undefined ? await ask(server, "GET", path) : await fetch(server.url + path, { redirect: "manual" })
      const pin =
        callback === undefined
          ? (/<code>(\w+)<\/code>/.exec(await shown.text())?.[1] as string)
          : (new URL(shown.headers.get("location") ?? "").searchParams.get("oauth_verifier") as string)
      const legs = { token: request.oauth_token as string, tokenSecret: request.oauth_token_secret as string }
      assert.strictEqual(
        (await send(server, "POST", "/rest/oauth/access_token", { ...legs, verifier: "wrong" })).status,
        401
      )
      const access = Object.fromEntries(
        form(await formOf(await send(server, "POST", "/rest/oauth/access_token", { ...legs, verifier: pin })))
      )
      const own = { token: access.oauth_token as string, tokenSecret: access.oauth_token_secret as string }
      assert.strictEqual((await send(server, "GET", `${P}/admin/export_status`, own)).status, 200)
      assert.strictEqual(
        (await send(server, "POST", "/rest/oauth/access_token", { ...legs, verifier: pin })).status,
        401
      )
    }
    assert.strictEqual(server.stats().signIns, 2)
  })

  it("says what is missing with 400, and nothing at all with 401", async () => {
    await using server = await allura.listen()
    const missing = await ask(server, "POST", "/rest/oauth/request_token")
    assert.strictEqual(missing.status, 400)
    assert.strictEqual(
      await missing.text(),
      "error=invalid_request&error_description=Missing+mandatory+OAuth+parameters."
    )
    const refused = await send(server, "POST", "/rest/oauth/request_token", { key: "nobody" })
    assert.deepStrictEqual([refused.status, await refused.text()], [401, ""])
    assert.strictEqual((await ask(server, "GET", "/rest/oauth/authorize?oauth_token=nothing")).status, 401)
  })
})

const formOf = async (answer: Response): Promise<Record<string, string>> =>
  Object.fromEntries(new URLSearchParams(await answer.text()))

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

describe.skipIf(chromium === undefined)("in a real browser", () => {
  it("a click allows OAuth 2, lands at the loopback page, and the code is good", async () => {
    await using server = await allura.listen({ switches: { loopbackRedirects: true } })
    await using loopback = await listenAtLoopback()
    await using browser = await launch()
    await browser.open(server.url + authorizePath(server, { redirect_uri: loopback.redirectUri }))
    await browser.click("Allow")
    const code = (await loopback.arrived).searchParams.get("code") as string
    const fields = {
      grant_type: "authorization_code",
      code,
      redirect_uri: loopback.redirectUri,
      code_verifier: verifier
    }
    const { access_token } = await json(token(server, fields))
    assert.strictEqual((await ask(server, "GET", `${P}/admin/export_status`, as(access_token))).status, 200)
  })

  it("a click refuses, and the client hears nothing", async () => {
    await using server = await allura.listen()
    await using browser = await launch()
    await browser.open(server.url + authorizePath(server))
    await browser.click("Deny")
    while (!String(await browser.evaluate("document.title")).includes("Not authorized"));
    assert.include(server.stats(), { denials: 1, consents: 0 })
  })
})

describe("the document", () => {
  it("has no operation that was not answered above and found valid", () => {
    const missing = judge.all.filter((operation) => !judge.seen.has(operation))
    // Without oauthlib nothing here can sign.
    assert.deepStrictEqual(
      hasOauthlib ? missing : missing.filter((operation) => !operation.includes("/rest/oauth/")),
      []
    )
  })
})
