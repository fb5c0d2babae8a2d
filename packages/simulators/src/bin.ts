#!/usr/bin/env node
/** `npx @keyturn/simulators bench --port 4010`: a simulator for whoever speaks HTTP. */
import { parseArgs } from "node:util"
import { inferred as alluraInferred } from "./allura/inferred.ts"
import { allura } from "./allura/server.ts"
import { inferred as benchInferred } from "./bench/inferred.ts"
import { bench } from "./bench/server.ts"
import { inferred as bitsInferred } from "./bits/inferred.ts"
import { bits } from "./bits/server.ts"
import { inferred as pinkInferred } from "./pink/inferred.ts"
import { pink } from "./pink/server.ts"
import type { ListenOptions, Simulator } from "./simulator.ts"
import type { Readings } from "./switches.ts"

interface Entry {
  readonly about: string
  /** What its vendor does not state. */
  readonly inferred: Readings
  readonly listen: (
    // Checked against `inferred` when they are read.
    options: ListenOptions & { readonly seed: number; readonly switches: never }
  ) => Promise<Simulator<string> & { readonly credentials: object }>
}

const simulators: Readonly<Record<string, Entry>> = {
  bench: {
    about: "Bridgit Bench: sessions by login and password, refresh tokens of one use",
    inferred: benchInferred,
    listen: bench.listen
  },
  bits: {
    about: "Bits: client credentials, tokens of an hour, webhooks",
    inferred: bitsInferred,
    listen: bits.listen
  },
  allura: {
    about: "Apache Allura: bearer tokens, OAuth 1.0a and OAuth 2, export and tools",
    inferred: alluraInferred,
    listen: allura.listen
  },
  pink: {
    about: "platform.pink: consent in the browser, refresh, revocation, personal access tokens",
    inferred: pinkInferred,
    listen: pink.listen
  }
}

const usage = `Usage: simulators <name> [options]

Simulators:
${Object.entries(simulators)
  .map(([name, { about }]) => `  ${name.padEnd(8)} ${about}`)
  .join("\n")}

Options:
  --port <n>     Port to listen at (a free one)
  --host <name>  Host to listen at (127.0.0.1)
  --seed <n>     Seed of the data set (1)
  --switch <name>=<value>
                 Behave in another way where the vendor does not say; may be given again
  -h, --help     Show this text; after a name, its switches, too`

/** The switches of a simulator, with all that each can be; the first is the default. */
const switchesOf = ({ inferred }: Entry): string =>
  Object.entries(inferred)
    .map(([name, values]) => `  ${name.padEnd(36)} ${values.join(" | ")}`)
    .join("\n")

/** Ends with exit code 2: the command cannot be understood. */
const refuse = (message: string): never => {
  console.error(`${message}\n\n${usage}`)
  process.exit(2)
}

const number = (name: string, text: string | undefined, otherwise: number, max: number): number => {
  if (text === undefined) return otherwise
  const value = Number(text)
  return /^\d+$/.test(text) && value <= max
    ? value
    : refuse(`--${name} must be a whole number from 0 to ${max}, not ${text}.`)
}

const readSwitches = ({ inferred }: Entry, sent: ReadonlyArray<string>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    sent.map((text) => {
      const [name = "", ...rest] = text.split("=")
      const values = Object.hasOwn(inferred, name) ? (inferred[name] ?? []) : []
      const value = values.find((one) => String(one) === rest.join("="))
      if (value !== undefined) return [name, value]
      return refuse(
        values.length === 0
          ? `There is no switch ${name}. --help after the name of a simulator lists them.`
          : `--switch ${name} is one of: ${values.map((one) => `${name}=${one}`).join(", ")}.`
      )
    })
  )

const read = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        port: { type: "string" },
        host: { type: "string" },
        seed: { type: "string" },
        switch: { type: "string", multiple: true },
        help: { type: "boolean", short: "h" }
      }
    })
  } catch (error) {
    return refuse((error as Error).message)
  }
}

const { values, positionals } = read()
const entry = Object.hasOwn(simulators, positionals[0] ?? "") ? simulators[positionals[0] ?? ""] : undefined
if (values.help) {
  console.log(
    entry === undefined ? usage : `${usage}\n\nSwitches of ${positionals[0]}, the default first:\n${switchesOf(entry)}`
  )
  process.exit(0)
}
if (entry === undefined || positionals.length !== 1)
  refuse(`Name one simulator: ${Object.keys(simulators).join(", ")}.`)
else {
  try {
    const server = await entry.listen({
      port: number("port", values.port, 0, 65_535),
      seed: number("seed", values.seed, 1, 4_294_967_295),
      switches: readSwitches(entry, values.switch ?? []) as never,
      ...(values.host !== undefined && { host: values.host })
    })
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close())
    console.log(`Listening at ${server.url}. Stop with Ctrl-C.\n\nCredentials:`)
    for (const [name, value] of Object.entries(server.credentials)) {
      console.log(`  ${name.padEnd(19)} ${JSON.stringify(value)}`)
    }
  } catch (error) {
    const { code } = error as { code?: string }
    console.error(
      code === "EADDRINUSE" ? "The port is taken. Give another with --port, or none for a free one." : String(error)
    )
    process.exitCode = 1
  }
}
