/** `pnpm demo`: the command line, its exit codes and signals. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import manifest from "../package.json" with { type: "json" }
import { parseDay } from "./calendar.ts"
import { type Failure, systemCause } from "./failure.ts"
import type { LiveUnavailable } from "./live/failure.ts"
import { logs } from "./logs.ts"
import { prepare } from "./prepare.ts"
import { show } from "./progress.ts"
import { run } from "./run.ts"
import { makeRunEvents, RunEventsService, type Step, steps } from "./run-events.ts"
import { summaryJson, summaryText } from "./summary.ts"
import { telemetry } from "./telemetry.ts"

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

/** Says why there is no report: on stderr, and as JSON where that is what is read. */
const refuse = (json: boolean, tag: string, message: string) =>
  Effect.gen(function* () {
    yield* Console.error(`nightly: ${message}`)
    if (json) yield* Console.log(JSON.stringify({ ok: false, error: { tag, message } }))
    return yield* Effect.fail(new Exit(NOT_STARTED))
  })

const flags = {
  out: Flag.String("out").pipe(
    Flag.withMetavar("DIR"),
    Flag.withDescription("The folder for reports: the newest is in DIR/latest"),
    Flag.withDefault("out")
  ),
  only: Flag.String("only").pipe(
    Flag.withMetavar("STEPS"),
    Flag.withDescription(`The steps to do, with commas between them: ${steps.join(", ")}`),
    Flag.filterMap(
      (text) => {
        const asked = text.split(",").map((name) => name.trim())
        return asked.every((name): name is Step => (steps as ReadonlyArray<string>).includes(name))
          ? Option.some<ReadonlyArray<Step>>(steps.filter((step) => asked.includes(step)))
          : Option.none()
      },
      (text) => `--only takes ${steps.join(", ")}, with commas between them; not ${text}`
    ),
    Flag.withDefault<ReadonlyArray<Step>>(steps)
  ),
  since: Flag.String("since").pipe(
    Flag.withMetavar("YYYY-MM-DD"),
    Flag.withDescription(
      "The day that the figures begin with (today), and from which applications are of interest (all)"
    ),
    Flag.filterMap(
      (text) => Option.fromUndefinedOr(text.length === 10 ? parseDay(text) : undefined),
      (text) => `--since takes a day such as 2026-01-31; not ${text}`
    ),
    Flag.optional
  ),
  workers: Flag.Int("workers").pipe(
    Flag.withMetavar("N"),
    Flag.withDescription("How many processes share the work and the sessions"),
    Flag.filter(
      (count) => count >= 1 && count <= 64,
      (count) => `--workers takes 1 to 64; not ${count}`
    ),
    Flag.withDefault(1)
  ),
  interactive: Flag.Boolean("interactive").pipe(
    Flag.withDescription("A person is there: pink may open a browser to sign in. The session is kept for later runs"),
    Flag.withDefault(false)
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("Print the summary as JSON on stdout, and nothing else there"),
    Flag.withDefault(false)
  ),
  live: Flag.Boolean("live").pipe(
    Flag.withDescription("Show the run as it happens on a page on this machine, with buttons that get in its way"),
    Flag.withDefault(false)
  ),
  logJson: Flag.Boolean("log-json").pipe(
    Flag.withDescription("Progress and logs as JSON on stderr, one object a line"),
    Flag.withDefault(false)
  )
}

const nightly = Command.make("nightly", flags, ({ json, live, since, ...options }) =>
  Effect.gen(function* () {
    const events = yield* RunEventsService
    const stop = show(events, process.stderr, options.logJson)
    yield* Effect.addFinalizer(() => Effect.sync(stop))
    const prepared = yield* prepare({ ...options, live, env: process.env })
    const once = run({ ...options, since: Option.getOrUndefined(since) }, prepared)
    if (!live) return yield* once
    const page = yield* Effect.promise(() => import("./live/live.ts"))
    return yield* page.live(once, prepared.demo?.simulators ?? {})
  }).pipe(
    Effect.scoped,
    Effect.provideService(RunEventsService, makeRunEvents()),
    Effect.matchCauseEffect({
      onSuccess: ({ files, report }) =>
        Effect.andThen(
          Console.log(json ? summaryJson(report, files) : summaryText(report, files)),
          report.run.complete ? Effect.void : Effect.fail(new Exit(PARTIAL))
        ),
      onFailure: (cause: Cause.Cause<Failure | LiveUnavailable>) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause as Cause.Cause<never>)
        const failed = cause.reasons.find((reason) => reason._tag === "Fail")
        if (failed !== undefined) return refuse(json, failed.error._tag, failed.error.message)
        return Effect.andThen(
          Effect.logDebug(cause),
          refuse(json, "Unexpected", "Something unexpected went wrong. Run again with --log-level debug to see what.")
        )
      }
    }),
    Effect.provide(Layer.mergeAll(telemetry(process.env), logs(options.logJson)))
  )
).pipe(
  Command.withDescription(
    "Reads Bench, backs up a project of Allura, looks after applications at Bits, and publishes the report on pink. Variables say where each of them is (apps/nightly/.env.example); what they do not name is simulated on this machine. Exit codes: 0 done, 1 part of it failed, 2 it could not start or nothing could be done."
  ),
  Command.withExamples([
    { command: "pnpm demo", description: "Against simulators, into out/" },
    { command: "pnpm demo --workers 8", description: "The same by eight processes that share their sessions" },
    { command: "pnpm demo --only bench,bits --since 2026-11-02", description: "Two steps, from that day on" },
    { command: "pnpm demo --live", description: "Watch it in a browser, and get in its way" },
    { command: "pnpm demo --json --out /srv/reports", description: "For another program" }
  ])
)

try {
  // What is set already counts first.
  process.loadEnvFile(".env")
} catch (error) {
  if ((error as { readonly code?: string }).code !== "ENOENT") {
    console.error(`nightly: .env cannot be read: ${systemCause(error)}.`)
    process.exit(NOT_STARTED)
  }
}

let signal: "SIGINT" | "SIGTERM" = "SIGINT"
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => (signal = name))

nightly.pipe(
  Command.run({ version: manifest.version }),
  Effect.catchTag("ShowHelp", (error) => (error.errors.length > 0 ? Effect.fail(new Exit(NOT_STARTED)) : Effect.void)),
  Effect.provide(Layer.mergeAll(NodeServices.layer, logs(false))),
  NodeRuntime.runMain({
    teardown: (exit, onExit) =>
      Runtime.defaultTeardown(exit, (code) => onExit(code === 130 && signal === "SIGTERM" ? 143 : code))
  })
)
