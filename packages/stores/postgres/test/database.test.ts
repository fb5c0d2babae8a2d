import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { inspect } from "node:util"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type Pool, postgresStore } from "@keyturn/store-postgres"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import pg from "pg"
import { makeProxy } from "./support/proxy.ts"
import { missing, url } from "./support/server.ts"

const run = Effect.runPromise
const id = () => randomBytes(6).toString("hex")
const record = {
  version: 1,
  generation: 1,
  tokens: { accessToken: Redacted.make("canary-access"), tokenType: "Bearer", issuedAt: 1 }
}
const messageOf = async (effect: Effect.Effect<unknown, { readonly message: string }>) =>
  (await run(Effect.flip(effect))).message
const until = async (what: () => boolean | Promise<boolean>) => {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 10))
}

describe.skipIf(missing)("the PostgreSQL store and its database", () => {
  const schema = `keyturn_test_${id()}`
  const admin = new pg.Pool({ connectionString: url, max: 2 })
  beforeAll(async () => void (await admin.query(`create schema ${schema}`)))
  afterAll(async () => {
    await admin.query(`drop schema ${schema} cascade`)
    await admin.end()
  })
  const inSchemaOfItsOwn = async (what: (schema: string) => Promise<void>) => {
    const own = `${schema}_${id()}`
    await admin.query(`create schema ${own}`)
    try {
      await what(own)
    } finally {
      await admin.query(`drop schema ${own} cascade`)
    }
  }

  it("makes its table once, though ten processes come at once", () =>
    inSchemaOfItsOwn(async (schema) => {
      const stores = Array.from({ length: 10 }, () => postgresStore({ url, schema }))
      const taken = await Promise.all(stores.map((store, i) => run(store.acquire("key", `${i}`, 60_000))))
      assert.strictEqual(taken.filter(Boolean).length, 1)
      await Promise.all(stores.map((store) => store.close()))
    }))

  it("goes on when another process had made the type of its table but not yet the table", () =>
    inSchemaOfItsOwn(async (schema) => {
      await admin.query(`create domain ${schema}.keyturn_session as text`)
      const refusals: Array<string> = []
      const pool: Pool = {
        query: (text, values) =>
          admin.query(text, values).catch(async (error: { readonly code: string }) => {
            refusals.push(error.code)
            await admin.query(`drop domain if exists ${schema}.keyturn_session`)
            throw error
          })
      }
      await using store = postgresStore({ pool, schema })
      assert.isTrue(await run(store.write("key", record)))
      assert.deepStrictEqual(refusals, ["42710"])
    }))

  it("uses the default schema when none is given, and any name when one is", () =>
    inSchemaOfItsOwn(async (schema) => {
      await using store = postgresStore({ url: `${url}?options=-c%20search_path%3D${schema}` })
      await run(store.write("key", record))
      await using named = postgresStore({ url, schema })
      assert.strictEqual((await run(named.read("key"))).version, 1)
      const odd = `${schema} "Odd"`
      await admin.query(`create schema ${pg.escapeIdentifier(odd)}`)
      try {
        await using store = postgresStore({ url, schema: odd })
        assert.isTrue(await run(store.write("key", record)))
      } finally {
        await admin.query(`drop schema ${pg.escapeIdentifier(odd)} cascade`)
      }
    }))

  it("refuses a table of the same name that is another's, and leaves it as it is", () =>
    inSchemaOfItsOwn(async (schema) => {
      for (const [columns, message] of [
        ["x int", "a column is missing"],
        [
          "key text primary key, version int, record bytea, lease_owner text, lease_until timestamptz, holders jsonb",
          "version should be bigint, record should be text"
        ],
        [
          "key text, version bigint, record text, lease_owner text, lease_until timestamptz, holders jsonb",
          "no primary key"
        ]
      ] as const) {
        await admin.query(`create table ${schema}.keyturn_session (${columns})`)
        await using store = postgresStore({ url, schema })
        assert.include(await messageOf(store.read("key")), message)
        const { rows } = await admin.query(`select count(*)::int as n from ${schema}.keyturn_session`)
        assert.strictEqual(rows[0].n, 0)
        await admin.query(`drop table ${schema}.keyturn_session`)
      }
    }))

  it("makes the table again when it was dropped under way", () =>
    inSchemaOfItsOwn(async (schema) => {
      await using store = postgresStore({ url, schema })
      await run(store.write("key", record))
      await admin.query(`drop table ${schema}.keyturn_session`)
      assert.strictEqual((await run(store.read("key"))).version, 0)
    }))

  it("fails at once, with what to do, for a missing schema, missing rights, a wrong password or database", async () => {
    await using lost = postgresStore({ url, schema: "keyturn_no_such" })
    assert.include(await messageOf(lost.read("key")), "schema does not exist")
    const role = `keyturn_${id()}`
    await admin.query(`create role ${role} login password 'canary'`)
    try {
      const poor = new URL(url)
      poor.username = role
      poor.password = "canary"
      await using refused = postgresStore({ url: poor.href, schema })
      const error = await run(Effect.flip(refused.read("key")))
      assert.match(error.message, /may not do this|does not exist/)
      assert.notInclude(inspect(error, { depth: null }), "canary")
    } finally {
      await admin.query(`drop role ${role}`)
    }
    const elsewhere = new URL(url)
    elsewhere.pathname = "/keyturn_no_such"
    await using nowhere = postgresStore({ url: elsewhere.href })
    assert.include(await messageOf(nowhere.read("key")), "database of the URL does not exist")
  })

  it("rides out a cut connection: calls wait, and subscriptions hear again afterwards", async () => {
    await using proxy = await makeProxy(url)
    await using near = postgresStore({ url, schema })
    await using store = postgresStore({ url: proxy.url, schema })
    const key = id()
    const scope = await run(Scope.make())
    let woken = 0
    await run(
      Scope.provide(
        store.subscribe(key, () => void woken++),
        scope
      )
    )
    await run(store.write(key, record))
    await until(() => woken > 0)
    await proxy.cut()
    const write = run(store.write(key, { ...record, version: 2 }))
    await new Promise((resolve) => setTimeout(resolve, 1000))
    await proxy.mend()
    assert.isTrue(await write)
    const before = woken
    await run(near.write(key, { ...record, version: 3 }))
    await until(() => woken > before)
    await run(Scope.close(scope, Exit.void))
  })

  it("fails with what to do when the database stays away, and shows no password (I7, I8)", async () => {
    const proxy = await makeProxy(url)
    await proxy.cut()
    const away = new URL(proxy.url)
    away.password = "canary"
    await using store = postgresStore({ url: away.href, schema })
    const since = performance.now()
    const error = await run(Effect.flip(store.read("key")))
    assert.isBelow(performance.now() - since, 15_000)
    assert.include(error.message, "ECONNREFUSED")
    assert.notInclude(inspect(error, { depth: null }), "canary")
  })

  it("looks at the table where LISTEN is accepted and nothing ever comes, as behind a transaction pooler", async () => {
    const pool = new pg.Pool({ connectionString: url })
    class Deaf extends pg.Client {
      override on(event: string, listener: (...args: Array<never>) => void): this {
        return event === "notification" ? this : super.on(event as "error", listener as () => void)
      }
    }
    const pooler = { query: pool.query.bind(pool) as Pool["query"], Client: Deaf, options: { connectionString: url } }
    await using store = postgresStore({ pool: pooler, schema })
    const key = id()
    const scope = await run(Scope.make())
    let woken = 0
    await run(
      Scope.provide(
        store.subscribe(key, () => void woken++),
        scope
      )
    )
    for (let version = 1; version <= 8; version++) {
      const before = woken
      await run(store.write(key, { ...record, version }))
      await until(() => woken > before)
      await new Promise((resolve) => setTimeout(resolve, 500)) // beyond the time in which a message would have come back
    }
    await run(Scope.close(scope, Exit.void))
    await pool.end()
  })

  it("listens on one connection and asks nothing while it hears", async () => {
    const name = `keyturn-${id()}`
    const pool = new pg.Pool({ connectionString: url, application_name: name })
    pool.on("error", () => {})
    let queries = 0
    const query = pool.query.bind(pool) as Pool["query"]
    pool.query = ((text: string, values?: Array<unknown>) => {
      queries++
      return query(text, values)
    }) as typeof pool.query
    await using store = postgresStore({ pool, schema })
    const scope = await run(Scope.make())
    await run(
      Scope.provide(
        store.subscribe("a", () => {}),
        scope
      )
    )
    await run(
      Scope.provide(
        store.subscribe("b", () => {}),
        scope
      )
    )
    const listening = async () =>
      (
        await admin.query(
          "select count(*)::int as n from pg_stat_activity where application_name = $1 and query ilike 'listen %'",
          [name]
        )
      ).rows[0].n as number
    await until(async () => (await listening()) === 1)
    await new Promise((resolve) => setTimeout(resolve, 300)) // until the message has come back
    const before = queries
    await new Promise((resolve) => setTimeout(resolve, 1500))
    assert.strictEqual(queries, before)
    await run(Scope.close(scope, Exit.void))
    await until(async () => (await listening()) === 0)
    await pool.end()
  })

  it("keeps leases and holders by the database's clock, whatever this machine's says", async () => {
    const key = id()
    await using store = postgresStore({ url, schema })
    await run(store.acquire(key, "one", 60_000))
    const real = Date.now
    Date.now = () => real() + 3_600_000
    try {
      assert.isFalse(await run(store.acquire(key, "two", 60_000)))
    } finally {
      Date.now = real
    }
  })

  it("holds no token in the clear when there is a key, and none of an ended session", async () => {
    const key = id()
    const stored = async () =>
      (await admin.query(`select record from ${schema}.keyturn_session where key = $1`, [key])).rows[0].record
    await using plain = postgresStore({ url, schema })
    await run(plain.write(key, record))
    assert.include(await stored(), "canary-access")
    await run(plain.leave(key, "me", true))
    assert.notInclude(await stored(), "canary-access")
    await using sealed = postgresStore({ url, schema, key: new Uint8Array(32).fill(3) })
    await run(sealed.write(key, { ...record, version: 3 }))
    assert.notInclude(await stored(), "canary-access")
  })

  it("keeps no process alive", () => {
    const program = `
      import { postgresStore } from "@keyturn/store-postgres"
      import * as Effect from "effect/Effect"
      import * as Scope from "effect/Scope"
      const store = postgresStore({ url: ${JSON.stringify(url)}, schema: ${JSON.stringify(schema)} })
      await Effect.runPromise(Scope.provide(store.subscribe("key", () => {}), Effect.runSync(Scope.make())))
      await Effect.runPromise(store.hold("key", "me", 1000))
      console.log("done")`
    const cwd = new URL("..", import.meta.url)
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd,
      timeout: 20_000,
      stdio: "pipe"
    })
    assert.strictEqual(out.toString().trim(), "done")
  })
})
