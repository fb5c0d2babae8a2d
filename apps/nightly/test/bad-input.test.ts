import { writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { type BenchSimulator, bench, type Fault } from "@keyturn/simulators"
import { type Ended, pointAt, run, scratch } from "./support/program.ts"

/** Exit code 2, one message with cause and cure, no stack trace, no password, no report. */
const refused = (ended: Ended, folder: { names: () => ReadonlyArray<string> }, ...said: ReadonlyArray<RegExp>) => {
  assert.strictEqual(ended.code, 2, ended.stderr)
  const [line, ...rest] = ended.stderr.trimEnd().split("\n")
  assert.match(line as string, /^nightly: /)
  assert.deepStrictEqual(rest, [])
  for (const pattern of said) assert.match(line as string, pattern)
  assert.notMatch(ended.stdout + ended.stderr, /^\s+at |node_modules|file:\/\//m)
  assert.notInclude(ended.stdout + ended.stderr, "nW4&vT")
  assert.deepStrictEqual(folder.names(), [])
}

const started = async (
  env: (server: BenchSimulator) => Record<string, string>,
  ...faults: ReadonlyArray<Fault<never>>
) => {
  await using server = await bench.listen()
  for (const fault of faults) server.faults.add(fault)
  using folder = scratch()
  const ended = await run(["--out", folder.path], env(server))
  return { ended, names: folder.names(), stats: server.stats() }
}

const refusedBy = async (fault: Fault<"signIn" | "refresh" | "signOut">, ...said: ReadonlyArray<RegExp>) => {
  const { ended, names, stats } = await started(pointAt, fault as Fault<never>)
  refused(ended, { names: () => names }, ...said)
  return stats
}

describe("a run that cannot start says why in one line and ends with 2:", () => {
  it("a wrong password", async () => {
    const { ended, names, stats } = await started((server) => ({ ...pointAt(server), BENCH_PASSWORD: "wrong-word" }))
    refused(ended, { names: () => names }, /Sign-in was refused.*401/, /Check the login and the password/)
    assert.notInclude(ended.stderr, "wrong-word")
    assert.strictEqual(stats.failedSignIns, 1)
  })

  for (const status of [400, 415]) {
    it(`a server that does not take the form (${status})`, async () => {
      const body = JSON.stringify({ error: "invalid_request", error_description: "Send JSON." })
      await refusedBy(
        { on: "signIn", kind: "status", status, body, contentType: "application/json" },
        new RegExp(`${status}.*Send JSON`),
        /check.*media type/
      )
    })
  }

  for (const missing of [["BENCH_URL"], ["BENCH_LOGIN", "BENCH_PASSWORD"], ["BENCH_PASSWORD"]]) {
    it(`without ${missing.join(" and ")}, naming all that is missing`, async () => {
      const { ended, names, stats } = await started((server) => {
        const env: Record<string, string> = pointAt(server)
        for (const name of missing) delete env[name]
        return env
      })
      const [verb] = missing.length > 1 ? ["are"] : ["is"]
      refused(ended, { names: () => names }, new RegExp(`${missing.join(" and ")} ${verb} not set`), /or none of them/)
      assert.strictEqual(stats.requests, 0)
    })
  }

  it("an empty variable, which counts as missing", async () => {
    const { ended, names } = await started((server) => ({ ...pointAt(server), BENCH_PASSWORD: "" }))
    refused(ended, { names: () => names }, /BENCH_PASSWORD is not set/)
  })

  it("an address that is none", async () => {
    const { ended, names } = await started((server) => ({ ...pointAt(server), BENCH_URL: "bench.example" }))
    refused(ended, { names: () => names }, /BENCH_URL is not an absolute URL/)
  })

  it("plain http to another machine: the password does not travel", async () => {
    const { ended, names } = await started((server) => ({ ...pointAt(server), BENCH_URL: "http://bench.example" }))
    refused(ended, { names: () => names }, /https only/)
  })

  it("a host that cannot be reached", async () => {
    const server = createServer().listen(0, "127.0.0.1")
    await new Promise((resolve) => server.once("listening", resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const { ended, names } = await started((it) => ({ ...pointAt(it), BENCH_URL: `http://127.0.0.1:${port}` }))
    refused(ended, { names: () => names }, /ECONNREFUSED/, /check the base URL/)
  })

  it("a sign-in that is answered with a page", async () => {
    await refusedBy({ on: "signIn", kind: "body", body: "html" }, /text\/html where JSON was expected/, /base URL/)
  })

  it("a list of accounts that is a page, after signing out", async () => {
    const stats = await refusedBy(
      { on: "GET /rp/api/v1/Accounts", kind: "body", body: "html", times: Number.POSITIVE_INFINITY },
      /accounts cannot be read.*not JSON/,
      /base URL/
    )
    assert.deepStrictEqual([stats.signOuts, stats.liveSessions], [1, 0])
  })

  it("a list of accounts that is no list", async () => {
    await refusedBy(
      {
        on: "GET /rp/api/v1/Accounts",
        kind: "status",
        status: 200,
        body: '{"ok":true}',
        contentType: "application/json"
      },
      /accounts cannot be read.*not a list/
    )
  })

  it("an expiry that does not parse", async () => {
    await refusedBy({ on: "signIn", kind: "rewrite", set: { expiry: "in a while" } }, /expiry.*RFC 3339/i)
  })

  it("an answer without a token", async () => {
    await refusedBy({ on: "signIn", kind: "rewrite", remove: ["access_token"] }, /access_token/)
  })

  it("a login that sees no account", async () => {
    const login = { login: "nobody", password: "nothing to see" }
    await using server = await bench.listen({
      principals: [{ ...login, kind: "service", group: "Viewer", accounts: [] }]
    })
    using folder = scratch()
    const env = { BENCH_URL: server.url, BENCH_LOGIN: login.login, BENCH_PASSWORD: login.password }
    refused(await run(["--out", folder.path], env), folder, /sees no account.*administrator/)
    assert.strictEqual(server.stats().liveSessions, 0)
  })

  it("a folder that cannot be made, before it signs in", async () => {
    await using server = await bench.listen()
    using folder = scratch()
    writeFileSync(join(folder.path, "file"), "")
    const ended = await run(["--out", join(folder.path, "file", "out")], pointAt(server))
    assert.strictEqual(ended.code, 2)
    assert.match(ended.stderr, /^nightly: The report cannot be written to .*a part of the path is a file.*--out\.\n$/)
    assert.strictEqual(server.stats().requests, 0)
  })

  it("an option that does not exist", async () => {
    const ended = await run(["--bogus"])
    assert.strictEqual(ended.code, 2)
    assert.match(ended.stdout + ended.stderr, /bogus/)
  })

  it("and, with --json, as JSON on stdout too", async () => {
    const failed = await run(["--json"], { BENCH_URL: "https://bench.example" })
    assert.strictEqual(failed.code, 2)
    const { error, ok } = JSON.parse(failed.stdout)
    assert.deepStrictEqual([ok, error.tag], [false, "SettingsInvalid"])
    assert.match(error.message, /BENCH_LOGIN and BENCH_PASSWORD are not set/)
  })
})
