import { createHash } from "node:crypto"
import type { Engine } from "@keyturn/auth/TextStore"
import type { OwnPool, Pool } from "./pool.ts"
import { CHANNEL, makeSubscriptions } from "./subscriptions.ts"
import { nameOf, prepare } from "./table.ts"

/** Where the engine gets its connections, and where its table is. */
export interface EngineOptions {
  /** A pool that somebody else ends, or how to open one of our own. */
  readonly pool: Pool | (() => Promise<OwnPool>)
  readonly schema: string | undefined
}

/** Milliseconds by the database's clock, also after a wait for a row's lock: those of a fleet differ. */
const NOW = "(extract(epoch from clock_timestamp()) * 1000)::bigint"

/** The statements. Each is one row's change, atomic in itself: any connection of any pooler will do for any of them. */
const statements = (table: string) => {
  const live = (but: string) =>
    `(select coalesce(jsonb_object_agg(h.key, h.value), '{}') from jsonb_each(t.holders) h where h.value::bigint > ${NOW}${but})`
  const others = live(" and h.key <> $2")
  const ends = `${others} = '{}' and t.version = $3::bigint - 1`
  // A lease or a holder that a crash of the database forgets does no harm: what is stored is compared all the same. So nothing
  // waits for the disk for their sake; whatever is written afterwards and does wait has them on the disk before it.
  const lax = "lax as (select set_config('synchronous_commit', 'off', true))"
  const tell = (payload: string) => `pg_notify('${CHANNEL}', ${payload})`
  return {
    read: `
      select coalesce(t.version, 0) as version, coalesce(t.record, '') as record, ${NOW}::float8 as now
      from (values ($1::text)) as asked (key) left join ${table} as t using (key)`,
    list: `
      select key, (select count(*) from jsonb_each(t.holders) h where h.value::bigint > ${NOW})::integer as holders,
        greatest(0, extract(epoch from lease_until - clock_timestamp()) * 1000)::float8 as leased
      from ${table} as t where version > 0 order by key`,
    states: `select key, version || ' ' || coalesce(lease_owner, '') as state from ${table} where key = any($1)`,
    write: `
      with done as (
        insert into ${table} as t (key, version, record)
        select $1, $2::bigint, $3::text where $2::bigint = 1 or exists (select from ${table} where key = $1)
        on conflict (key) do update set version = $2::bigint, record = $3
        where t.version = $2::bigint - 1 or (t.version = $2::bigint and t.record = $3)
        returning t.key
      ) select ${tell("$4")} from done`,
    acquire: `
      with ${lax}
      insert into ${table} as t (key, lease_owner, lease_until)
      select $1, $2::text, clock_timestamp() + $3 * interval '1 millisecond' from lax
      on conflict (key) do update set lease_owner = $2, lease_until = clock_timestamp() + $3 * interval '1 millisecond'
      where t.lease_owner is null or t.lease_owner = $2 or t.lease_until <= clock_timestamp()`,
    release: `
      with ${lax}, done as (
        update ${table} set lease_owner = null, lease_until = null from lax where key = $1 and lease_owner = $2 returning key
      ) select ${tell("$3")} from done`,
    hold: `
      with ${lax}
      insert into ${table} as t (key, holders) select $1, jsonb_build_object($2::text, ${NOW} + $3::bigint) from lax
      on conflict (key) do update set holders = ${live("")} || jsonb_build_object($2::text, ${NOW} + $3::bigint)`,
    leave: `
      with done as (
        update ${table} as t set
          holders = ${others},
          version = case when ${ends} then $3::bigint else t.version end,
          record = case when ${ends} then $4::text else t.record end
        where t.key = $1
        returning t.holders = '{}' as alone, coalesce(t.version = $3::bigint and t.record = $4::text, false) as ended
      ) select alone, ended, case when ended then ${tell("$5")} end from done`
  }
}

/** The engine, and its end. */
export const makeEngine = ({
  pool: source,
  schema
}: EngineOptions): Engine & { readonly close: () => Promise<void> } => {
  const table = nameOf(schema)
  const sql = statements(table)
  let own: Promise<OwnPool> | undefined
  let ready: Promise<void> | undefined

  const pool = async (): Promise<Pool> => {
    if (typeof source !== "function") return source
    own ??= source().catch((error) => {
      own = undefined
      throw error
    })
    return own
  }

  const query = async (text: string, ...values: Array<unknown>) => {
    const through = await pool()
    ready ??= prepare(through, table)
    try {
      await ready
      return await through.query(text, values)
    } catch (error) {
      ready = undefined // whatever it was, the table is looked at again
      throw error
    }
  }

  // Short, whatever the key: a payload ends at 8000 bytes.
  const payloadOf = (key: string) => createHash("sha256").update(`${table}\n${key}`).digest("base64url")

  const subscriptions = makeSubscriptions({
    pool,
    payloadOf,
    statesOf: async (keys) => new Map((await query(sql.states, keys)).rows.map(({ key, state }) => [key, state]))
  })

  return {
    read: async (key) => {
      const [row] = (await query(sql.read, key)).rows
      return { version: Number(row.version), text: row.record, now: row.now }
    },
    write: async (key, { text, version }) =>
      (await query(sql.write, key, version, text, payloadOf(key))).rowCount === 1,
    acquire: async (key, owner, ttl) => (await query(sql.acquire, key, owner, ttl)).rowCount === 1,
    release: async (key, owner) => void (await query(sql.release, key, owner, payloadOf(key))),
    subscribe: (key, wake) => subscriptions.add(key, wake),
    hold: async (key, holder, ttl) => void (await query(sql.hold, key, holder, ttl)),
    leave: async (key, holder, end) => {
      const [row] = (await query(sql.leave, key, holder, end?.version ?? null, end?.text ?? null, payloadOf(key))).rows
      if (row === undefined) return "left"
      return !row.alone ? "held" : end === undefined || row.ended ? "left" : "changed"
    },
    list: async () =>
      (await query(sql.list)).rows.map(({ holders, key, leased }) => ({ key, holders, leased: leased ?? 0 })),
    close: async () => {
      subscriptions.stop()
      await (await own?.catch(() => undefined))?.end()
    }
  }
}
