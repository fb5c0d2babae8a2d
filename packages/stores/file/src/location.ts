import { chmodSync, mkdirSync, realpathSync, statfsSync, statSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { basename, dirname, isAbsolute, join, resolve } from "node:path"
import { Refused } from "./failure.ts"
import { untrusted } from "./filesystem.ts"

/**
 * The default file, where each platform keeps what a program remembers: `$XDG_STATE_HOME/keyturn/sessions.db` or
 * `~/.local/state/keyturn/sessions.db`, `~/Library/Application Support/keyturn/sessions.db`,
 * `%LOCALAPPDATA%\keyturn\sessions.db`.
 */
export const defaultPath = (
  platform: NodeJS.Platform = process.platform,
  env: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir()
): string => {
  // The XDG Base Directory Specification says to ignore a relative path.
  const absolute = (path: string | undefined) => (path !== undefined && isAbsolute(path) ? path : undefined)
  const base =
    platform === "darwin"
      ? join(home, "Library", "Application Support")
      : platform === "win32"
        ? (absolute(env.LOCALAPPDATA) ?? join(home, "AppData", "Local"))
        : (absolute(env.XDG_STATE_HOME) ?? join(home, ".local", "state"))
  return join(base, "keyturn", "sessions.db")
}

/**
 * The file itself, behind any symbolic links: its lock lies beside it, so every way to it must lead to the same lock (T14,
 * T21). Folders that are missing are made, for the owner alone.
 */
const resolved = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    const folder = dirname(resolve(path))
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return join(realpathSync(folder), basename(path))
  }
}

/** Closes the file to everybody but its owner. */
const guard = (path: string): void => {
  if (process.platform === "win32") return
  const { mode } = statSync(path)
  if ((mode & 0o077) === 0) return
  try {
    chmodSync(path, 0o600) // some volumes are mounted with their group's rights added
  } catch {
    throw new Refused(
      `${path} can be read by other users and belongs to another one. Give this user a file of its own, or have its owner run: chmod 600 ${path}`
    )
  }
}

/** Makes the file ready to be opened, and gives its real path. Throws `Refused` or the system's error. */
export const prepare = (path: string): string => {
  const real = resolved(path)
  const why = untrusted(dirname(real), statfsSync(dirname(real)).type)
  if (why !== undefined) {
    throw new Refused(
      `${real} lies on ${why}, whose locks cannot be relied on: two machines could renew at once. Choose a path on a local disk, or use @keyturn/store-redis or @keyturn/store-postgres.`
    )
  }
  try {
    // `wx`: a file that is there already is not opened, for closing it would drop this process's locks on it (fcntl(2)).
    writeFileSync(real, "", { flag: "wx", mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
  }
  guard(real)
  return real
}
