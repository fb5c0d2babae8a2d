/** The pieces of work that a run is made of. Any process can do any of them: what they take and give is plain data. */
import * as Effect from "effect/Effect"
import type * as Facts from "./facts.ts"
import { explain, TaskFailed } from "./failure.ts"
import type { AlluraReport, PublishReport } from "./report/report.ts"
import type { Sessions } from "./sessions.ts"
import type { SettingsService } from "./settings.ts"
import type { State } from "./state.ts"
import { backUp } from "./steps/allura.ts"
import { type Items, type List, makeLists, type Part } from "./steps/bench-lists.ts"
import { askFor, type Told } from "./steps/bits.ts"
import { type Publication, put } from "./steps/publish.ts"

/** Every piece of work, by its name: what it takes, and what it gives. */
export interface Tasks {
  readonly "bench.accounts": readonly [{}, ReadonlyArray<Facts.Account>]
  readonly "bench.list": readonly [Part, ReadonlyArray<Items[List]>]
  readonly "allura.backUp": readonly [{}, AlluraReport]
  readonly "bits.ask": readonly [{ readonly ids: ReadonlyArray<string> }, ReadonlyArray<Told>]
  readonly "publish.put": readonly [Publication, PublishReport]
}

export type TaskName = keyof Tasks
export type Input<K extends TaskName> = Tasks[K][0]
export type Output<K extends TaskName> = Tasks[K][1]

/** Told whenever so many more things are done. */
export type Tell = (done: number, text: string) => void

/** Does one piece of work in this process. */
export type Perform = <K extends TaskName>(
  name: K,
  input: Input<K>,
  tell: Tell
) => Effect.Effect<Output<K>, TaskFailed, Sessions | SettingsService | State>

/** The worker of a process, of so many that share the work. */
export const makePerform = (processes: number): Perform => {
  const lists = makeLists(processes)
  const work: {
    readonly [K in TaskName]: (
      input: Input<K>,
      tell: Tell
    ) => Effect.Effect<Output<K>, Error, Sessions | SettingsService | State>
  } = {
    "bench.accounts": (_, tell) => lists.accounts(tell),
    "bench.list": lists.read,
    "allura.backUp": (_, tell) => backUp(tell),
    "bits.ask": askFor,
    "publish.put": put
  }
  return (name, input, tell) =>
    work[name](input, tell).pipe(
      Effect.mapError((error) => (error instanceof TaskFailed ? error : new TaskFailed({ message: explain(error) }))),
      Effect.withSpan(`nightly.${name}`)
    )
}
