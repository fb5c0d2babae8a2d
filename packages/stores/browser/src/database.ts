import { Contended, Denied, nameOf, Refused } from "./failure.ts"
import { empty, type Outcome, type State } from "./state.ts"

/** The page's database, opened at the first use, and again when the browser has closed it. */
export interface Database {
  /** Rejects with `Denied` or `Refused`, or with what `judge` explains. */
  readonly open: () => Promise<IDBDatabase>
  /** What is kept of a session. */
  readonly read: (key: string) => Promise<State>
  /** Does one atomic step. One that is `durable` is on the disk when it ends (T22). */
  readonly update: <A>(key: string, durable: boolean, step: (state: State) => Outcome<A>) => Promise<A>
  readonly close: () => void
}

/** A session as a row: each change is a row of the next number, and takes the place of those before. */
interface Row extends State {
  readonly key: string
  readonly number: number
}

const LAYOUT = 1
const SESSION = "session"

/** For how long a step is tried while others keep coming first, in milliseconds. */
const TRYING = 2000

const openDatabase = (name: string): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    // Where storage is denied even looking at it may throw.
    const request = globalThis.indexedDB.open(name, LAYOUT)
    request.onupgradeneeded = () => request.result.createObjectStore(SESSION, { keyPath: ["key", "number"] })
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

const explain = (error: unknown, name: string): Error =>
  nameOf(error) === "VersionError"
    ? new Refused(`The database ${name} was made by a newer version of @keyturn/store-browser. Reload this page.`)
    : new Denied(nameOf(error))

/**
 * Does one transaction. All its requests are made at once and it is told to commit at once, so that the browser ends it without
 * asking again: a tab that is frozen, paused or killed at any instant leaves no transaction open for others to wait for.
 */
const transact = <A>(
  db: IDBDatabase,
  mode: IDBTransactionMode,
  durable: boolean,
  ask: (rows: IDBObjectStore) => IDBRequest<A>
): Promise<A> =>
  new Promise((resolve, reject) => {
    const transaction = db.transaction(SESSION, mode, { durability: durable ? "strict" : "relaxed" })
    const request = ask(transaction.objectStore(SESSION))
    transaction.oncomplete = () => resolve(request.result)
    transaction.onabort = () => reject(transaction.error ?? new DOMException("", "AbortError"))
    transaction.commit()
  })

const rowsOf = (key: string, last: number | [] = []) => IDBKeyRange.bound([key], [key, last])
const newest = (rows: ReadonlyArray<unknown>) => rows.at(-1) as Row | undefined

const readRow = async (db: IDBDatabase, key: string): Promise<Row> =>
  newest(await transact(db, "readonly", false, (rows) => rows.getAll(rowsOf(key)))) ?? { key, number: 0, ...empty }

/**
 * Puts `next` in the place of `seen`, and says whether that was the newest: `add` fails when somebody has added that number,
 * and the rows found in the same transaction show when somebody has come further still. What a latecomer then added is below
 * the newest, where nobody looks, and goes with the next change.
 */
const swap = async (db: IDBDatabase, seen: Row, next: State, durable: boolean): Promise<boolean> => {
  try {
    const before = await transact(db, "readwrite", durable, (rows) => {
      const found = rows.getAll(rowsOf(seen.key))
      rows.add({ ...next, key: seen.key, number: seen.number + 1 } satisfies Row)
      rows.delete(rowsOf(seen.key, seen.number))
      return found
    })
    return (newest(before)?.number ?? 0) === seen.number
  } catch (error) {
    if (nameOf(error) === "ConstraintError") return false
    throw error
  }
}

/** The database of this name, not yet open. */
export const makeDatabase = (name: string): Database => {
  let opening: Promise<IDBDatabase> | undefined

  const open = (): Promise<IDBDatabase> => {
    if (opening !== undefined) return opening
    const forget = () => {
      if (opening === mine) opening = undefined
    }
    const mine = openDatabase(name).then(
      (db) => {
        // A newer version of the page, or a person who deletes the site's data, must not be kept waiting.
        db.onversionchange = () => {
          forget()
          db.close()
        }
        db.onclose = forget
        return db
      },
      (error) => {
        forget()
        throw explain(error, name)
      }
    )
    opening = mine
    return mine
  }

  return {
    open,
    read: async (key) => readRow(await open(), key),
    update: async (key, durable, step) => {
      const db = await open()
      const until = performance.now() + TRYING
      do {
        const seen = await readRow(db, key)
        const { answer, next } = step(seen)
        if (next === undefined || (await swap(db, seen, next, durable))) return answer
      } while (performance.now() < until)
      throw new Contended("Other tabs kept changing the stored session.")
    },
    close: () => {
      opening?.then(
        (db) => db.close(),
        () => {}
      )
      opening = undefined
    }
  }
}
