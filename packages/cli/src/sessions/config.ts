/**
 * `keyturn.sessions.ts`: the sessions that `keyturn sessions` looks after, and where they are kept. It is a file of its own:
 * what it imports is loaded for no other command.
 */
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import type { SessionStore } from "@keyturn/auth/SessionStore"
import type { ConnectOptions } from "@keyturn/client"
import type { Contract } from "@keyturn/contract"

/** One session: the contract, and what `connect` takes. */
export type SessionConfig<C extends Contract = Contract> = { readonly contract: C } & Omit<
  ConnectOptions<C>,
  "signal" | "store" | "onEvent" | "operations"
>

/** What a `keyturn.sessions.ts` says. */
export interface SessionsConfig<Contracts extends Readonly<Record<string, Contract>>> {
  /** Where the sessions are kept, as the programs that use them say it. Default: the default file of `@keyturn/store-file`. */
  readonly store?: SessionStore
  /** The sessions, by the name that the command calls them. */
  readonly sessions: { readonly [Name in keyof Contracts]: SessionConfig<Contracts[Name]> }
}

/**
 * Types a `keyturn.sessions.ts`.
 *
 * @example
 * ```ts
 * // keyturn.sessions.ts
 * import { contract as bench } from "@keyturn/bench"
 * import { redisStore } from "@keyturn/store-redis"
 * import { defineSessions } from "keyturn/sessions"
 *
 * export default defineSessions({
 *   store: redisStore({ url: process.env.REDIS_URL! }),
 *   sessions: {
 *     bench: {
 *       contract: bench,
 *       credentials: { login: process.env.BENCH_LOGIN!, password: process.env.BENCH_PASSWORD! }
 *     }
 *   }
 * })
 * ```
 */
export const defineSessions = <const Contracts extends Readonly<Record<string, Contract>>>(
  config: SessionsConfig<Contracts>
): SessionsConfig<Contracts> => config

/** A config file, read. */
export interface Configured {
  readonly store: SessionStore | undefined
  readonly sessions: ReadonlyMap<string, SessionConfig>
}

/** The command was used wrongly, or its config says something that cannot be; the message says what to do. */
export class UsageError extends Error {
  readonly _tag = "UsageError"
}

const names = ["ts", "mts", "js", "mjs"].map((extension) => `keyturn.sessions.${extension}`)

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

/** Reads the config file `file`, or the one in the working directory if there is one. Rejects with `UsageError`. */
export const loadSessions = async (file: string | undefined): Promise<Configured> => {
  const found = file ?? names.find((name) => existsSync(name))
  if (found === undefined) return { store: undefined, sessions: new Map() }
  const path = resolve(found)
  if (!existsSync(path)) throw new UsageError(`there is no file ${found}`)
  let config: unknown
  try {
    config = ((await import(pathToFileURL(path).href)) as { readonly default?: unknown }).default
  } catch (error) {
    throw new UsageError(`${found} does not load: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (!isObject(config) || !isObject(config.sessions)) {
    throw new UsageError(`${found} must export default defineSessions({ sessions: { name: { contract, … } } })`)
  }
  const sessions = Object.entries(config.sessions)
  for (const [name, session] of sessions) {
    if (!isObject(session) || !isObject(session.contract) || typeof session.contract.name !== "string") {
      throw new UsageError(`${found}: sessions.${name} needs a "contract", as a generated package exports it`)
    }
  }
  return {
    store: config.store as SessionStore | undefined,
    sessions: new Map(sessions as ReadonlyArray<[string, SessionConfig]>)
  }
}
