/** What comes before a run: the environment, with the demo for what it does not say, read into settings. */
import { join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Demo, startDemo } from "./demo.ts"
import { type DemoUnavailable, SettingsInvalid } from "./failure.ts"
import type { RunEventsService } from "./run-events.ts"
import { type Environment, parse, type Settings, unsaid } from "./settings.ts"

/** A run can begin. */
export interface Prepared {
  readonly settings: Settings
  /** What the settings were read from: for the workers, who read it again. */
  readonly environment: Environment
  /** Set when at least one service is simulated. */
  readonly demo: Demo | undefined
}

/** Reads the environment, and starts simulators for the services of which it says nothing. */
export const prepare = (options: {
  readonly out: string
  readonly interactive: boolean
  /** Whether the live page follows: then accidents are left to its buttons, and sessions last from run to run. */
  readonly live?: boolean
  readonly env: Environment
}): Effect.Effect<Prepared, SettingsInvalid | DemoUnavailable, RunEventsService | Scope.Scope> =>
  Effect.gen(function* () {
    const said = Object.fromEntries(Object.entries(options.env).filter(([, value]) => (value ?? "").trim() !== ""))
    const simulated = unsaid(said)
    const demo =
      simulated.length > 0
        ? yield* startDemo(simulated, { interactive: options.interactive, calm: options.live === true })
        : undefined
    const out = resolve(options.out)
    const environment = {
      NIGHTLY_STATE: join(out, ".state"),
      NIGHTLY_BACKUPS: join(out, "backups"),
      ...demo?.environment,
      ...(options.live === true && { NIGHTLY_SESSIONS: "keep" }),
      ...said
    }
    const settings = parse(environment)
    if ("length" in settings) {
      const [first = "", ...more] = settings
      return yield* new SettingsInvalid({
        message:
          more.length === 0 ? first : `The settings are not right.${settings.map((one) => `\n  ${one}`).join("")}`
      })
    }
    return { settings, environment, demo }
  })
