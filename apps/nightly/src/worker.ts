/** One of several processes that share a run. It does what it is told, one thing at a time, until it is told to stop. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { logs } from "./logs.ts"
import { makeRunEvents, RunEventsService } from "./run-events.ts"
import { Sessions } from "./sessions.ts"
import { parse, type Settings, SettingsService } from "./settings.ts"
import { State } from "./state.ts"
import { Store } from "./store.ts"
import { makePerform } from "./tasks.ts"
import { telemetry } from "./telemetry.ts"
import type { Order, Role, Word } from "./workers.ts"

const role = JSON.parse(process.argv[2] ?? "{}") as Role

const say = (word: Word): void => {
  if (process.connected) process.send?.(word)
}

const events = makeRunEvents()
events.listen((event) => say({ _tag: "Event", event }))

// Ctrl-C reaches every process of the terminal; it is the first one that decides what to do about it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {})

const program = Effect.gen(function* () {
  const perform = makePerform(role.size)
  const stopped = yield* Deferred.make<void>()
  // What is under way ends with the program, and before its sessions do.
  const runFork = yield* FiberSet.makeRuntime<Sessions | SettingsService | State>()
  // Without the first process nobody hears what is done here.
  process.once("disconnect", () => Deferred.doneUnsafe(stopped, Effect.void))
  process.on("message", (order: Order) => {
    if (order._tag === "Stop") {
      Deferred.doneUnsafe(stopped, Effect.void)
      return
    }
    runFork(
      Effect.matchCause(
        perform(order.name, order.input, (done, text) => say({ _tag: "Progress", done, text })),
        {
          onSuccess: (value) => say({ _tag: "Done", value }),
          onFailure: (cause) => {
            const failed = cause.reasons.find((reason) => reason._tag === "Fail")
            say({ _tag: "Failed", message: failed?.error.message ?? "Something unexpected went wrong." })
          }
        }
      )
    )
  })
  say({ _tag: "Ready" })
  yield* Deferred.await(stopped)
}).pipe(Effect.scoped)

const settings = Layer.succeed(SettingsService, parse(process.env) as Settings)

await Effect.runPromise(
  program.pipe(
    Effect.provide(Sessions.layer(role)),
    Effect.provide(Layer.mergeAll(Store.layer, State.layer)),
    Effect.provide(Layer.merge(settings, Layer.succeed(RunEventsService, events))),
    Effect.provide(Layer.merge(telemetry(process.env), logs(role.logJson))),
    Effect.provideService(References.MinimumLogLevel, role.logLevel)
  )
).catch(() => {
  process.exitCode = 1
})
if (process.connected) process.disconnect()
