import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, describe, it } from "@effect/vitest"
import { storeContract } from "@keyturn/auth/testing"
import { type Pool, postgresStore } from "@keyturn/store-postgres"
import pg from "pg"
import { missing as noPgBouncer, startPgBouncer } from "./support/pgbouncer.ts"
import { missing, url } from "./support/server.ts"

const schema = `keyturn_test_${randomBytes(6).toString("hex")}`

describe.skipIf(missing)("the PostgreSQL store", () => {
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  beforeAll(async () => void (await pool.query(`create schema ${schema}`)))
  afterAll(async () => {
    await pool.query(`drop schema ${schema} cascade`)
    await pool.end()
  })

  describe("by URL", () => {
    for (const { name, run } of storeContract(() => postgresStore({ url, schema }))) it(name, run)
  })
  describe("by URL, encrypted", () => {
    const key = Buffer.alloc(32, 9).toString("base64url")
    for (const { name, run } of storeContract(() => postgresStore({ url, schema, key }))) it(name, run)
  })
  describe("with a pool", () => {
    for (const { name, run } of storeContract(() => postgresStore({ pool, schema }))) it(name, run)
  })
  describe("behind a pooler that gives each statement another connection, with nothing left of the last (T18)", () => {
    const pooler: Pool = {
      query: async (text, values) => {
        const client = await pool.connect()
        try {
          return await client.query(text, values)
        } finally {
          await client.query("discard all")
          client.release()
        }
      }
    }
    for (const { name, run } of storeContract(() => postgresStore({ pool: pooler, schema }))) it(name, run)
  })
  describe.skipIf(noPgBouncer)("behind PgBouncer in transaction mode", () => {
    let pgBouncer: Awaited<ReturnType<typeof startPgBouncer>>
    beforeAll(async () => {
      pgBouncer = await startPgBouncer(url)
    })
    afterAll(() => pgBouncer[Symbol.asyncDispose]())
    for (const { name, run } of storeContract(() => postgresStore({ url: pgBouncer.url, schema }))) it(name, run)
  })
})
