/**
 * The folder that the report goes to. Files are written beside their places first and moved there together at the end, so
 * that a run which ends early changes nothing.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { OutputUnwritable } from "../failure.ts"

const causes: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EROFS: "the file system is read-only",
  EACCES: "access is denied",
  EPERM: "access is denied",
  ENOTDIR: "a part of the path is a file",
  EEXIST: "there is a file of that name"
}

const unwritable = (folder: string) => (error: PlatformError) => {
  const { cause } = error.reason as { readonly cause?: { readonly code?: string } }
  const why = causes[cause?.code ?? ""] ?? cause?.code ?? error.reason._tag
  return new OutputUnwritable({
    message: `The report cannot be written to ${folder}: ${why}. Give another folder with --out.`
  })
}

/**
 * Opens the folder, made if it is not there, for as long as the scope is open. Fails with `OutputUnwritable` before any
 * work is done when it cannot be written to.
 */
export const open = (folder: string, names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const target = path.resolve(folder)
    const placeOf = (name: string) => path.join(target, name)
    const orUnwritable = Effect.mapError(unwritable(target))

    yield* orUnwritable(fs.makeDirectory(target, { recursive: true }))
    const staging = yield* orUnwritable(fs.makeTempDirectoryScoped({ directory: target, prefix: ".nightly-" }))
    const existing = new Set<string>()
    for (const name of names) {
      const found = yield* Effect.option(fs.stat(placeOf(name)))
      if (found._tag === "None") continue
      if (found.value.type !== "File") {
        return yield* new OutputUnwritable({
          message: `The report cannot be written to ${target}: ${name} is there and is not a file. Move it away, or give another folder with --out.`
        })
      }
      existing.add(name)
    }

    /** Moves the new files to their places; when one cannot be, puts back what was there. */
    const exchange = Effect.gen(function* () {
      const moved: Array<string> = []
      const backup = (name: string) => path.join(staging, `${name}.before`)
      for (const name of existing) yield* fs.copyFile(placeOf(name), backup(name))
      yield* Effect.forEach(
        names,
        (name) =>
          Effect.andThen(fs.rename(path.join(staging, name), placeOf(name)), () => Effect.sync(() => moved.push(name))),
        { discard: true }
      ).pipe(
        Effect.tapError(() =>
          Effect.forEach(moved, (name) =>
            Effect.ignore(existing.has(name) ? fs.rename(backup(name), placeOf(name)) : fs.remove(placeOf(name)))
          )
        )
      )
    }).pipe(Effect.uninterruptible)

    return {
      /** Writes all the files, or none. Gives the paths. */
      publish: (files: Readonly<Record<string, string>>): Effect.Effect<ReadonlyArray<string>, OutputUnwritable> =>
        Effect.gen(function* () {
          for (const name of names) yield* fs.writeFileString(path.join(staging, name), files[name] ?? "")
          yield* exchange
          return names.map(placeOf)
        }).pipe(orUnwritable)
    }
  })
