/**
 * How far a run came. Each piece of work that is done is written down, so that the run after one that was killed goes on
 * where that one was, under the same name. A run that wrote its report leaves no journal.
 */
import { createHash } from "node:crypto"
import { mkdirSync } from "node:fs"
import { readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { deserialize, serialize } from "node:v8"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { StateUnusable, systemCause } from "./failure.ts"
import { State } from "./state.ts"

/** What is older than this, in milliseconds, is read anew. */
const FRESH = 6 * 3_600_000

interface Head {
  readonly id: string
  readonly startedAt: number
  /** A hash of what the run was about: another run's work is of no use. */
  readonly about: string
}

export interface Journal {
  readonly id: string
  /** When the run began that this one goes on with. */
  readonly startedAt: number
  readonly resumed: boolean
  /** Gives what was done before, or does it and writes it down. */
  readonly once: <A, E, R>(what: readonly unknown[], work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** The run is over. */
  readonly clear: Effect.Effect<void>
}

const hash = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32)

/** Opens the journal of a run that was stopped, or a new one. */
export const openJournal = (about: unknown): Effect.Effect<Journal, StateUnusable, State> =>
  Effect.gen(function* () {
    const state = yield* State
    const folder = join(state.folder, "journal")
    const now = yield* Clock.currentTimeMillis
    const before = yield* state.read<Head>("run")
    const resumed = before !== undefined && before.about === hash(about) && now - before.startedAt < FRESH
    const head = resumed ? before : { id: new Date(now).toISOString(), startedAt: now, about: hash(about) }
    const usable = <A>(work: () => Promise<A>) =>
      Effect.tryPromise({
        try: work,
        catch: (error) =>
          new StateUnusable({
            message: `The state cannot be kept in ${state.folder}: ${systemCause(error)}. Set NIGHTLY_STATE to another folder.`
          })
      })
    if (!resumed) {
      yield* usable(() => rm(folder, { recursive: true, force: true }))
      yield* Effect.mapError(state.write("run", head), ({ message }) => new StateUnusable({ message }))
    }
    yield* usable(async () => mkdirSync(folder, { recursive: true }))

    const once = <A, E, R>(what: readonly unknown[], work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.gen(function* () {
        const file = join(folder, hash(what))
        const found = yield* Effect.promise(() =>
          readFile(file).then(
            (bytes) => ({ value: deserialize(bytes) as A }),
            () => undefined
          )
        ).pipe(Effect.catchDefect(() => Effect.succeed(undefined)))
        if (found !== undefined) return found.value
        const value = yield* work
        // A journal that cannot be written costs the next run some work, and this one nothing.
        yield* Effect.ignore(
          Effect.tryPromise(async () => {
            await writeFile(`${file}.part`, serialize(value))
            await rename(`${file}.part`, file)
          })
        )
        return value
      })

    return {
      ...head,
      resumed,
      once,
      clear: Effect.andThen(
        state.remove("run"),
        Effect.promise(() => rm(folder, { recursive: true, force: true }))
      )
    }
  })
