/** `pnpm demo`: the command line, its exit codes and signals. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Runtime from "effect/Runtime"
import manifest from "../package.json" with { type: "json" }
import type { Failure } from "./failure.ts"
import { run } from "./run.ts"
import { SettingsService } from "./settings.ts"
import { summaryJson, summaryText } from "./summary.ts"

/** The process ends with this code; what there is to say has been said. */
class Exit extends Error {
  override readonly [Runtime.errorReported] = false
  override readonly [Runtime.errorExitCode]: number
  constructor(code: number) {
    super(`exit code ${code}`)
    this[Runtime.errorExitCode] = code
  }
}

const PARTIAL = 1
const NOT_STARTED = 2

/** Says why there is no report: one line, on stderr, and as JSON where that is what is read. */
const refuse = (json: boolean, tag: string, message: string) =>
  Effect.gen(function* () {
    yield* Console.error(`nightly: ${message}`)
    if (json) yield* Console.log(JSON.stringify({ ok: false, error: { tag, message } }))
    return yield* Effect.fail(new Exit(NOT_STARTED))
  })

const nightly = Command.make(
  "nightly",
  {
    out: Flag.String("out").pipe(
      Flag.withMetavar("DIR"),
      Flag.withDescription("The folder for report.html, people.csv and report.json"),
      Flag.withDefault("out")
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print the summary as JSON on stdout, and nothing else there"),
      Flag.withDefault(false)
    )
  },
  ({ json, out }) =>
    run(out).pipe(
      Effect.provide(SettingsService.layer),
      Effect.matchCauseEffect({
        onSuccess: ({ files, report }) =>
          Effect.andThen(
            Console.log(json ? summaryJson(report, files) : summaryText(report, files)),
            report.complete ? Effect.void : Effect.fail(new Exit(PARTIAL))
          ),
        onFailure: (cause: Cause.Cause<Failure>) => {
          if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause as Cause.Cause<never>)
          const failed = cause.reasons.find((reason) => reason._tag === "Fail")
          if (failed !== undefined) return refuse(json, failed.error._tag, failed.error.message)
          return Effect.andThen(
            Effect.logDebug(cause),
            refuse(json, "Unexpected", "Something unexpected went wrong. Run again with --log-level debug to see what.")
          )
        }
      })
    )
).pipe(
  Command.withDescription(
    "Reads people, projects and roles from Bench and writes a report: utilisation, free time, unfilled roles. BENCH_URL, BENCH_LOGIN and BENCH_PASSWORD name the service; without them a simulator on this machine serves. Exit codes: 0 done, 1 part of it failed, 2 it could not start."
  ),
  Command.withExamples([
    { command: "pnpm demo", description: "Against the simulator, into out/" },
    { command: "pnpm demo --json --out /srv/reports", description: "For another program" }
  ])
)

let signal: "SIGINT" | "SIGTERM" = "SIGINT"
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => (signal = name))

nightly.pipe(
  Command.run({ version: manifest.version }),
  Effect.catchTag("ShowHelp", (error) => (error.errors.length > 0 ? Effect.fail(new Exit(NOT_STARTED)) : Effect.void)),
  Effect.provide(Layer.mergeAll(NodeServices.layer, Layer.succeed(Logger.LogToStderr, true))),
  NodeRuntime.runMain({
    teardown: (exit, onExit) =>
      Runtime.defaultTeardown(exit, (code) => onExit(code === 130 && signal === "SIGTERM" ? 143 : code))
  })
)
