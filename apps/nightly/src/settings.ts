/** Where to go and with which credentials: the environment says it, or nothing does and the demo's simulator serves. */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { listen } from "./demo.ts"
import { SettingsInvalid } from "./failure.ts"
import type { Entry } from "./timeline.ts"

/** The demo, as far as the rest of the run hears of it. */
export interface Demo {
  /** What was done to the simulator, for people to read. */
  readonly told: string
  /** Hears of the session's life. */
  readonly onEntry: (entry: Entry) => void
}

export interface Settings {
  readonly url: string
  readonly login: string
  readonly password: Redacted.Redacted<string>
  /** Set when the service is the simulator. */
  readonly demo: Demo | undefined
}

const names = ["BENCH_URL", "BENCH_LOGIN", "BENCH_PASSWORD"] as const

/** Reads the three variables: all of them or none. */
const fromEnvironment = Effect.gen(function* () {
  const values = yield* Effect.forEach(names, (name) =>
    Effect.orElseSucceed(Config.option(Config.Redacted(name)), Option.none)
  )
  const given = values.map((value) => Option.match(value, { onNone: () => "", onSome: Redacted.value }))
  const missing = names.filter((_, i) => given[i]?.trim() === "")
  if (missing.length === names.length) return undefined
  if (missing.length > 0) {
    return yield* new SettingsInvalid({
      message: `${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} not set. Set all of ${names.join(", ")} to use a real Bench, or none of them for the demo.`
    })
  }
  const [url = "", login = "", password = ""] = given
  if (!URL.canParse(url)) {
    return yield* new SettingsInvalid({
      message: "BENCH_URL is not an absolute URL. Set it to one such as https://bench.gobridgit.com."
    })
  }
  return { url, login, password: Redacted.make(password, { label: "BENCH_PASSWORD" }), demo: undefined }
})

/** The service, and its layer: in the demo it holds the simulator. */
export class SettingsService extends Context.Service<SettingsService, Settings>()("nightly/Settings") {
  static readonly layer = Layer.effect(
    SettingsService,
    Effect.flatMap(fromEnvironment, (found) => (found === undefined ? listen : Effect.succeed(found)))
  )
}
