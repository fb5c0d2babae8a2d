import { rmSync } from "node:fs"
import { dirname } from "node:path"
import { fileStore } from "@keyturn/store-file"
import { postgresStore } from "@keyturn/store-postgres"
import { redisStore } from "@keyturn/store-redis"
import pg from "pg"
import { createClient } from "redis"

/** Opens the store that a measurement describes. */
export const openStore = ({ engine, ...options }) => {
  if (engine === "file") return fileStore(options)
  return engine === "redis" ? redisStore(options) : postgresStore(options)
}

const withRedis = async (url, use) => {
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 2000 } })
  client.on("error", () => {})
  await client.connect()
  try {
    return await use(client)
  } finally {
    client.destroy()
  }
}

const withPostgres = async (url, use) => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/** Makes the place of a measurement; fails when its server does not answer. */
export const furnish = async ({ engine, schema, url }) => {
  if (engine === "redis") await withRedis(url, (client) => client.ping())
  if (engine === "postgres") await withPostgres(url, (client) => client.query(`create schema "${schema}"`))
}

/** Takes away everything that a measurement has left in its store: its own folder, prefix or schema. */
export const tidy = async ({ engine, path, prefix, schema, url }) => {
  if (engine === "file") return rmSync(dirname(path), { recursive: true, force: true })
  if (engine === "postgres") {
    return withPostgres(url, (client) => client.query(`drop schema if exists "${schema}" cascade`))
  }
  return withRedis(url, async (client) => {
    for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
      if (keys.length > 0) await client.del(keys)
    }
  })
}
