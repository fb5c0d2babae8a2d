/** One session for all tabs and workers of a site, kept in IndexedDB. */
import { type KeySource, make as makeCipher } from "@keyturn/auth/Encryption"
import * as TextStore from "@keyturn/auth/TextStore"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { makeEngine } from "./engine.ts"
import { judge } from "./failure.ts"
import { orMemory } from "./fallback.ts"

export type { KeySource } from "@keyturn/auth/Encryption"
export type { ClosableStore } from "@keyturn/auth/TextStore"

/** The options of `browserStore`. */
export interface BrowserStoreOptions {
  /** The database's name; also how its Web Locks and its BroadcastChannel are called. Default `keyturn`. */
  readonly name?: string | undefined
  /**
   * Encrypts what is kept, with AES-256-GCM. A `CryptoKey` need not be extractable. It keeps tokens from who reads the
   * browser's files, and not from a script that runs in the site. Default: the tokens are kept in the clear.
   */
  readonly key?: KeySource | undefined
}

/**
 * A store for all tabs and workers of one origin (dedicated, shared and service workers). A tab that is closed or crashes
 * frees its lease at once, one that is frozen loses it when its time is over. The database is opened at the first use.
 *
 * Where the browser denies storage, the session is kept in the page's memory and says so with a `StoreFailed` event
 * (`operation: "open"`).
 *
 * Throws `ConfigurationError` when `key` is not 32 bytes. Its calls fail with `StoreUnavailable`: no room is left, the
 * database was made by a newer version, or does not answer for 10 seconds.
 *
 * @example
 * ```ts
 * await using bench = await connect(contract, { credentials, store: browserStore() })
 * ```
 */
export const browserStore = (options: BrowserStoreOptions = {}): TextStore.ClosableStore => {
  const { key, name = "keyturn" } = options
  const engine = makeEngine(name)
  const cipher = key === undefined ? undefined : makeCipher(key)
  return orMemory(TextStore.make({ engine, judge, cipher, close: engine.close }), engine.open)
}

/** The same store for Effect: closed with the scope. */
export const scopedBrowserStore = (
  options: BrowserStoreOptions = {}
): Effect.Effect<TextStore.ClosableStore, never, Scope.Scope> => TextStore.scoped(() => browserStore(options))
