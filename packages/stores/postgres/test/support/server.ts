import pg from "pg"

/** Where PostgreSQL is: `DATABASE_URL`, or the standard port of this machine. */
export const url = process.env.DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/postgres"

const reachable = await (async () => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
})()
if (!reachable) {
  if (process.env.CI === "true") throw new Error("There is no PostgreSQL at DATABASE_URL, and CI must test with one.")
  console.warn(`NOT TESTED: there is no PostgreSQL at ${new URL(url).host}. Start one, or set DATABASE_URL.`)
}

/** Whether the tests that need PostgreSQL cannot run. */
export const missing = !reachable
