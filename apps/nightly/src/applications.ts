/** Our own list of applications at Bits: a JSON file that other programs of ours write to as well. */
import { readFile, rename, writeFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import { systemCause, TaskFailed } from "./failure.ts"

/** An application, as the list has it. What else an entry holds is left as it is. */
export interface Known {
  readonly id: string
  /** When it was made, RFC 3339. */
  readonly since: string
  readonly status: string
}

/** After these nothing more happens. A status that is not known counts as undecided. */
const decided = new Set(["APPROVED", "DECLINED", "FAILED", "CANCELLED"])

/** Whether nothing more will happen. */
export const isDecided = (status: string): boolean => decided.has(status)

const isKnown = (entry: unknown): entry is Known => {
  const { id, since, status } = (entry ?? {}) as Partial<Record<keyof Known, unknown>>
  return (
    typeof id === "string" &&
    typeof status === "string" &&
    typeof since === "string" &&
    !Number.isNaN(Date.parse(since))
  )
}

/** Reads the list. */
export const readApplications = (file: string): Effect.Effect<ReadonlyArray<Known>, TaskFailed> =>
  Effect.gen(function* () {
    const text = yield* Effect.tryPromise({
      try: () => readFile(file, "utf8"),
      catch: (error) =>
        new TaskFailed({ message: `${file} cannot be read: ${systemCause(error)}. Check BITS_APPLICATIONS.` })
    })
    const wrong = (why: string) =>
      new TaskFailed({ message: `${file} is not a list of { "id", "since", "status" }: ${why}. Correct it.` })
    const entries = yield* Effect.try({ try: (): unknown => JSON.parse(text), catch: () => wrong("it is not JSON") })
    if (!Array.isArray(entries)) return yield* wrong("it is no array")
    const bad = entries.findIndex((entry) => !isKnown(entry))
    if (bad >= 0) return yield* wrong(`entry ${bad + 1} has not all three, or its time is none`)
    return entries as ReadonlyArray<Known>
  })

/** Writes what is now known of each application into the list: read anew, and replaced in one step. */
export const updateApplications = (
  file: string,
  statuses: ReadonlyMap<string, string>
): Effect.Effect<void, TaskFailed> =>
  Effect.gen(function* () {
    const list = yield* readApplications(file)
    const next = list.map((entry) => ({ ...entry, status: statuses.get(entry.id) ?? entry.status }))
    if (next.every(({ status }, i) => status === list[i]?.status)) return
    yield* Effect.tryPromise({
      try: async () => {
        await writeFile(`${file}.part`, `${JSON.stringify(next, null, 2)}\n`)
        await rename(`${file}.part`, file)
      },
      catch: (error) => new TaskFailed({ message: `${file} cannot be brought up to date: ${systemCause(error)}.` })
    })
  })
