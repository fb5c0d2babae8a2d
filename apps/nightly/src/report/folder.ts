/**
 * The folder that reports go to. Each report has a folder of its own, and `latest` is a link to the newest: it is written
 * beside the others first, and the link is moved to it in one step. Whoever looks sees the old report or the new one, whole.
 */
import { randomUUID } from "node:crypto"
import { lstat, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { OutputUnwritable, systemCause } from "../failure.ts"

/** A folder that can be written to. */
export interface Folder {
  /**
   * Writes a report and makes it the latest; keeps so many of them in all. Gives the paths of the files.
   *
   * @param name of the report's own folder: names sort by time
   */
  readonly publish: (
    name: string,
    files: Readonly<Record<string, string>>,
    keep: number
  ) => Effect.Effect<ReadonlyArray<string>, OutputUnwritable>
}

/** A report's own folder: `2026-11-21T10-30-00-000Z`. */
const ours = /^\d{4}-\d\d-\d\dT[\d-]+Z$/

/** The name of the report of an instant, in milliseconds since the epoch. */
export const nameAt = (at: number): string => new Date(at).toISOString().replace(/[:.]/g, "-")

const link = async (target: string, folder: string): Promise<void> => {
  const latest = join(folder, "latest")
  const next = join(folder, `.latest-${randomUUID()}`)
  try {
    // Windows has links to folders that everybody may make; they cannot be replaced in one step.
    await symlink(process.platform === "win32" ? join(folder, target) : target, next, "junction")
    if (process.platform === "win32") await rm(latest, { force: true })
    await rename(next, latest)
  } catch (error) {
    await rm(next, { force: true })
    throw error
  }
}

/** What a killed run left behind in the moment of publishing goes after so many milliseconds. */
const LEFTOVER = 600_000

const sweep = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    if (!/^\.(new|latest)-[0-9a-f-]{36}$/.test(name)) continue
    const path = join(folder, name)
    const { mtimeMs } = await lstat(path)
    if (Date.now() - mtimeMs > LEFTOVER) await rm(path, { recursive: true, force: true })
  }
}

/** A folder of its own to write to; the end of the work removes it, unless it was moved away. */
const staged = async <A>(folder: string, work: (staging: string) => Promise<A>): Promise<A> => {
  const staging = join(folder, `.new-${randomUUID()}`)
  try {
    await mkdir(staging)
    return await work(staging)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/**
 * Opens the folder, made if it is not there. Fails with `OutputUnwritable` before any work is done when it cannot be
 * written to.
 */
export const open = (path: string): Effect.Effect<Folder, OutputUnwritable> => {
  const folder = resolve(path)
  const attempt = <A>(work: () => Promise<A>) =>
    Effect.tryPromise({
      try: work,
      catch: (error) =>
        new OutputUnwritable({
          message: `The report cannot be written to ${folder}: ${systemCause(error)}. Give another folder with --out.`
        })
    })
  return Effect.gen(function* () {
    const latest = yield* attempt(async () => {
      await mkdir(folder, { recursive: true })
      await sweep(folder)
      await staged(folder, async () => {})
      return lstat(join(folder, "latest")).catch(() => undefined)
    })
    if (latest !== undefined && !latest.isSymbolicLink()) {
      return yield* new OutputUnwritable({
        message: `The report cannot be written to ${folder}: latest is there and is no link of ours. Move it away, or give another folder with --out.`
      })
    }
    return {
      publish: (name, files, keep) =>
        attempt(() =>
          staged(folder, async (staging) => {
            const own = join(folder, name)
            for (const [file, text] of Object.entries(files)) {
              await writeFile(join(staging, file), text, { flush: true })
            }
            await rename(staging, own)
            try {
              await link(name, folder)
            } catch (error) {
              await rm(own, { recursive: true, force: true })
              throw error
            }
            const old = (await readdir(folder)).filter((entry) => ours.test(entry)).sort()
            for (const entry of old.slice(0, -keep)) await rm(join(folder, entry), { recursive: true, force: true })
            return Object.keys(files).map((file) => join(folder, "latest", file))
          })
        ).pipe(Effect.uninterruptible)
    }
  })
}
