import type { Pool } from "./pool.ts"

/** The table cannot be used as it is; the message says what to do. */
export class Refused extends Error {}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** The table's name in a statement. Without a schema the connection's `search_path` decides. */
export const nameOf = (schema: string | undefined): string =>
  schema === undefined ? "keyturn_session" : `${quote(schema)}.keyturn_session`

/** Each column with its type as a statement and as an answer name it (pg_type.oid). */
const columns = {
  key: ["text primary key", 25],
  version: ["bigint not null default 0", 20],
  record: ["text", 25],
  lease_owner: ["text", 25],
  lease_until: ["timestamptz", 1184],
  holders: ["jsonb not null default '{}'", 3802]
} as const

/** The statement that makes the table: for who would rather run it himself. */
export const definition = (table: string): string =>
  `create table if not exists ${table} (\n${Object.entries(columns)
    .map(([name, [type]]) => `  ${name} ${type}`)
    .join(",\n")}\n)`

/**
 * Makes the table if it is missing and checks that it is ours. One that exists is never altered. Rejects with `Refused` or
 * the database's error.
 */
export const prepare = async (pool: Pool, table: string): Promise<void> => {
  const found = await pool.query("select to_regclass($1) is not null as found", [table])
  if (found.rows[0]?.found !== true) await pool.query(definition(table))
  const { fields } = await pool.query(`select ${Object.keys(columns)} from ${table} limit 0`)
  const wrong = Object.entries(columns).filter(([, [, oid]], i) => fields[i]?.dataTypeID !== oid)
  if (wrong.length > 0) {
    throw new Refused(
      `The table ${table} is not the store's: ${wrong.map(([name, [type]]) => `${name} should be ${type.split(" ")[0]}`).join(", ")}. Choose another schema, or rename the table.`
    )
  }
  // Needs a unique key, or the database refuses it.
  await pool.query(`insert into ${table} (key) select '' where false on conflict (key) do nothing`)
}
