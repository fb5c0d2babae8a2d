import type { Failure } from "@keyturn/auth/TextStore"

/** The file cannot be used as it is; the message says what to do. */
export class Refused extends Error {}

/** SQLite's primary result codes (https://sqlite.org/rescode.html), as far as there is something to say about them. */
const codes: Readonly<Record<number, readonly [what: string, passing: boolean]>> = {
  3: ["may not be read or written. Check the permissions of the file and its folder.", false],
  5: ["has been locked by other processes all the time. Look for one that hangs.", true],
  6: ["has been locked by another connection all the time.", true],
  8: ["is read-only. Check the permissions of the file and its folder, and how the volume is mounted.", false],
  10: ["could not be read or written: the disk reported an error.", true],
  11: ["is damaged. Delete it; everybody signs in again.", false],
  13: ["could not be written: the disk is full.", false],
  14: ["could not be opened. Check the permissions of the file and its folder.", false],
  26: ["is not an SQLite database. Choose another path.", false]
}

/** Explains what went wrong with the file at `path`. */
export const judge =
  (path: string) =>
  (error: unknown): Failure => {
    if (error instanceof Refused) return { message: error.message, passing: false }
    const { code, errcode } = error as { readonly code?: string; readonly errcode?: number }
    const known = code === "ERR_SQLITE_ERROR" && errcode !== undefined ? codes[errcode & 0xff] : undefined
    if (known !== undefined) return { message: `${path} ${known[0]} (SQLite ${errcode})`, passing: known[1] }
    return {
      message: `${path} cannot be used (${code ?? (error instanceof Error ? error.name : typeof error)}${errcode === undefined ? "" : ` ${errcode}`}). Check the path, and the permissions of the file and its folder.`,
      passing: false
    }
  }
