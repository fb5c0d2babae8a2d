/**
 * Puts generated files in place together: all of them, or none.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { basename, dirname, join } from "node:path"

/** A file to write: its absolute path and its text. */
export interface OutputFile {
  readonly path: string
  readonly text: string
}

/** A folder or file could not be written; nothing was. */
export class WriteFault extends Error {
  readonly path: string

  constructor(path: string, cause: NodeJS.ErrnoException) {
    super(causes[cause.code ?? ""] ?? cause.message, { cause })
    this.path = path
  }
}

const causes: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOSPC: "no space left on the device",
  ENOTDIR: "a part of this path is a file, not a folder",
  EEXIST: "a file is in the way of this folder",
  EISDIR: "a folder is in the way of this file",
  EROFS: "the file system is read-only"
}

/** The files whose text on disk is another one, or that are missing. */
export const changedFiles = (files: ReadonlyArray<OutputFile>): ReadonlyArray<OutputFile> =>
  files.filter(({ path, text }) => readIfThere(path) !== text)

/** The text of a file, or `undefined` when there is none to read. */
export const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

/**
 * Writes files beside their places first, then renames all of them. It is synchronous on purpose: no signal is handled
 * between the first rename and the last, and when one fails those before it are undone.
 */
export const writeTogether = (files: ReadonlyArray<OutputFile>): void => {
  const staged: Array<{ readonly file: OutputFile; readonly fresh: string; readonly old: string }> = []
  const stages = new Map<string, string>()
  const created: Array<string> = []
  const done: typeof staged = []
  let at = ""
  try {
    for (const [index, file] of files.entries()) {
      at = file.path
      const folder = dirname(file.path)
      let stage = stages.get(folder)
      if (stage === undefined) {
        const first = mkdirSync(folder, { recursive: true })
        if (first !== undefined) created.push(first)
        stage = mkdtempSync(join(folder, ".keyturn-"))
        stages.set(folder, stage)
      }
      const name = `${index}-${basename(file.path)}`
      const staging = { file, fresh: join(stage, name), old: join(stage, `${name}.old`) }
      writeFileSync(staging.fresh, file.text)
      if (existsSync(file.path)) copyFileSync(file.path, staging.old)
      staged.push(staging)
    }
    for (const staging of staged) {
      at = staging.file.path
      renameSync(staging.fresh, staging.file.path)
      done.push(staging)
    }
  } catch (error) {
    for (const { file, old } of done.reverse()) {
      if (existsSync(old)) renameSync(old, file.path)
      else rmSync(file.path, { force: true })
    }
    for (const stage of stages.values()) rmSync(stage, { recursive: true, force: true })
    for (const folder of created.reverse()) rmSync(folder, { recursive: true, force: true })
    throw new WriteFault(at, error as NodeJS.ErrnoException)
  }
  for (const stage of stages.values()) rmSync(stage, { recursive: true, force: true })
}
