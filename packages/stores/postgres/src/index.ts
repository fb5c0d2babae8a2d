/** One session for a fleet, kept and locked in a PostgreSQL table. */
import { type KeySource, make as makeCipher } from "@keyturn/auth/Encryption"
import * as TextStore from "@keyturn/auth/TextStore"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { makeEngine } from "./engine.ts"
import { judge } from "./failure.ts"
import { openPool, type Pool } from "./pool.ts"

export type { KeySource } from "@keyturn/auth/Encryption"
export type { ClosableStore } from "@keyturn/auth/TextStore"
export type { Pool } from "./pool.ts"

interface CommonOptions {
  /** Encrypts what is kept, with AES-256-GCM. Default: the tokens are kept in the clear. */
  readonly key?: KeySource | undefined
  /** The schema of the table `keyturn_session`, which must exist. Default: what the connection's `search_path` says. */
  readonly schema?: string | undefined
}

/** The options of `postgresStore`: a URL, or a pool that you end yourself. */
export type PostgresStoreOptions = CommonOptions &
  (
    | {
        /** `postgres://user:password@host:port/database`, as `pg` reads it. Needs the package `pg`. */
        readonly url: string
        readonly pool?: never
      }
    | {
        /** A `Pool` of `pg`. To listen, a connection beside the pool's own is made with the same settings. */
        readonly pool: Pool
        readonly url?: never
      }
  )

/**
 * A store in PostgreSQL 12 or later, for processes on any number of machines; it works behind transaction poolers. It
 * connects at the first use, and makes its table `keyturn_session` if there is none.
 *
 * Throws `ConfigurationError` when `key` is not 32 bytes. Its calls ride out 10 seconds without the database, then fail with
 * `StoreUnavailable`; errors that waiting does not cure fail at once.
 *
 * @example
 * ```ts
 * await using store = postgresStore({ url: process.env.DATABASE_URL! })
 * await using bench = await connect(contract, { credentials, store })
 * ```
 */
export const postgresStore = (options: PostgresStoreOptions): TextStore.ClosableStore => {
  const { key, pool, schema, url } = options
  const engine = makeEngine({ pool: pool ?? (() => openPool(url)), schema })
  return TextStore.make({
    engine,
    judge,
    cipher: key === undefined ? undefined : makeCipher(key),
    close: engine.close
  })
}

/** The same store for Effect: closed with the scope. */
export const scopedPostgresStore = (
  options: PostgresStoreOptions
): Effect.Effect<TextStore.ClosableStore, never, Scope.Scope> => TextStore.scoped(() => postgresStore(options))
