/** One session for every process of a machine, kept in an SQLite file. */
import { type KeySource, make as makeCipher } from "@keyturn/auth/Encryption"
import * as TextStore from "@keyturn/auth/TextStore"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { makeEngine } from "./engine.ts"
import { judge } from "./failure.ts"
import { defaultPath } from "./location.ts"

export type { KeySource } from "@keyturn/auth/Encryption"
export type { ClosableStore } from "@keyturn/auth/TextStore"
export { defaultPath } from "./location.ts"

/** The options of `fileStore`. */
export interface FileStoreOptions {
  /**
   * The file. It and its folder are made when missing, for their owner alone. Default: where the platform keeps a program's
   * state, such as `~/.local/state/keyturn/sessions.db`.
   */
  readonly path?: string | undefined
  /** Encrypts what is kept, with AES-256-GCM. Default: the tokens are kept in the clear, in a file that only you can read. */
  readonly key?: KeySource | undefined
}

/** A store in a file, and which. */
export interface FileStore extends TextStore.ClosableStore {
  readonly path: string
}

/**
 * A store in a file, for all processes of one machine. A killed process frees its lease at once; what was stored survives
 * a power cut. The file is opened at the first use.
 *
 * Throws `ConfigurationError` when `key` is not 32 bytes. Its calls fail with `StoreUnavailable`: the file lies on a network
 * file system, belongs to another program or user, is damaged, or stays locked for 10 seconds.
 *
 * @example
 * ```ts
 * await using bench = await connect(contract, { credentials, store: fileStore() })
 * ```
 */
export const fileStore = (options: FileStoreOptions = {}): FileStore => {
  const path = options.path ?? defaultPath()
  const engine = makeEngine(path)
  const store = TextStore.make({
    engine,
    judge: judge(path),
    cipher: options.key === undefined ? undefined : makeCipher(options.key),
    close: engine.close
  })
  return { ...store, path }
}

/** The same store for Effect: closed with the scope. */
export const scopedFileStore = (options: FileStoreOptions = {}): Effect.Effect<FileStore, never, Scope.Scope> =>
  TextStore.scoped(() => fileStore(options))
