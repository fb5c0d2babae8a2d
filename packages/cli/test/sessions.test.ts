import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { ClosableStore } from "@keyturn/auth/TextStore"
import { contract } from "@keyturn/bench"
import { connect } from "@keyturn/client"
import { bench, pink } from "@keyturn/simulators"
import { fileStore } from "@keyturn/store-file"
import { postgresStore } from "@keyturn/store-postgres"
import { redisStore } from "@keyturn/store-redis"
import { vi } from "vitest"
import { keyturn } from "./command.ts"

vi.setConfig({ testTimeout: 60_000 })

const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../${path}`, import.meta.url)))

const key = Buffer.alloc(32, 7).toString("base64")

/** A folder with a `keyturn.sessions.ts` as a user would write it, but for where its packages are. */
const write = (cwd: string, sessions: string) =>
  writeFileSync(
    join(cwd, "keyturn.sessions.ts"),
    `import { contract as bench } from ${source("endpoints/bench/src/generated/index.ts")}
import { contract as pink } from ${source("endpoints/pink/src/generated/index.ts")}
import { authorizationCode } from ${source("grants/authorization-code/src/index.ts")}
import { loopback } from ${source("grants/authorization-code/src/loopback.ts")}
import { fileStore } from ${source("stores/file/src/index.ts")}
import { defineSessions } from ${source("cli/src/sessions/config.ts")}

export default defineSessions({ store: fileStore({ path: ${JSON.stringify(join(cwd, "sessions.db"))} }), sessions: { ${sessions} } })
`
  )

describe("keyturn sessions", () => {
  let api: Awaited<ReturnType<typeof bench.listen>>
  let cwd: string
  let account: { readonly login: string; readonly password: string }
  const run = async (...args: ReadonlyArray<string>) => {
    const done = await keyturn(cwd, "sessions", ...args).done
    for (const secret of [account.password, key]) {
      assert.notInclude(done.stdout + done.stderr, secret, "no output holds a secret")
    }
    return done
  }
  const json = async (...args: ReadonlyArray<string>) => JSON.parse((await run(...args, "--json")).stdout)

  beforeAll(async () => {
    api = await bench.listen()
    account = api.credentials.service
    cwd = mkdtempSync(join(tmpdir(), "keyturn-sessions-"))
    write(
      cwd,
      `nightly: { contract: bench, baseUrl: ${JSON.stringify(api.url)}, credentials: ${JSON.stringify(account)} },
       other: { contract: bench, baseUrl: ${JSON.stringify(api.url)}, credentials: { login: "somebody else", password: "wrong" } }`
    )
  })
  afterAll(async () => {
    await api.close()
    rmSync(cwd, { recursive: true })
  })

  const store = () => fileStore({ path: join(cwd, "sessions.db") })
  const program = (shared: ClosableStore) =>
    connect(contract, { baseUrl: api.url, credentials: account, store: shared, policy: { onClose: "keep" } })

  it("signs in once for the programs to come, shows what it keeps, and signs out", async () => {
    const signedIn = await run("sign-in", "nightly")
    assert.strictEqual(signedIn.code, 0, signedIn.stderr)
    assert.match(signedIn.stdout, /^Signed in to nightly: the session is kept in .*sessions\.db\.\n$/)
    assert.strictEqual((await run("sign-in", "nightly")).code, 0)
    await using shared = store()
    await using client = await program(shared)
    await client.GET("/rp/api/v1/Accounts")
    assert.strictEqual(api.stats().signIns, 1, "the program and the second sign-in adopt")

    const listed = await run("list")
    assert.match(
      listed.stdout,
      /^NAME +ACCOUNT +SERVER +STATE +EXPIRES +HOLDERS\nnightly +\S+ +\S+ +signed in +in \d+ \w+ +1\n$/
    )
    const shown = await run("show", "nightly")
    for (const line of [
      /state: +signed in/,
      /grant password/,
      /access token: +[0-9a-f]{12}, issued .*, expires /,
      /holders: +1/
    ])
      assert.match(shown.stdout, line)
    const [kept] = (await json("show", "nightly")).sessions
    assert.strictEqual(
      kept.accessToken.fingerprint,
      client.session.state?.fingerprint,
      "as the program's own events name it"
    )

    const refused = await run("sign-out", "nightly")
    assert.deepStrictEqual([refused.code, api.stats().signOuts], [1, 0], "a program still uses it")
    assert.match(refused.stdout, /still used by 1 process, .*--everywhere/)
    const everywhere = await run("sign-out", "nightly", "--everywhere")
    assert.deepStrictEqual(
      [everywhere.code, everywhere.stdout, api.stats().signOuts],
      [0, "Signed out of nightly.\n", 1]
    )
    const failed = await client.GET("/rp/api/v1/Accounts").then(
      () => undefined,
      (error: unknown) => error
    )
    assert.include(["SessionLost", "SessionClosed"], (failed as { _tag?: string })?._tag)
    assert.strictEqual(api.stats().signIns, 1, "nobody signs in again by itself")
    assert.match((await run("list")).stdout, /^No session is kept in .* 1 more has ended/)
    assert.strictEqual((await json("list", "--all")).sessions[0].state, "signed out everywhere")
    assert.strictEqual((await run("sign-out", "nightly")).stdout, "nightly is not signed in.\n")
  })

  it("tells the accounts of one API apart, and says why a sign-in was refused", async () => {
    const refused = await run("sign-in", "other")
    assert.strictEqual(refused.code, 1)
    assert.match(refused.stderr, /^keyturn sessions: Sign-in was refused\./)
    assert.deepStrictEqual(
      (await json("show", "other")).sessions.map((one: { state: string }) => one.state),
      ["signed out"]
    )
    assert.deepInclude(await json("sign-in", "other"), { ok: false })
  })

  it.each([
    ["redis", () => redisStore({ url: redisUrl, key }), () => redisUrl],
    ["postgres", () => postgresStore({ url: postgresUrl, key }), () => postgresUrl]
  ])("looks into a store that --store names, with its key (%s)", async (_, make, url) => {
    await using shared = make()
    await using client = await program(shared)
    const named = (env: Record<string, string>) =>
      keyturn({ cwd, env }, "sessions", "show", "bench", "--store", url(), "--json").done
    const open = JSON.parse((await named({ KEYTURN_STORE_KEY: key })).stdout)
    const mine = open.sessions.find((one: { server: string }) => one.server === api.url.replace(/\/$/, ""))
    assert.deepInclude(mine, { state: "signed in", holders: 1, names: ["nightly"] })
    const closed = JSON.parse((await named({})).stdout)
    assert.include(closed.sessions.find((one: { key: string }) => one.key === mine.key).error, "Give the store its key")
    await client.session.signOut({ everywhere: true })
  })

  const redisUrl = process.env.REDIS_URL ?? "redis://127.0.0.1:6379"
  const postgresUrl = process.env.DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/postgres"

  it("finds what is wrong with a store, its permissions, its key and the clocks", async () => {
    const healthy = await run("doctor")
    assert.strictEqual(healthy.code, 0, healthy.stdout)
    for (const check of ["store", "lock", "permissions", "key", "clock"])
      assert.match(healthy.stdout, new RegExp(`✓ ${check}`))
    api.clock.advance({ minutes: 10 })
    chmodSync(cwd, 0o777)
    const ill = await json("doctor")
    chmodSync(cwd, 0o700)
    const outcome = (check: string) => ill.findings.find((one: { check: string }) => one.check === check).outcome
    assert.deepStrictEqual([outcome("permissions"), outcome("clock")], ["warning", "warning"])
    writeFileSync(join(cwd, "notes.db"), "not a database, but long enough to be looked at as one\n".repeat(20))
    const damaged = await run("doctor", "--store", "notes.db")
    assert.strictEqual(damaged.code, 1)
    assert.match(damaged.stdout, /✗ store .*is not an SQLite database/)
  })

  it("says what is wrong with the command itself, and makes no store by mistake", async () => {
    const usage = async (...args: ReadonlyArray<string>) => {
      const { code, stderr } = await run(...args)
      return [code, stderr.replaceAll(cwd, "")] as const
    }
    assert.deepStrictEqual(await usage("show", "nix"), [
      2,
      "keyturn sessions: no session is called nix: there is nightly, other, bench\n"
    ])
    assert.deepStrictEqual(await usage("sign-in", "nix"), [
      2,
      "keyturn sessions: keyturn.sessions.ts has no session nix: it has nightly, other\n"
    ])
    assert.deepStrictEqual(await usage("list", "--store", "missing.db"), [
      2,
      "keyturn sessions: there is no file missing.db\n"
    ])
    assert.isFalse(existsSync(join(cwd, "missing.db")))
    assert.match((await usage("list", "--store", "mysql://x"))[1], /no store is known for mysql:\/\//)
    assert.match((await usage("list", "--config", "nix.ts"))[1], /there is no file nix\.ts/)
    writeFileSync(join(cwd, "broken.ts"), "export default { sessions: { a: {} } }")
    assert.match((await usage("list", "--config", "broken.ts"))[1], /sessions\.a needs a "contract"/)
  })
})

describe("keyturn sessions with a person", () => {
  it("opens the browser to sign in, and never to sign out", async () => {
    await using server = await pink.listen({ switches: { consent: "allow" } })
    const cwd = mkdtempSync(join(tmpdir(), "keyturn-person-"))
    try {
      const opened = join(cwd, "opened")
      const grant = (open: string) =>
        `me: { contract: pink, baseUrl: ${JSON.stringify(server.url)}, grant: authorizationCode({ ...${JSON.stringify(server.credentials.native)}, redirect: loopback({ open: ${open} }) }) }`
      write(
        cwd,
        grant(
          `async (url) => { (await import("node:fs")).appendFileSync(${JSON.stringify(opened)}, "x"); void fetch(url) }`
        )
      )
      const signedIn = await keyturn(cwd, "sessions", "sign-in", "me").done
      assert.strictEqual(signedIn.code, 0, signedIn.stderr)
      assert.strictEqual(readFileSync(opened, "utf8"), "x")
      server.clock.advance({ days: 400 })
      const signedOut = await keyturn(cwd, "sessions", "sign-out", "me").done
      assert.strictEqual(readFileSync(opened, "utf8"), "x", signedOut.stdout + signedOut.stderr)

      write(cwd, grant('() => console.error("asked")'))
      const waiting = keyturn(cwd, "sessions", "sign-in", "me")
      await waiting.until(/asked/)
      waiting.child.kill("SIGINT")
      const { code } = await waiting.done
      assert.strictEqual(code, 130)
    } finally {
      rmSync(cwd, { recursive: true })
    }
  })
})
