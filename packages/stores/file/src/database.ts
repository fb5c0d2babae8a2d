import { existsSync, mkdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { joinMembers, type Member, tryLock } from "./alive.ts"
import { Refused } from "./failure.ts"
import { prepare } from "./location.ts"

/** The store's files, open. */
export interface Database {
  readonly db: DatabaseSync
  readonly member: Member
  /** What changes on disk when a record, a lease or a holder does. */
  readonly files: ReadonlyArray<string>
  /** Whether the paths still lead to the open files: somebody may have deleted or replaced them. */
  readonly isCurrent: () => boolean
  readonly close: () => void
}

/** "Keyt", in the header of every file of ours (https://sqlite.org/fileformat.html#application_id). */
const APPLICATION = 0x4b657974
const LAYOUT = 1
/** How long SQLite itself may wait for a lock, blocking this thread, in milliseconds. Longer waits are ours. */
const BLOCKING = 3

const number = (db: DatabaseSync, sql: string): number => Number(Object.values(db.prepare(sql).get() ?? {})[0])

/**
 * Records are durable: a transaction is on the disk when it ends (T22). The journal is a rollback journal, truncated and
 * synchronised, and not a write-ahead log: writes are few and small, several Node versions may share the file, and
 * SQLite before 3.51.3 can lose a write-ahead log that two processes reset at once.
 */
const prepareRecords = (db: DatabaseSync, path: string): void => {
  db.exec("pragma main.journal_mode = truncate; pragma main.synchronous = full; pragma secure_delete = on")
  const application = number(db, "pragma main.application_id")
  const layout = number(db, "pragma main.user_version")
  if (application === APPLICATION && layout === LAYOUT) return
  if (application === APPLICATION && layout > LAYOUT) {
    throw new Refused(`${path} was made by a newer version of @keyturn/store-file. Upgrade this one.`)
  }
  db.exec("begin immediate")
  try {
    if (number(db, "pragma main.application_id") !== APPLICATION) {
      if (number(db, "select count(*) from main.sqlite_schema") > 0) {
        throw new Refused(`${path} is another program's database. Choose another path.`)
      }
      db.exec(`
        create table main.session (key text primary key, version integer not null, record text not null) strict, without rowid;
        pragma main.application_id = ${APPLICATION};
        pragma main.user_version = ${LAYOUT}`)
    }
    db.exec("commit")
  } catch (error) {
    db.exec("rollback")
    throw error
  }
}

/**
 * Leases and holders mean nothing once the processes are dead, so they need not survive the machine: they are in a file
 * of their own that is never synchronised, and that the first process to come makes anew.
 */
const attachLive = (db: DatabaseSync, path: string, anew: boolean): void => {
  if (anew) for (const file of [path, `${path}-journal`]) rmSync(file, { force: true })
  db.prepare("attach ? as live").run(path)
  db.exec(`
    pragma live.journal_mode = truncate;
    pragma live.synchronous = off;
    create table if not exists live.lease (
      key text primary key, owner text not null, until real not null, member text not null
    ) strict, without rowid;
    create table if not exists live.holder (
      key text not null, holder text not null, until real not null, member text not null, primary key (key, holder)
    ) strict, without rowid`)
}

const identity = (path: string): string => {
  const { dev, ino } = statSync(path, { bigint: true })
  return `${dev}:${ino}`
}

/**
 * Opens the store's files, and makes them if they are missing. Throws `Refused`, or what `judge` explains; a "busy" among
 * that may pass.
 */
export const open = (path: string): Database => {
  const real = prepare(path)
  const folder = `${real}-live`
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 })
  const undo: Array<() => void> = []
  try {
    const mutex = tryLock(join(folder, "open.lock"))
    if (mutex === undefined) throw Object.assign(new Error("busy"), { code: "ERR_SQLITE_ERROR", errcode: 5 })
    undo.push(() => mutex.close())
    const db = new DatabaseSync(real, { timeout: BLOCKING })
    undo.push(() => db.close())
    prepareRecords(db, real)
    const member = joinMembers(folder)
    undo.push(member.leave)
    const live = join(folder, "live.db")
    attachLive(db, live, member.wasFirst)
    mutex.close()
    const files = [real, live]
    const opened = files.map(identity).join()
    return {
      db,
      member,
      files,
      isCurrent: () => {
        try {
          return files.map(identity).join() === opened
        } catch {
          return false
        }
      },
      close: () => {
        db.close()
        member.leave()
      }
    }
  } catch (error) {
    for (const step of undo.reverse()) step()
    throw error
  }
}
