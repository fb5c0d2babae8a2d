/** Whether a backup holds what it should. */
import { openAsBlob } from "node:fs"
import { BlobReader, configure, TextWriter, ZipReader } from "@zip.js/zip.js"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

// Workers are for pages that must stay responsive.
configure({ useWebWorkers: false })

/** The zip cannot be trusted: it is cut off, or some of it does not match its checksum. */
export class BackupDamaged extends Data.TaggedError("BackupDamaged")<{ readonly message: string }> {}

/**
 * Reads every file of the zip to its end, against its checksum, and looks for `<mount point>.json` of each tool.
 *
 * @returns the mount points that are missing: Allura leaves a tool that it could not export out without a word
 */
export const verify = (
  file: string,
  mountPoints: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, BackupDamaged> =>
  Effect.tryPromise({
    try: async () => {
      const zip = new ZipReader(new BlobReader(await openAsBlob(file)), { checkCrc32: true })
      try {
        const found = new Set<string>()
        for (const entry of await zip.getEntries()) {
          if (entry.directory) continue
          const text = await entry.getData(new TextWriter())
          if (entry.filename.endsWith(".json")) JSON.parse(text)
          found.add(entry.filename)
        }
        return mountPoints.filter((mountPoint) => !found.has(`${mountPoint}.json`))
      } finally {
        await zip.close()
      }
    },
    catch: () =>
      new BackupDamaged({
        message: "The zip is cut off or damaged. It was removed; the next run makes a new one."
      })
  })
