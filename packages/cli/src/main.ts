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

/** The command line, for any platform's services. */
export const main = Command.make("keyturn").pipe(
  Command.withDescription("Typed API clients that stay signed in"),
  Command.withSubcommands([generate, init]),
  Command.run({ version: manifest.version })
)
