/** One session for a fleet, kept and locked in Redis or Valkey. */
import { type KeySource, make as makeCipher } from "@keyturn/auth/Encryption"
import * as TextStore from "@keyturn/auth/TextStore"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type IoRedisClient, type NodeRedisClient, overClient, overUrl } from "./connection.ts"
import { makeEngine } from "./engine.ts"
import { judge } from "./failure.ts"

export type { KeySource } from "@keyturn/auth/Encryption"
export type { ClosableStore } from "@keyturn/auth/TextStore"
export type { IoRedisClient, NodeRedisClient } from "./connection.ts"

interface CommonOptions {
  /** Encrypts what is kept, with AES-256-GCM. Default: the tokens are kept in the clear. */
  readonly key?: KeySource | undefined
  /** How the store's keys begin. Default `keyturn`. */
  readonly prefix?: string | undefined
  /**
   * Counts a write only when so many replicas have it, so that a failover does not lose it; waits up to `timeout`
   * milliseconds (default 1000). Not for cluster clients. Default: replicas are not waited for.
   */
  readonly wait?: { readonly replicas: number; readonly timeout?: number } | undefined
}

/** The options of `redisStore`: a URL, or a client that you open and close yourself. */
export type RedisStoreOptions = CommonOptions &
  (
    | {
        /** `redis[s]://[user:password@]host[:port][/database]`. Needs the package `redis`. */
        readonly url: string
        readonly client?: never
      }
    | {
        /** A connected client: of `redis` (5 or later) or `ioredis`, single or cluster. A second connection is made from it to listen. */
        readonly client: NodeRedisClient | IoRedisClient
        readonly url?: never
      }
  )

/**
 * A store in Redis 6.2 or later, or Valkey, for processes on any number of machines. It connects at the first use.
 *
 * Throws `ConfigurationError` when `key` is not 32 bytes. Its calls ride out 10 seconds without the server, then fail with
 * `StoreUnavailable`; errors that waiting does not cure fail at once.
 *
 * @example
 * ```ts
 * await using store = redisStore({ url: process.env.REDIS_URL! })
 * await using bench = await connect(contract, { credentials, store })
 * ```
 */
export const redisStore = (options: RedisStoreOptions): TextStore.ClosableStore => {
  const { client, key, prefix = "keyturn", url, wait } = options
  const engine = makeEngine({
    connection: client === undefined ? overUrl(url) : overClient(client),
    prefix,
    wait: wait && { replicas: wait.replicas, timeout: wait.timeout ?? 1000 }
  })
  return TextStore.make({
    engine,
    judge,
    cipher: key === undefined ? undefined : makeCipher(key),
    close: engine.close
  })
}

/** The same store for Effect: closed with the scope. */
export const scopedRedisStore = (
  options: RedisStoreOptions
): Effect.Effect<TextStore.ClosableStore, never, Scope.Scope> => TextStore.scoped(() => redisStore(options))
