import type { Engine, Stored } from "@keyturn/auth/TextStore"
import { type Database, open } from "./database.ts"
import { makeSubscriptions } from "./subscriptions.ts"

/** Milliseconds on the machine's monotonic clock, which all its processes share and nobody can set. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** What a statement is given, by name: numbered parameters (`?1`) cannot be bound by Node 22.19. */
type Values = Readonly<Record<string, string | number>>

/** Stores :version, :record under :key if the stored version is the one before (0: none), or if that is what is stored. */
const WRITE = `
  insert into main.session (key, version, record)
  select :key, :version, :record where :version = 1 or exists (select 1 from main.session where key = :key)
  on conflict (key) do update set version = :version, record = :record
  where version = :version - 1 or (version = :version and record = :record)`

/** The engine, and its end. Every call is short and synchronous; nothing is locked between two of them. */
export const makeEngine = (path: string): Engine & { readonly close: () => Promise<void> } => {
  let opened: Database | undefined

  const database = (): Database => {
    if (opened?.isCurrent() === true) return opened
    const before = opened
    opened = undefined
    before?.close()
    const now = open(path)
    opened = now
    if (before !== undefined) subscriptions.restart()
    return now
  }
  const get = (sql: string, values: Values) => database().db.prepare(sql).get(values)
  const change = (sql: string, values: Values): boolean => Number(database().db.prepare(sql).run(values).changes) > 0

  const subscriptions = makeSubscriptions({
    files: () => database().files,
    stateOf: (key) =>
      JSON.stringify(
        get(
          `select (select version from main.session where key = :key) as version,
                  (select owner from live.lease where key = :key) as owner`,
          { key }
        )
      )
  })

  /** Takes out the holders that have gone, one way or another, and says whether any is left. */
  const isHeld = ({ db, member }: Database, key: string, leaving: string): boolean => {
    const rows = db.prepare("select holder, until, member from live.holder where key = ?").all(key)
    const gone = rows.filter(
      (row) => row.holder === leaving || Number(row.until) <= now() || !member.isAlive(String(row.member))
    )
    const remove = db.prepare("delete from live.holder where key = ? and holder = ?")
    for (const row of gone) remove.run(key, String(row.holder))
    return gone.length < rows.length
  }

  const leave = (at: Database, key: string, holder: string, end: Stored | undefined) => {
    if (isHeld(at, key, holder)) return "held"
    if (end === undefined) return "left"
    return Number(at.db.prepare(WRITE).run({ key, version: end.version, record: end.text }).changes) > 0
      ? "left"
      : "changed"
  }

  return {
    read: async (key) => {
      const row = get(
        `select coalesce(version, 0) as version, coalesce(record, '') as record, unixepoch('subsec') * 1000 as now
         from (select :key as asked) left join main.session on key = asked`,
        { key }
      )
      return { version: Number(row?.version), text: String(row?.record), now: Number(row?.now) }
    },
    write: async (key, { text, version }) => change(WRITE, { key, version, record: text }),
    acquire: async (key, owner, ttl) => {
      const { member } = database()
      const seen = get("select owner, until, member from live.lease where key = :key", { key })
      const until = Number(seen?.until ?? 0)
      // The kernel knows at once that an owner has died; the deadline is for one that hangs.
      if (seen && seen.owner !== owner && until > now() && member.isAlive(String(seen.member))) return false
      return change(
        `insert into live.lease (key, owner, until, member) values (:key, :owner, :end, :member)
         on conflict (key) do update set owner = :owner, until = :end, member = :member
         where owner = :owner or (owner = :seen and until = :until)`,
        { key, owner, end: now() + ttl, member: member.id, seen: String(seen?.owner ?? ""), until }
      )
    },
    release: async (key, owner) =>
      void change("delete from live.lease where key = :key and owner = :owner", { key, owner }),
    subscribe: async (key, wake) => subscriptions.add(key, wake),
    hold: async (key, holder, ttl) =>
      void change(
        "insert or replace into live.holder (key, holder, until, member) values (:key, :holder, :until, :member)",
        {
          key,
          holder,
          until: now() + ttl,
          member: database().member.id
        }
      ),
    leave: async (key, holder, end) => {
      const at = database()
      at.db.exec("begin immediate")
      try {
        const outcome = leave(at, key, holder, end)
        at.db.exec("commit")
        return outcome
      } catch (error) {
        if (at.db.isTransaction) at.db.exec("rollback")
        throw error
      }
    },
    list: async () => {
      const { db, member } = database()
      const at = now()
      const isLive = ({ member: owner, until }: Record<string, unknown>) =>
        Number(until) > at && member.isAlive(String(owner))
      const leases = db.prepare("select key, until, member from live.lease").all().filter(isLive)
      const holders = db.prepare("select key, until, member from live.holder").all().filter(isLive)
      return db
        .prepare("select key from main.session order by key")
        .all()
        .map((row) => ({
          key: String(row.key),
          holders: holders.filter(({ key }) => key === row.key).length,
          leased: Math.max(0, Number(leases.find(({ key }) => key === row.key)?.until ?? at) - at)
        }))
    },
    close: async () => {
      subscriptions.stop()
      opened?.close()
      opened = undefined
    }
  }
}
