#!/usr/bin/env node
/** `npx @keyturn/simulators bench --port 4010`: a simulator for whoever speaks HTTP. */
import { parseArgs } from "node:util"
import { allura } from "./allura/server.ts"
import { bench } from "./bench/server.ts"
import { bits } from "./bits/server.ts"
import { pink } from "./pink/server.ts"
import type { ListenOptions, Simulator } from "./simulator.ts"

interface Entry {
  readonly about: string
  readonly listen: (
    options: ListenOptions & { readonly seed: number }
  ) => Promise<Simulator<string> & { readonly credentials: object }>
}

const simulators: Readonly<Record<string, Entry>> = {
  bench: {
    about: "Bridgit Bench: sessions by login and password, refresh tokens of one use",
    listen: bench.listen
  },
  bits: {
    about: "Bits: client credentials, tokens of an hour, webhooks",
    listen: bits.listen
  },
  allura: {
    about: "Apache Allura: bearer tokens, OAuth 1.0a and OAuth 2, export and tools",
    listen: allura.listen
  },
  pink: {
    about: "platform.pink: consent in the browser, refresh, revocation, personal access tokens",
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
  -h, --help     Show this text`

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

const read = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        port: { type: "string" },
        host: { type: "string" },
        seed: { type: "string" },
        help: { type: "boolean", short: "h" }
      }
    })
  } catch (error) {
    return refuse((error as Error).message)
  }
}

const { values, positionals } = read()
if (values.help) {
  console.log(usage)
  process.exit(0)
}
const entry = simulators[positionals[0] ?? ""]
if (entry === undefined || positionals.length !== 1)
  refuse(`Name one simulator: ${Object.keys(simulators).join(", ")}.`)
else {
  try {
    const server = await entry.listen({
      port: number("port", values.port, 0, 65_535),
      seed: number("seed", values.seed, 1, 4_294_967_295),
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
