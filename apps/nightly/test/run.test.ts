import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { bench } from "@keyturn/simulators"
import type { Report } from "../src/report/report.ts"
import { pointAt, run, scratch } from "./support/program.ts"
import { recording } from "./support/recording.ts"

const files = ["people.csv", "report.html", "report.json"]

describe("the demo", () => {
  it("needs nothing, lives through an expiry and a rotation, writes three files and ends by itself with 0", async () => {
    using folder = scratch()
    const { code, stderr, stdout } = await run(["--out", folder.path])
    assert.strictEqual(code, 0, stderr)
    assert.deepStrictEqual(folder.names(), files)
    const report = JSON.parse(folder.read("report.json")) as Report
    // Which of the two comes first depends on how fast the machine is.
    const kinds = report.session.map(({ kind }) => kind)
    assert.deepStrictEqual([kinds[0], kinds.at(-1)], ["signed-in", "signed-out"])
    for (const kind of ["refused", "renewed-after-refusal", "renewed-on-schedule", "sent-again"] as const) {
      assert.include(kinds, kind)
    }
    assert.notInclude(kinds.slice(1), "signed-in")
    for (const said of ["signed in", "renewed on schedule", "renewed after the refusal", "signed out", "simulated"]) {
      assert.include(stdout, said)
    }
    assert.isAtLeast(report.people.length, 200)
    assert.isAtLeast(report.lists.find(({ list }) => list === "projects")?.items ?? 0, 60)
    assert.isTrue(report.complete)
    // Lines, not a bar: this is no terminal.
    assert.match(stderr, /^read projects: \d+$/m)
    assert.notInclude(stderr, "\r")
  })

  it("says with --help how it is used", async () => {
    const { code, stdout } = await run(["--help"])
    assert.strictEqual(code, 0)
    for (const said of ["--out", "--json", "--log-level", "BENCH_URL", "Exit codes"]) assert.include(stdout, said)
  })
})

describe("a run against a service", () => {
  it("signs in once and out once, and agrees with what the service holds", async () => {
    await using server = await bench.listen()
    using folder = scratch()
    const { code, stdout } = await run(["--json", "--out", folder.path], pointAt(server))
    assert.strictEqual(code, 0)
    const { liveSessions, refreshes, rejected, signIns, signOuts } = server.stats()
    assert.deepStrictEqual([signIns, signOuts, refreshes, rejected.total, liveSessions], [1, 1, 0, 0, 0])

    // Only the JSON is on stdout.
    const summary = JSON.parse(stdout)
    const report = JSON.parse(folder.read("report.json")) as Report
    assert.isTrue(summary.ok)
    assert.strictEqual(summary.demo, null)
    assert.deepStrictEqual(
      summary.session.map(({ kind }: { kind: string }) => kind),
      ["signed-in", "signed-out"]
    )
    assert.deepStrictEqual(summary.files.map((file: string) => file.slice(folder.path.length + 1)).sort(), files)
    assert.deepStrictEqual(summary.utilisation.period, report.utilisation?.period)

    // What one page of everything says, read by hand.
    const { login, password } = server.credentials.service
    const signIn = await fetch(`${server.url}/auth/signin`, {
      method: "POST",
      body: new URLSearchParams({ username: login, password })
    })
    const { access_token } = (await signIn.json()) as { access_token: string }
    const read = async (path: string) => {
      const answer = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${access_token}` } })
      return (await answer.json()) as ReadonlyArray<Record<string, unknown>>
    }
    const persons = await read("/rp/api/v1/accounts/1/Persons?state=All&limit=10000")
    const projects = await read("/rp/api/v1/accounts/1/Projects?limit=10000")
    const roles = await read("/rp/api/v1/Accounts/1/roles?type=All&limit=10000")
    const hourly = await read("/rp/api/v1/Accounts/1/hourly-roles?limit=10000")
    assert.deepStrictEqual(new Set(report.people.map(({ id }) => id)), new Set(persons.map(({ id }) => String(id))))
    assert.deepStrictEqual(Object.fromEntries(report.lists.map(({ items, list }) => [list, items])), {
      accounts: 1,
      projects: projects.length,
      people: persons.length,
      roles: roles.length,
      "hourly roles": hourly.length,
      "time away": report.lists.find(({ list }) => list === "time away")?.items
    } as never)
    const today = new Date().toISOString().slice(0, 10)
    const open = [...roles, ...hourly].filter(
      (role) =>
        role.projectType === "Awarded" &&
        role.projectStatus !== "Canceled" &&
        (role.unfilledRanges as ReadonlyArray<{ endDate: string }>).some(({ endDate }) => endDate >= today)
    )
    assert.strictEqual(report.unfilled?.roles, open.length)
    assert.strictEqual(folder.read("people.csv").split("\r\n").length, persons.length + 2)
  })

  it("reads the accounts of a login that sees several", async () => {
    await using server = await bench.listen()
    using folder = scratch()
    const { login, password } = server.credentials.person
    const env = { BENCH_URL: server.url, BENCH_LOGIN: login, BENCH_PASSWORD: password }
    assert.strictEqual((await run(["--out", folder.path], env)).code, 0)
    const report = JSON.parse(folder.read("report.json")) as Report
    assert.deepStrictEqual(
      report.accounts.map(({ id }) => id),
      [1, 2]
    )
    assert.deepStrictEqual([...new Set(report.people.map(({ account }) => account))].sort(), [1, 2])
  })

  it("is not thrown by a stranger who signs in with its account", async () => {
    await using server = await bench.listen()
    using folder = scratch()
    server.faults.add({ on: "GET /rp/api/v1/Accounts/1/roles", kind: "evict", skip: 2 })
    const { code } = await run(["--out", folder.path], pointAt(server))
    assert.strictEqual(code, 0)
    assert.isAtLeast(server.stats().evictions, 1)
    assert.strictEqual(server.stats().liveSessions, 0)
  })

  it("of which one list fails reports the rest, says what is missing, and ends with 1", async () => {
    await using server = await bench.listen()
    using folder = scratch()
    server.faults.add({
      on: "GET /rp/api/v1/Accounts/1/roles",
      kind: "status",
      status: 403,
      times: Number.POSITIVE_INFINITY,
      body: JSON.stringify({ errors: [{ errorType: "NotAllowed", description: "No <b>roles</b> for you." }] }),
      contentType: "application/json"
    })
    const { code, stdout } = await run(["--out", folder.path], pointAt(server))
    assert.strictEqual(code, 1)
    assert.match(stdout, /Failed +roles: .*403 \(No <b>roles<\/b> for you\.\)\. .*permissions/)
    const report = JSON.parse(folder.read("report.json")) as Report
    assert.isFalse(report.complete)
    assert.isNull(report.utilisation)
    assert.isNull(report.unfilled)
    assert.isAtLeast(report.people.length, 200)
    assert.isNull(report.people[0]?.figures ?? null)
    const page = folder.read("report.html")
    assert.include(page, "Part of this report is missing: roles")
    assert.include(page, "No &lt;b&gt;roles&lt;/b&gt; for you.")
    assert.strictEqual(server.stats().signOuts, 1)
  })

  it("says of an entry that makes no sense which one it is", async () => {
    await using simulator = bench.create()
    await using server = await recording(simulator, (list, items) =>
      list === "Projects" ? items.map((item, i) => (i === 3 ? { ...item, id: null } : item)) : items
    )
    using folder = scratch()
    const { code, stdout } = await run(["--out", folder.path], pointAt(server))
    assert.strictEqual(code, 1)
    assert.match(stdout, /Failed +projects: a project has no id/)
  })

  it("gets over a service that is busy for a moment", async () => {
    await using server = await bench.listen()
    using folder = scratch()
    server.faults.add({ on: "api", kind: "status", status: 503, retryAfter: 1, times: 3, skip: 2 })
    server.faults.add({ on: "api", kind: "reset", times: 2, skip: 12 })
    const { code, stdout } = await run(["--out", folder.path], pointAt(server))
    assert.strictEqual(code, 0, stdout)
  })
})

/** Everything in which a secret can hide: as it is, and as forms, URLs, JSON, HTML and Base64 write it. */
const disguises = (secret: string): ReadonlyArray<string> => [
  secret,
  encodeURIComponent(secret),
  new URLSearchParams([["", secret]]).toString().slice(1),
  JSON.stringify(secret).slice(1, -1),
  secret.replaceAll("&", "&amp;"),
  Buffer.from(secret).toString("base64").replace(/=+$/, "")
]

const leaks = (text: string, secrets: Iterable<string>): ReadonlyArray<string> =>
  [...secrets].filter((secret) => disguises(secret).some((disguise) => text.includes(disguise)))

describe("no password and no token", () => {
  it("I7: appears in anything that is printed or written, with every log on and the session renewed", async () => {
    const planted = "planted-secret-4711"
    await using simulator = bench.create({ lifetimes: { access: { seconds: 1 } } })
    await using server = await recording(simulator, (list, items) =>
      list === "Persons" ? items.map((item, i) => (i === 0 ? { ...item, name: planted } : item)) : items
    )
    using folder = scratch()
    // A list that takes its time: the token falls due; and one whose session is gone.
    simulator.faults.add({ on: "GET /rp/api/v1/accounts/1/persons/unavailabilities", kind: "delay", by: 1200 })
    simulator.faults.add({ on: "GET /rp/api/v1/Accounts/1/roles", kind: "evict", skip: 1 })
    const { code, stderr, stdout } = await run(["--out", folder.path, "--log-level", "all"], pointAt(server))
    assert.strictEqual(code, 0, stderr)
    const text = [stdout, stderr, ...folder.names().map(folder.read)].join("\n")
    assert.match(stderr, /session: signed in/)
    assert.isAtLeast(server.tokens.size, 6)
    // The search finds what is there: a text of the service that got into the report.
    assert.deepStrictEqual(leaks(text, [planted]), [planted])
    assert.deepStrictEqual(leaks(text, [...server.tokens, server.credentials.service.password]), [])
    assert.notMatch(text, /bench-(access|refresh)\./)
  })

  for (const kind of ["garbage", "html", "truncated", "cut"] as const) {
    it(`I7: appears when a sign-in is answered with a body that is ${kind}, with every log on`, async () => {
      await using server = await bench.listen()
      using folder = scratch()
      server.faults.add({ on: "signIn", kind: "body", body: kind, times: Number.POSITIVE_INFINITY })
      const { code, stderr, stdout } = await run(["--out", folder.path, "--log-level", "all"], pointAt(server))
      assert.strictEqual(code, 2, stdout)
      assert.deepStrictEqual(leaks(stdout + stderr, [server.credentials.service.password]), [])
      assert.notMatch(stdout + stderr, /bench-(access|refresh)\./)
    })
  }
})

const chromium = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium"

describe("report.html", () => {
  it.skipIf(!existsSync(chromium))(
    "opens in Chromium without a complaint, and runs nothing that a hostile name brings",
    async () => {
      const hostile = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
      await using simulator = bench.create()
      await using server = await recording(simulator, (list, items) =>
        items.map((item) => ({
          ...item,
          ...(list === "Persons" && { name: `=${hostile}`, title: hostile }),
          ...(list === "roles" && { roleName: hostile, projectName: hostile }),
          ...(list === "Accounts" && { name: hostile })
        }))
      )
      using folder = scratch()
      assert.strictEqual((await run(["--out", folder.path], pointAt(server))).code, 0)
      const page = pathToFileURL(`${folder.path}/report.html`).href
      const args = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom", page]
      const { stderr, stdout } = await promisify(execFile)(chromium, args, { maxBuffer: 2 ** 26, timeout: 60_000 })
      assert.notMatch(stderr, /CONSOLE/)
      assert.include(stdout, "The session")
      assert.isAtLeast(stdout.split("<svg").length - 1, 4)
      assert.notMatch(stdout, /<title>owned/)
      assert.notMatch(stdout, /<(script|img)/)
      assert.notMatch(stdout, /\b(src|href)="(?!data:)/)
      for (const line of folder.read("people.csv").split("\r\n").slice(1, -1)) {
        assert.match(line, /^\d+,\d+,\w+,"'=/)
      }
    }
  )
})
