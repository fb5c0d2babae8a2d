/**
 * The command tree. What a subcommand does is loaded when it runs, so that `--help` costs no parser and no compiler.
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import manifest from "../package.json" with { type: "json" }
import type { CommonInput } from "./sessions/run.ts"

/** A command ended badly and has said so itself. */
class Failed extends Error {
  readonly _tag = "Failed"
  override readonly [Runtime.errorReported] = false
  override readonly [Runtime.errorExitCode]: number

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`)
    this[Runtime.errorExitCode] = exitCode
  }
}

/** Runs a lazily loaded command; it prints for itself and returns its exit code. */
const runs = (command: (signal: AbortSignal) => Promise<number>) =>
  Effect.flatMap(Effect.promise(command), (code) => (code === 0 ? Effect.void : Effect.fail(new Failed(code))))

const init = Command.make(
  "init",
  {
    document: Argument.String("document").pipe(
      Argument.withDescription("The OpenAPI document to begin with: a path or an http(s) URL"),
      Argument.withDefault("openapi.yaml")
    )
  },
  ({ document }) =>
    runs(async (signal) => {
      const { runInit } = await import("./init.ts")
      return runInit(document, signal)
    })
).pipe(
  Command.withDescription("Write a keyturn.config.ts, and propose an overlay that says how the API signs in"),
  Command.withExamples([
    { command: "keyturn init https://example.com/openapi.json", description: "Begin with a document from a URL" }
  ])
)

const optionalText = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description), Flag.optional)

const generate = Command.make(
  "generate",
  {
    document: Argument.String("document").pipe(
      Argument.withDescription("An OpenAPI 2.0, 3.0, 3.1 or 3.2 document: a path or an http(s) URL"),
      Argument.optional
    ),
    out: optionalText("out", "DIR", "The folder to write to"),
    overlay: Flag.String("overlay").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("An OpenAPI Overlay to apply first; may be given several times, in order"),
      Flag.atLeast(0)
    ),
    name: optionalText("name", "NAME", "The contract's name (default: from the document's path or host)"),
    package: optionalText("package", "NAME", "Write a publishable package of this name around the modules"),
    config: optionalText("config", "FILE", "The config file (default: keyturn.config.ts, when no document is given)"),
    check: Flag.Boolean("check").pipe(
      Flag.withDescription("Write nothing; fail when the files on disk differ"),
      Flag.withDefault(false)
    ),
    watch: Flag.Boolean("watch").pipe(
      Flag.withDescription("Generate again whenever a document changes"),
      Flag.withDefault(false)
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print results and diagnostics as one JSON object"),
      Flag.withDefault(false)
    )
  },
  (input) =>
    runs(async (signal) => {
      const { runGenerate } = await import("./generate.ts")
      return runGenerate(
        {
          document: Option.getOrUndefined(input.document),
          out: Option.getOrUndefined(input.out),
          overlays: input.overlay,
          name: Option.getOrUndefined(input.name),
          package: Option.getOrUndefined(input.package),
          config: Option.getOrUndefined(input.config),
          check: input.check,
          watch: input.watch,
          json: input.json
        },
        signal
      )
    })
).pipe(
  Command.withDescription("Generate typed endpoints and a session contract from OpenAPI documents"),
  Command.withExamples([
    { command: "keyturn generate openapi.yaml --out src/api", description: "Generate modules from one document" },
    {
      command:
        "keyturn generate https://example.com/openapi.json --overlay auth.overlay.yaml --out api --package @acme/api",
      description: "Generate a package from a URL, with an overlay that says how to sign in"
    },
    { command: "keyturn generate --check", description: "In CI: fail when what keyturn.config.ts names is out of date" }
  ])
)

const common = {
  store: optionalText(
    "store",
    "STORE",
    "Where the sessions are kept: redis://…, postgres://… or a file (default: the config's store, else the default file)"
  ),
  config: optionalText("config", "FILE", "The sessions' config (default: keyturn.sessions.ts, if there is one)"),
  json: Flag.Boolean("json").pipe(Flag.withDescription("Print the answer as one JSON object"), Flag.withDefault(false))
}

const sessionName = Argument.String("name").pipe(Argument.withDescription("The session's name in keyturn.sessions.ts"))

/** Runs a command of `keyturn sessions`, with the flags that they all have. */
const runsSessions = <Input extends { readonly [K in keyof typeof common]: unknown }>(
  input: Input & {
    readonly store: Option.Option<string>
    readonly config: Option.Option<string>
    readonly json: boolean
  },
  command: (
    module: typeof import("./sessions/run.ts"),
    input: Omit<Input, keyof typeof common> & CommonInput,
    signal: AbortSignal
  ) => Promise<number>
) =>
  runs(async (signal) => {
    const { config, store } = input
    const given = { ...input, store: Option.getOrUndefined(store), config: Option.getOrUndefined(config) }
    return command(await import("./sessions/run.ts"), given, signal)
  })

const list = Command.make(
  "list",
  {
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("Also those that have been signed out"),
      Flag.withDefault(false)
    ),
    ...common
  },
  (input) => runsSessions(input, ({ runList }, given, signal) => runList(given, signal))
).pipe(Command.withDescription("List the sessions of a store: account, server, state, expiry, holders"))

const show = Command.make(
  "show",
  {
    name: Argument.String("name").pipe(
      Argument.withDescription("A name in keyturn.sessions.ts, an API's name, or a key of the store")
    ),
    ...common
  },
  (input) => runsSessions(input, ({ runShow }, given, signal) => runShow(given, signal))
).pipe(Command.withDescription("Show all that can be told of a session; never a secret"))

const signIn = Command.make("sign-in", { name: sessionName, ...common }, (input) =>
  runsSessions(input, ({ runSignIn }, given, signal) => runSignIn(given, signal))
).pipe(
  Command.withDescription("Sign in, in the browser if the grant asks for a person, and keep the session in the store")
)

const signOut = Command.make(
  "sign-out",
  {
    name: sessionName,
    everywhere: Flag.Boolean("everywhere").pipe(
      Flag.withDescription("End the session for every process that uses it, too"),
      Flag.withDefault(false)
    ),
    ...common
  },
  (input) => runsSessions(input, ({ runSignOut }, given, signal) => runSignOut(given, signal))
).pipe(Command.withDescription("Sign out, if no process uses the session any more"))

const doctor = Command.make("doctor", common, (input) =>
  runsSessions(input, ({ runDoctor }, given, signal) => runDoctor(given, signal))
).pipe(Command.withDescription("Check the store, its lock, its permissions, the key and the clocks"))

const sessions = Command.make("sessions").pipe(
  Command.withDescription(
    "Look after the sessions that programs share. keyturn.sessions.ts names them; KEYTURN_STORE_KEY holds the key of an encrypted store given by --store"
  ),
  Command.withSubcommands([list, show, signIn, signOut, doctor]),
  Command.withExamples([
    { command: "keyturn sessions list --store redis://localhost", description: "Who is signed in" },
    { command: "keyturn sessions sign-in pink", description: "Before the first run of a program without a browser" },
    { command: "keyturn sessions doctor --json", description: "For a health check" }
  ])
)

/** The command line, for any platform's services. */
export const main = Command.make("keyturn").pipe(
  Command.withDescription("Typed API clients that stay signed in"),
  Command.withSubcommands([generate, init, sessions]),
  Command.run({ version: manifest.version })
)
