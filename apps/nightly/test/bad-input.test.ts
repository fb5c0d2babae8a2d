import { execFileSync } from "node:child_process"
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { type BenchSimulator, bench, type Fault } from "@keyturn/simulators"
import { failureOf, runHere } from "./support/here.ts"
import { type Ended, run, scratch, start } from "./support/program.ts"
import { openAll, pointAt } from "./support/services.ts"

const benchOnly = { only: ["bench"] } as const

/** Exit code 2, a message with cause and cure, no stack trace, no password, no report. */
const refused = (ended: Ended, folder: { names: () => ReadonlyArray<string> }, ...said: ReadonlyArray<RegExp>) => {
  assert.strictEqual(ended.code, 2, ended.stderr)
  const message = ended.stderr.slice(ended.stderr.indexOf("nightly: "))
  for (const pattern of said) assert.match(message, pattern)
  assert.notMatch(ended.stdout + ended.stderr, /^\s+at |node_modules|file:\/\//m)
  assert.deepStrictEqual(folder.names(), [])
}

/** A port that nobody listens on. */
const closedPort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe("a run that cannot start says why and ends with 2:", () => {
  it("variables that are missing or wrong, all of them at once, before anything is asked", async () => {
    using folder = scratch()
    const env = { BENCH_URL: "https://bench.example", BITS_URL: "bits", NIGHTLY_SESSIONS: "maybe" }
    const ended = await run(["--json", "--out", folder.path], env)
    refused(
      ended,
      folder,
      /^nightly: The settings are not right\.\n {2}BENCH_LOGIN and BENCH_PASSWORD are not set/,
      /\n {2}BITS_CLIENT_ID and BITS_CLIENT_SECRET and BITS_APPLICATIONS are not set/,
      /\n {2}NIGHTLY_SESSIONS is neither/,
      /\n {2}BITS_URL is not an absolute URL/
    )
    // And, with --json, as JSON on stdout, too.
    const { error, ok } = JSON.parse(ended.stdout)
    assert.deepStrictEqual([ok, error.tag], [false, "SettingsInvalid"])
  })

  for (const args of [
    ["--only", "bench,tea"],
    ["--since", "yesterday"],
    ["--workers", "0"]
  ]) {
    it(`${args.join(" ")}, which it does not know`, async () => {
      const ended = await run(args)
      assert.strictEqual(ended.code, 2)
      for (const word of args) assert.include(ended.stdout + ended.stderr, word)
    })
  }

  it("a file .env that cannot be read", async () => {
    using folder = scratch()
    mkdirSync(join(folder.base, ".env"))
    const ended = await start([], {}, { cwd: folder.base }).ended
    assert.strictEqual(ended.code, 2)
    assert.match(ended.stderr, /^nightly: \.env cannot be read: [^\n]+[^.]\.\n$/)
  })

  it("a store that is down, before anything is asked", async () => {
    using folder = scratch()
    await using server = await bench.listen()
    const env = { ...pointAt(server), REDIS_URL: `redis://:hidden@127.0.0.1:${await closedPort()}` }
    const failure = await failureOf(runHere(folder, env, benchOnly))
    assert.strictEqual(failure._tag, "StoreDown")
    assert.match(failure.message, /^The sessions cannot be kept: .*ECONNREFUSED/)
    assert.notInclude(failure.message, "hidden")
    assert.deepStrictEqual([server.stats().requests, folder.names()], [0, []])
  })

  it("a folder that cannot be made, before anything is asked", async () => {
    using folder = scratch()
    await using server = await bench.listen()
    writeFileSync(join(folder.path, "file"), "")
    const ended = await run(["--only", "bench", "--out", join(folder.path, "file", "out")], {
      ...pointAt(server),
      NIGHTLY_STATE: folder.state
    })
    assert.strictEqual(ended.code, 2)
    assert.match(ended.stderr, /^nightly: The report cannot be written to .*a part of the path is a file.*--out\.\n$/)
    assert.strictEqual(server.stats().requests, 0)
  })

  it.skipIf(process.getuid?.() === 0)("a folder that may not be written to", async () => {
    using folder = scratch()
    chmodSync(folder.path, 0o500)
    assert.match((await failureOf(runHere(folder, {}, benchOnly))).message, /access is denied/)
  })

  it("a folder for its state that is a file", async () => {
    using folder = scratch()
    writeFileSync(folder.state, "")
    const failure = await failureOf(runHere(folder, {}, benchOnly))
    assert.strictEqual(failure._tag, "StateUnusable")
    assert.match(failure.message, /there is a file of that name\. Set NIGHTLY_STATE/)
    assert.deepStrictEqual(folder.names(), [])
  })

  it("another run with the same state, which it names; the other one is not disturbed", async () => {
    using folder = scratch()
    using other = scratch()
    await using server = await bench.listen()
    const held = server.faults.add({ on: "GET /rp/api/v1/Accounts", kind: "delay", by: Number.POSITIVE_INFINITY })
    const first = start(["--only", "bench", "--out", folder.path], pointAt(server))
    await held.firing()
    const env = { ...pointAt(server), NIGHTLY_STATE: folder.state }
    const failure = await failureOf(runHere(other, env, benchOnly))
    assert.strictEqual(failure._tag, "AlreadyRunning")
    assert.match(failure.message, new RegExp(`^Another run is under way \\(process ${first.child.pid} since 20`))
    held.release()
    assert.strictEqual((await first.ended).code, 0)
    assert.strictEqual(server.stats().signIns, 1)
    // And when it is over, the way is free.
    await runHere(other, env, benchOnly)
  })
})

const faulty = async (
  fault: Fault<"signIn">,
  ...said: ReadonlyArray<RegExp>
): Promise<ReturnType<BenchSimulator["stats"]>> => {
  using folder = scratch()
  await using server = await bench.listen()
  server.faults.add(fault)
  const env = { ...pointAt(server), NIGHTLY_SESSIONS: "sign-out" }
  const failure = await failureOf(runHere(folder, env, benchOnly))
  assert.strictEqual(failure._tag, "NothingDone")
  for (const pattern of said) assert.match(failure.message, pattern)
  assert.notInclude(failure.message, env.BENCH_PASSWORD)
  assert.deepStrictEqual(folder.names(), [])
  return server.stats()
}

describe("a service that does not do its part is told, and an old report stays:", () => {
  it("a wrong password", async () => {
    using folder = scratch()
    await using server = await bench.listen()
    const env = { ...pointAt(server), BENCH_PASSWORD: "wrong-word" }
    const ended = await run(["--only", "bench", "--out", folder.path], env)
    refused(ended, folder, /Sign-in was refused.*401/, /Check the login and the password/)
    assert.notInclude(ended.stderr, "wrong-word")
    assert.strictEqual(server.stats().failedSignIns, 1)
  })

  for (const status of [400, 415]) {
    it(`one that does not take the form (${status})`, async () => {
      const body = JSON.stringify({ error: "invalid_request", error_description: "Send JSON." })
      const fault = { on: "signIn", kind: "status", status, body, contentType: "application/json" } as const
      await faulty(fault, new RegExp(`${status}.*Send JSON`), /check.*media type/)
    })
  }

  it("one that cannot be reached", async () => {
    using folder = scratch()
    await using server = await bench.listen()
    const env = { ...pointAt(server), BENCH_URL: `http://127.0.0.1:${await closedPort()}` }
    const failure = await failureOf(runHere(folder, env, benchOnly))
    assert.match(failure.message, /ECONNREFUSED.*check the base URL/)
  })

  it("a sign-in that is answered with a page", async () => {
    await faulty({ on: "signIn", kind: "body", body: "html" }, /text\/html where JSON was expected/, /base URL/)
  })

  it("a list of accounts that is a page, after signing out", async () => {
    const stats = await faulty(
      { on: "GET /rp/api/v1/Accounts", kind: "body", body: "html", times: Number.POSITIVE_INFINITY },
      /accounts cannot be read.*not JSON/,
      /base URL/
    )
    assert.deepStrictEqual([stats.signOuts, stats.liveSessions], [1, 0])
  })

  it("a list of accounts that is no list", async () => {
    const [body, contentType] = ['{"ok":true}', "application/json"]
    await faulty(
      { on: "GET /rp/api/v1/Accounts", kind: "status", status: 200, body, contentType },
      /accounts cannot be read.*not a list/
    )
  })

  it("an expiry that does not parse, and an answer without a token", async () => {
    await faulty({ on: "signIn", kind: "rewrite", set: { expiry: "in a while" } }, /expiry.*RFC 3339/i)
    await faulty({ on: "signIn", kind: "rewrite", remove: ["access_token"] }, /access_token/)
  })

  it("a login that sees no account", async () => {
    const login = { login: "nobody", password: "nothing to see" }
    await using server = await bench.listen({
      principals: [{ ...login, kind: "service", group: "Viewer", accounts: [] }]
    })
    using folder = scratch()
    const env = { BENCH_URL: server.url, BENCH_LOGIN: login.login, BENCH_PASSWORD: login.password }
    assert.match((await failureOf(runHere(folder, env, benchOnly))).message, /sees no account.*administrator/)
  })

  it("one of four that is down: the others do their part", async () => {
    using folder = scratch()
    await using all = await openAll(folder.base)
    await all.bench.close()
    const { result } = await runHere(folder, all.env)
    assert.deepStrictEqual(
      result.report.steps.map(({ status }) => status),
      ["failed", "done", "done", "done"]
    )
    assert.match(result.report.steps[0]?.problems[0] ?? "", /ECONNREFUSED/)
    assert.isFalse(result.report.run.complete)
    assert.isNull(folder.report().bench)
  })

  it("all four down: each is named, and yesterday's report stays", async () => {
    using folder = scratch()
    await using all = await openAll(folder.base)
    await runHere(folder, all.env, { only: ["bits"] })
    const before = folder.report().run.id
    for (const server of [all.bench, all.allura, all.bits, all.pink]) await server.close()
    const failure = await failureOf(runHere(folder, all.env))
    assert.strictEqual(failure._tag, "NothingDone")
    for (const step of ["bench", "allura", "bits"]) assert.match(failure.message, new RegExp(`\\n {2}${step}: .`))
    assert.strictEqual(folder.report().run.id, before)
  })
})

/** A disk of a few hundred kilobytes, where this process may make one. */
const smallDisk = (place: string): (() => void) | undefined => {
  try {
    mkdirSync(place, { recursive: true })
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=200k", "tmpfs", place], { stdio: "ignore" })
    return () => execFileSync("umount", [place])
  } catch {
    return undefined
  }
}

describe("a disk that is full", () => {
  it("is told, leaves nothing half-written, and the run after it goes on where this one was", async ({ skip }) => {
    using folder = scratch()
    const unmount = smallDisk(folder.path)
    if (unmount === undefined) {
      console.warn("NOT TESTED: a full disk. Mounting a small one needs more rights than this process has.")
      return skip()
    }
    await using server = await bench.listen()
    try {
      const ended = await run(["--only", "bench", "--out", folder.path], pointAt(server))
      refused(ended, folder, /The report cannot be written to .*: the disk is full\. .*--out/)
    } finally {
      unmount()
    }
    const { requests } = server.stats()
    const { result } = await runHere(folder, pointAt(server), benchOnly)
    assert.isTrue(result.report.run.resumed)
    // Everything was read already; it did not even sign in.
    assert.deepStrictEqual([server.stats().requests, result.report.sessions.length], [requests, 0])
    assert.isAtLeast(result.report.bench?.people.length ?? 0, 200)
  })

  it("under the copies of Allura is told, and no part of a copy stays", async ({ skip }) => {
    using folder = scratch()
    await using all = await openAll(folder.base)
    const unmount = smallDisk(folder.backups)
    if (unmount === undefined) return skip()
    try {
      writeFileSync(join(folder.backups, "ballast"), new Uint8Array(199 * 1024))
      const failure = await failureOf(runHere(folder, all.env, { only: ["allura"] }))
      assert.match(failure.message, /cannot be (fetched|kept).*the disk is full/)
      assert.deepStrictEqual(readdirSync(folder.backups), ["ballast"])
    } finally {
      unmount()
    }
  })
})
