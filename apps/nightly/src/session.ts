/** The signed-in Bench of a run, and the timeline of its session. */
import { contract } from "@keyturn/bench"
import { Client } from "@keyturn/client/effect"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SettingsService } from "./settings.ts"
import { type Entry, recorder } from "./timeline.ts"

/** Bench, signed in. */
export class Bench extends Client.Service<Bench>()("nightly/Bench", contract) {}

/** What the session of this run went through so far. It outlives the session, to tell of its end. */
export class Timeline extends Context.Service<
  Timeline,
  { readonly entries: ReadonlyArray<Entry>; readonly record: ReturnType<typeof recorder>["record"] }
>()("nightly/Timeline") {
  static readonly layer = Layer.effect(
    Timeline,
    Effect.gen(function* () {
      const { demo } = yield* SettingsService
      const runFork = Effect.runForkWith(yield* Effect.context())
      return recorder((entry) => {
        demo?.onEntry(entry)
        runFork(Effect.logDebug(`session: ${entry.text}`))
      })
    })
  )
}

/** Signs in when it is built and out when its scope ends, however that comes. */
export const sessionLayer = Layer.unwrap(
  Effect.gen(function* () {
    const { login, password, url } = yield* SettingsService
    const { record } = yield* Timeline
    return Bench.layer({ baseUrl: url, credentials: { login, password }, onEvent: record })
  })
)
