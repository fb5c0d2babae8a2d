/**
 * Whether a process is alive, told by the kernel: each open store holds an SQLite lock on a file of its own, which ends
 * with the process however it ends. Process ids would not do: they are used again, and mean nothing in another container.
 */
import { randomBytes } from "node:crypto"
import { existsSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

/** An exclusive lock on a file, or `undefined` while somebody else has it. The file itself stays empty. */
export const tryLock = (path: string): DatabaseSync | undefined => {
  const db = new DatabaseSync(path, { timeout: 0 })
  try {
    db.exec("begin immediate")
    return db
  } catch (error) {
    db.close()
    if (((error as { readonly errcode?: number }).errcode ?? 0) % 256 === 5) return undefined
    throw error
  }
}

/** This store among those that have the same file open. */
export interface Member {
  readonly id: string
  /** Whether the store with this id is still open in a living process. An id is never used twice. */
  readonly isAlive: (id: string) => boolean
  /** Whether nobody else had the file open when this one joined. */
  readonly wasFirst: boolean
  readonly leave: () => void
}

const SUFFIX = ".alive"

/** Joins those who share `folder`. Only under a lock that keeps others from joining at the same time. */
export const joinMembers = (folder: string): Member => {
  const pathOf = (id: string) => join(folder, `${id}${SUFFIX}`)
  const isAlive = (other: string): boolean => {
    if (!/^[0-9a-f]+$/.test(other) || !existsSync(pathOf(other))) return false
    const lock = tryLock(pathOf(other))
    if (lock === undefined) return true
    rmSync(pathOf(other), { force: true })
    lock.close()
    return false
  }
  const others = readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
  const wasFirst = others.filter(isAlive).length === 0
  const id = randomBytes(12).toString("hex")
  const lock = tryLock(pathOf(id))
  if (lock === undefined) throw new Error("A lock file of a new name is locked.")
  return {
    id,
    isAlive: (other) => other === id || isAlive(other),
    wasFirst,
    leave: () => {
      rmSync(pathOf(id), { force: true })
      lock.close()
    }
  }
}
