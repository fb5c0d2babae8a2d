/** The folder that keeps what must outlive a run: sessions, what was begun elsewhere, and how far a run came. */
import { mkdirSync, readFileSync } from "node:fs"
import { readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AlreadyRunning, StateUnusable, systemCause, TaskFailed } from "./failure.ts"
import { SettingsService } from "./settings.ts"

const unusable = (folder: string) => (error: unknown) =>
  new StateUnusable({
    message: `The state cannot be kept in ${folder}: ${systemCause(error)}. Set NIGHTLY_STATE to another folder.`
  })

/** Notes by name. One that is half written, which a full disk or a kill may leave, is as if it were not there. */
export class State extends Context.Service<
  State,
  {
    readonly folder: string
    readonly read: <A>(name: string) => Effect.Effect<A | undefined>
    readonly write: (name: string, value: unknown) => Effect.Effect<void, TaskFailed>
    readonly remove: (name: string) => Effect.Effect<void>
  }
>()("nightly/State") {
  static readonly layer = Layer.effect(
    State,
    Effect.gen(function* () {
      const { state: folder } = yield* SettingsService
      // What was read is kept here for a while: it is nobody else's.
      yield* Effect.try({ try: () => mkdirSync(folder, { recursive: true, mode: 0o700 }), catch: unusable(folder) })
      const place = (name: string) => join(folder, `${name}.json`)
      return {
        folder,
        read: <A>(name: string) =>
          Effect.promise(() =>
            readFile(place(name), "utf8").then(
              (text) => JSON.parse(text) as A,
              () => undefined
            )
          ).pipe(Effect.catchDefect(() => Effect.succeed(undefined))),
        write: (name, value) =>
          Effect.tryPromise({
            try: async () => {
              const part = `${place(name)}.${process.pid}`
              await writeFile(part, JSON.stringify(value))
              await rename(part, place(name))
            },
            catch: (error) => new TaskFailed({ message: unusable(folder)(error).message })
          }),
        remove: (name) => Effect.promise(() => rm(place(name), { force: true }))
      }
    })
  )
}

/**
 * Keeps other runs away from this state while the scope is open. The lock is one of SQLite's, which the kernel gives back
 * however a process ends: a run that was killed keeps nobody waiting.
 */
export const lock = Effect.gen(function* () {
  const { folder } = yield* State
  const who = join(folder, "run.pid")
  yield* Effect.acquireRelease(
    Effect.try({
      try: () => {
        const database = new DatabaseSync(join(folder, "run.lock"), { timeout: 0 })
        try {
          database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
          return database
        } catch (error) {
          database.close()
          throw error
        }
      },
      catch: (error) => {
        const { errcode } = error as { readonly errcode?: number }
        // SQLITE_BUSY and its extensions.
        if (errcode !== undefined && (errcode & 0xff) === 5) return new AlreadyRunning({ message: runningNow(who) })
        return unusable(folder)(error)
      }
    }),
    (database) => Effect.sync(() => database.close())
  )
  yield* Effect.tryPromise({
    try: () => writeFile(who, `${process.pid} since ${new Date().toISOString()}`),
    catch: unusable(folder)
  })
})

const runningNow = (who: string): string => {
  let said = ""
  try {
    said = ` (process ${readFileSync(who, "utf8")})`
  } catch {
    // It has just begun.
  }
  return `Another run is under way${said}. Wait until it is done, or give this one another NIGHTLY_STATE.`
}
