/** Who does the work of a run: this process alone, or several that share it. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { TaskFailed } from "./failure.ts"
import type { Journal } from "./journal.ts"
import type { Sessions } from "./sessions.ts"
import type { SettingsService } from "./settings.ts"
import type { State } from "./state.ts"
import { type Input, makePerform, type Output, type TaskName, type Tell } from "./tasks.ts"

export class Pool extends Context.Service<
  Pool,
  {
    /** How many processes share the work. */
    readonly size: number
    readonly perform: <K extends TaskName>(name: K, input: Input<K>, tell: Tell) => Effect.Effect<Output<K>, TaskFailed>
  }
>()("nightly/Pool") {
  /** This process alone. */
  static readonly here = Layer.effect(
    Pool,
    Effect.gen(function* () {
      const context = yield* Effect.context<Sessions | SettingsService | State>()
      const perform = makePerform(1)
      return { size: 1, perform: (name, input, tell) => Effect.provide(perform(name, input, tell), context) }
    })
  )
}

/** The same, but what the journal has is not done again. */
export const journaled = (
  pool: Context.Service.Shape<typeof Pool>,
  journal: Journal
): Context.Service.Shape<typeof Pool> => ({
  size: pool.size,
  perform: (name, input, tell) => journal.once([name, input], pool.perform(name, input, tell))
})
