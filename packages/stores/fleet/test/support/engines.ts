import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"
import { createClient } from "redis"
import type { StoreSpec } from "./stores.ts"

/** An engine at hand, with a place of its own for one test run. */
export interface Place {
  readonly spec: StoreSpec
  readonly clean: () => Promise<void>
}

const redisUrl = process.env.REDIS_URL ?? "redis://127.0.0.1:6379"
const databaseUrl = process.env.DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/postgres"
const id = () => randomBytes(6).toString("hex")

const file = async (): Promise<Place> => {
  const folder = mkdtempSync(join(tmpdir(), "keyturn-fleet-"))
  return {
    spec: { engine: "file", path: join(folder, "sessions.db") },
    clean: async () => rmSync(folder, { recursive: true })
  }
}

const redis = async (): Promise<Place> => {
  const client = createClient({ url: redisUrl, socket: { connectTimeout: 2000, reconnectStrategy: false } })
  client.on("error", () => {})
  await client.connect()
  const prefix = `keyturn-fleet-${id()}`
  return {
    spec: { engine: "redis", url: redisUrl, prefix },
    clean: async () => {
      const keys = await client.keys(`${prefix}*`)
      if (keys.length > 0) await client.del(keys)
      client.destroy()
    }
  }
}

const postgres = async (): Promise<Place> => {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 2000 })
  await client.connect()
  const schema = `keyturn_fleet_${id()}`
  await client.query(`create schema ${schema}`)
  return {
    spec: { engine: "postgres", url: databaseUrl, schema },
    clean: async () => {
      await client.query(`drop schema ${schema} cascade`)
      await client.end()
    }
  }
}

/** What is at hand; a missing server is said loudly, and is an error where `CI` is `true`. */
export const engines = { file, redis, postgres }
export const missing = new Set<string>()
for (const [name, make] of Object.entries(engines)) {
  try {
    await (await make()).clean()
  } catch (error) {
    if (process.env.CI === "true") throw error
    console.warn(
      `NOT TESTED: there is no ${name} server. Start one, or set ${name === "redis" ? "REDIS_URL" : "DATABASE_URL"}.`
    )
    missing.add(name)
  }
}
