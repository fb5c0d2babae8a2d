/** The copies of a project that are kept, and how a new one comes home. */
import { execFile } from "node:child_process"
import { copyFile, mkdir, readdir, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { systemCause } from "../failure.ts"
import type { Copy } from "../report/report.ts"

/** A copy could not be fetched or kept. */
export class CopyFailed extends Data.TaggedError("CopyFailed")<{ readonly message: string }> {}

const attempt = <A>(what: string, cure: string, work: (signal: AbortSignal) => Promise<A>) =>
  Effect.tryPromise({
    try: work,
    catch: (error) => new CopyFailed({ message: `${what}: ${systemCause(error)}. ${cure}` })
  })

/** What a finished export is called while it is not known to be whole. */
const partOf = (folder: string, filename: string): string => join(folder, `.${filename}.part`)

/**
 * Fetches an export to the folder of copies, under a name that says that it is not whole yet.
 *
 * @param exports a folder, or `[user@]host:path` for `scp`, below which the site keeps `<project>/<filename>`
 */
export const fetchCopy = (exports: string, project: string, filename: string, folder: string) =>
  attempt(
    `The export ${filename} cannot be fetched from ${exports}`,
    "Check ALLURA_EXPORTS, and whether the export succeeded on the site.",
    async (signal) => {
      await mkdir(folder, { recursive: true })
      const part = partOf(folder, filename)
      // As scp does, a colon before any slash means another machine; a single letter before it is a drive of Windows.
      if (/^[^/\\]{2,}:/.test(exports)) {
        await new Promise<void>((resolve, reject) =>
          execFile("scp", ["-q", "-B", `${exports}/${project}/${filename}`, part], { signal }, (error, _, said) =>
            error === null ? resolve() : reject(new Error(`scp said: ${said.trim().split("\n").at(-1) || error.code}`))
          )
        )
      } else {
        await copyFile(join(exports, project, filename), part)
      }
      return part
    }
  )

/** The whole copies of a project, the newest first: their names hold the time. */
export const listCopies = (project: string, folder: string) =>
  attempt(`The copies in ${folder} cannot be listed`, "Check NIGHTLY_BACKUPS.", async () => {
    const names = await readdir(folder).catch((error) => {
      if (error.code === "ENOENT") return []
      throw error
    })
    const own = names.filter((name) => name.startsWith(`${project}-backup-`) && name.endsWith(".zip"))
    return Promise.all(
      own
        .sort()
        .reverse()
        .map(async (name): Promise<Copy> => {
          const file = join(folder, name)
          const { mtime, size } = await stat(file)
          return { file, bytes: size, at: mtime.toISOString() }
        })
    )
  })

/** Removes what is more than `keep` copies, and what earlier runs did not finish. Gives the copies that were removed. */
export const rotate = (project: string, folder: string, keep: number) =>
  Effect.flatMap(listCopies(project, folder), (copies) =>
    attempt(`Old copies in ${folder} cannot be removed`, "Check NIGHTLY_BACKUPS.", async () => {
      const old = copies.slice(keep).map(({ file }) => file)
      const parts = (await readdir(folder)).filter((name) => name.startsWith(`.${project}-backup-`))
      for (const file of [...old, ...parts.map((name) => join(folder, name))]) await rm(file, { force: true })
      return old
    })
  )
