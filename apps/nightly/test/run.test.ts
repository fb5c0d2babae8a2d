import { execFile } from "node:child_process"
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { bench } from "@keyturn/simulators"
import { runHere } from "./support/here.ts"
import { run, scratch, start } from "./support/program.ts"
import { recording } from "./support/recording.ts"
import { openAll, pointAt, reportsOf } from "./support/services.ts"

const files = ["people.csv", "report.html", "report.json"]

describe("the demo", () => {
  it("needs nothing, does all four steps, lives through an expiry and a rotation, and ends by itself with 0", async () => {
    using folder = scratch()
    const { code, stderr, stdout } = await run(["--out", folder.path], { NIGHTLY_STATE: "" })
    assert.strictEqual(code, 0, stderr)
    assert.deepStrictEqual(folder.files(), files)
    const report = folder.report()
    assert.deepStrictEqual(
      report.steps.map(({ status, step }) => [step, status]),
      [
        ["bench", "done"],
        ["allura", "done"],
        ["bits", "done"],
        ["publish", "done"]
      ]
    )
    assert.deepStrictEqual(
      report.sessions.map(({ api, how }) => [api, how]),
      [
        ["bench", "password"],
        ["allura", "OAuth 1.0a"],
        ["bits", "client credentials"],
        ["pink", "personal access token"]
      ]
    )
    // Which of the two comes first depends on how fast the machine is.
    const kinds = report.sessions[0]?.entries.map(({ kind }) => kind) ?? []
    assert.deepStrictEqual([kinds[0], kinds.at(-1)], ["signed-in", "signed-out"])
    for (const kind of ["refused", "renewed-after-refusal", "renewed-on-schedule", "sent-again"] as const) {
      assert.include(kinds, kind)
    }
    assert.notInclude(kinds.slice(1), "signed-in")
    assert.isAtLeast(report.bench.people.length, 200)
    for (const figure of [report.bench.overAllocations, report.bench.certifications, report.bench.forecast?.roles]) {
      assert.isNotEmpty(figure)
    }
    assert.isNotEmpty(report.bits?.waiting)
    assert.isNotEmpty(report.bits?.decided)
    for (const { requests, step } of report.steps) assert.isAtLeast(requests, 2, step)
    for (const said of ["signed in", "renewed on schedule", "renewed after the refusal", "signed out", "simulated"]) {
      assert.include(stdout, said)
    }
    // Lines, not bars: this is no terminal.
    assert.match(stderr, /^bench: projects: \d+$/m)
    assert.match(stderr, /^publish: done in /m)
    assert.notInclude(stderr, "\u001b")
    // Nothing of the simulators is left: no state.
    assert.lengthOf(folder.names(), 2)
  })

  it("says with --help how it is used", async () => {
    const { code, stdout } = await run(["--help"])
    assert.strictEqual(code, 0)
    for (const said of ["--out", "--json", "--only", "--since", "--workers", "--interactive", "--log-level"]) {
      assert.include(stdout, said)
    }
    assert.match(stdout, /Exit codes: 0 done, 1 .*, 2 /)
  })
})

describe("a run against services", () => {
  it("signs in once each and agrees with what the services hold; the next one needs no sign-in", async () => {
    using folder = scratch()
    await using all = await openAll(folder.base)
    const first = await run(["--json", "--out", folder.path], all.env)
    assert.strictEqual(first.code, 0, first.stderr)

    // Only the JSON is on stdout.
    const summary = JSON.parse(first.stdout)
    const report = folder.report()
    assert.isTrue(summary.ok)
    assert.strictEqual(summary.run.demo, null)
    assert.deepStrictEqual(summary.files.map((file: string) => file.split("/").at(-1)).sort(), files)
    assert.deepStrictEqual(summary.bench.period, report.bench.utilisation?.period)

    const second = await run(["--json", "--out", folder.path], all.env)
    assert.strictEqual(second.code, 0, second.stderr)
    const { liveSessions, refreshes, rejected, signIns, signOuts } = all.bench.stats()
    assert.deepStrictEqual([signIns, signOuts, refreshes, rejected.total, liveSessions], [1, 0, 0, 0, 1])
    assert.deepStrictEqual([all.bits.stats().signIns, all.bits.stats().rejected.total], [1, 0])
    assert.deepStrictEqual([all.allura.stats().rejected.total, all.pink.stats().rejected.total], [0, 0])
    // A report of its own each, the newer one the latest; what both found out is the same.
    assert.lengthOf(
      folder.names().filter((name) => name.startsWith("20")),
      2
    )
    const again = folder.report()
    assert.notStrictEqual(again.run.id, report.run.id)
    assert.deepStrictEqual(again.bench, report.bench)
    assert.deepStrictEqual(
      again.sessions[0]?.entries.map(({ kind }) => kind),
      ["adopted"]
    )

    // What one page of everything says, read by hand.
    const { login, password } = all.bench.credentials.service
    const signIn = await fetch(`${all.bench.url}/auth/signin`, {
      method: "POST",
      body: new URLSearchParams({ username: login, password })
    })
    const { access_token } = (await signIn.json()) as { access_token: string }
    const read = async (path: string) => {
      const answer = await fetch(`${all.bench.url}${path}`, { headers: { authorization: `Bearer ${access_token}` } })
      return (await answer.json()) as ReadonlyArray<Record<string, unknown>>
    }
    const persons = await read("/rp/api/v1/accounts/1/Persons?state=All&limit=10000")
    const projects = await read("/rp/api/v1/accounts/1/Projects?limit=10000")
    const roles = await read("/rp/api/v1/Accounts/1/roles?type=All&limit=10000")
    const hourly = await read("/rp/api/v1/Accounts/1/hourly-roles?limit=10000")
    const certified = await read("/rp/api/v1/Accounts/1/person-certifications?limit=10000")
    const held = Object.values(certified) as unknown as ReadonlyArray<ReadonlyArray<{ expiryDate: string | null }>>
    const counts: Record<string, number | undefined> = Object.fromEntries(
      report.bench.lists.map(({ items, list }) => [list as string, items])
    )
    assert.deepStrictEqual(counts, {
      accounts: 1,
      projects: projects.length,
      people: persons.length,
      roles: roles.length,
      "hourly roles": hourly.length,
      "time away": counts["time away"],
      certifications: held.flat().length
    })
    assert.deepStrictEqual(
      new Set(report.bench.people.map(({ id }) => id)),
      new Set(persons.map(({ id }) => String(id)))
    )
    const today = new Date().toISOString().slice(0, 10)
    const open = [...roles, ...hourly].filter(
      (role) =>
        role.projectType === "Awarded" &&
        role.projectStatus !== "Canceled" &&
        (role.unfilledRanges as ReadonlyArray<{ endDate: string }>).some(({ endDate }) => endDate >= today)
    )
    assert.strictEqual(report.bench.unfilled?.roles, open.length)
    assert.strictEqual(folder.read("people.csv").split("\r\n").length, persons.length + 2)
  })

  it("signs out when that is asked for, and keeps nothing", async () => {
    using folder = scratch()
    await using server = await bench.listen()
    const env = { ...pointAt(server), NIGHTLY_SESSIONS: "sign-out" }
    assert.strictEqual((await run(["--only", "bench", "--out", folder.path], env)).code, 0)
    const { liveSessions, signIns, signOuts } = server.stats()
    assert.deepStrictEqual([signIns, signOuts, liveSessions], [1, 1, 0])
  })

  it("tells of a part that failed, and of the others, with 1", async () => {
    using folder = scratch()
    await using server = await bench.listen()
    server.faults.add({
      on: "GET /rp/api/v1/Accounts/1/roles",
      kind: "status",
      status: 403,
      times: Number.POSITIVE_INFINITY,
      body: JSON.stringify({ errors: [{ errorType: "NotAllowed", description: "No <b>roles</b> for you." }] }),
      contentType: "application/json"
    })
    const { code, stdout } = await run(["--only", "bench", "--out", folder.path], pointAt(server))
    assert.strictEqual(code, 1)
    assert.match(stdout, /bench .*partial/)
    assert.match(stdout, /roles: .*403 \(No <b>roles<\/b> for you\.\)\. .*permissions/)
    assert.include(folder.read("report.html"), "No &lt;b&gt;roles&lt;/b&gt; for you.")
  })

  it("takes its variables from a file .env where it is started, behind those that are set", async () => {
    using folder = scratch()
    await using server = await bench.listen()
    const { BENCH_LOGIN, BENCH_PASSWORD, BENCH_URL } = pointAt(server)
    writeFileSync(
      join(folder.base, ".env"),
      `# Bench\nBENCH_URL=https://nobody.example\nBENCH_LOGIN=${BENCH_LOGIN}\nBENCH_PASSWORD='${BENCH_PASSWORD}'\n`
    )
    const { ended } = start(["--only", "bench", "--out", folder.path], { BENCH_URL }, { cwd: folder.base })
    const { code, stderr } = await ended
    assert.strictEqual(code, 0, stderr)
    assert.strictEqual(server.stats().signIns, 1)
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
    using folder = scratch()
    await using all = await openAll(folder.base, { bench: { lifetimes: { access: { seconds: 1 } } } })
    await using server = await recording(all.bench, (list, items) =>
      list === "Persons" ? items.map((item, i) => (i === 0 ? { ...item, name: planted } : item)) : items
    )
    // A list that takes its time: the token falls due; and one whose session is gone.
    all.bench.faults.add({ on: "GET /rp/api/v1/accounts/1/persons/unavailabilities", kind: "delay", by: 1200 })
    all.bench.faults.add({ on: "GET /rp/api/v1/Accounts/1/roles", kind: "evict", skip: 1 })
    const env = { ...all.env, ...pointAt(server), NIGHTLY_SESSIONS: "sign-out" }
    const args = ["--out", folder.path, "--log-level", "all", "--log-json"]
    const { code, stderr, stdout } = await run(args, env)
    assert.strictEqual(code, 0, stderr)
    const published = JSON.stringify(await reportsOf(all.pink))
    const text = [stdout, stderr, published, ...folder.files().map(folder.read)].join("\n")
    assert.match(stderr, /"message":"keyturn: SignedIn","level":"DEBUG"/)
    assert.isAtLeast(server.tokens.size, 6)
    // The search finds what is there: a text of the service that got into the report.
    assert.deepStrictEqual(leaks(text, [planted]), [planted])
    // OAuth 1.0a's key and token are names; its two secrets are secret (RFC 5849 §1.1).
    const secrets = Object.entries(all.env).filter(([name]) => /PASSWORD|SECRET|PINK_TOKEN/.test(name))
    assert.lengthOf(secrets, 5)
    assert.deepStrictEqual(leaks(text, [...server.tokens, ...secrets.map(([, value]) => value)]), [])
    assert.notMatch(text, /(bench|bits)-(access|refresh)\.|pink-pat/)
    // Each line of the log is an object.
    for (const line of stderr.trimEnd().split("\n")) assert.isObject(JSON.parse(line))
  })

  for (const kind of ["garbage", "truncated"] as const) {
    it(`I7: appears when a sign-in is answered with a body that is ${kind}, with every log on`, async () => {
      await using server = await bench.listen()
      using folder = scratch()
      server.faults.add({ on: "signIn", kind: "body", body: kind, times: Number.POSITIVE_INFINITY })
      const args = ["--only", "bench", "--out", folder.path, "--log-level", "all"]
      const { code, stderr, stdout } = await run(args, pointAt(server))
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
      await runHere(folder, pointAt(server), { only: ["bench"] })
      const page = pathToFileURL(`${folder.path}/latest/report.html`).href
      const args = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom", page]
      const { stderr, stdout } = await promisify(execFile)(chromium, args, { maxBuffer: 2 ** 26, timeout: 60_000 })
      assert.notMatch(stderr, /CONSOLE/)
      assert.isAtLeast(stdout.split("<svg").length - 1, 4)
      assert.notMatch(stdout, /<title>owned/)
      assert.notMatch(stdout, /<img/)
      assert.notMatch(stdout, /\b(src|href)="(?!data:|#)/)
      for (const line of folder.read("people.csv").split("\r\n").slice(1, -1)) {
        assert.match(line, /^\d+,\d+,\w+,"'=/)
      }
    }
  )
})
