/**
 * The store that a command works on: the one that `--store` names, the config's, or the default file.
 */
import { existsSync } from "node:fs"
import type { SessionStore } from "@keyturn/auth/SessionStore"
import type { ClosableStore } from "@keyturn/auth/TextStore"
import type { FileStore } from "@keyturn/store-file"
import { UsageError } from "./config.ts"

/** A store, and what is known of where it is. */
export interface OpenedStore extends AsyncDisposable {
  readonly store: SessionStore
  /** To be shown: a URL has no password. */
  readonly place: string
  /** The file of a file store. */
  readonly path: string | undefined
}

const packages = { redis: "@keyturn/store-redis redis", postgres: "@keyturn/store-postgres pg" } as const

/** The stores of other engines are not everybody's: they are asked for by whoever uses them. */
const missing = (engine: keyof typeof packages) => (error: unknown) => {
  if ((error as { readonly code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw error
  throw new UsageError(`this store needs a package that is not installed: npm install ${packages[engine]}`)
}

const withoutPassword = (text: string): string => {
  const url = new URL(text)
  url.password = ""
  url.search = ""
  return url.href
}

const opened = (store: ClosableStore, place: string, path?: string): OpenedStore => ({
  store,
  place,
  path,
  [Symbol.asyncDispose]: store.close
})

/**
 * Opens the store that `named` says: `redis[s]://…`, `postgres[ql]://…` or the path of a file. Without a name it is the
 * config's, else the default file. The key of an encrypted one is in `KEYTURN_STORE_KEY`. Rejects with `UsageError`.
 */
export const openStore = async (
  named: string | undefined,
  configured: SessionStore | undefined
): Promise<OpenedStore> => {
  if (named === undefined && configured !== undefined) {
    const close = async () => (configured as Partial<AsyncDisposable>)[Symbol.asyncDispose]?.()
    const { path } = configured as Partial<FileStore>
    return { store: configured, place: path ?? "the config's store", path, [Symbol.asyncDispose]: close }
  }
  const key = process.env.KEYTURN_STORE_KEY
  const secret = key === undefined || key === "" ? {} : { key }
  const scheme = /^([a-z]+):\/\//.exec(named ?? "")?.[1]
  switch (scheme) {
    case "redis":
    case "rediss": {
      const { redisStore } = await import("@keyturn/store-redis").catch(missing("redis"))
      return opened(redisStore({ url: named as string, ...secret }), withoutPassword(named as string))
    }
    case "postgres":
    case "postgresql": {
      const { postgresStore } = await import("@keyturn/store-postgres").catch(missing("postgres"))
      return opened(postgresStore({ url: named as string, ...secret }), withoutPassword(named as string))
    }
    case undefined: {
      const { defaultPath, fileStore } = await import("@keyturn/store-file")
      const path = named ?? defaultPath()
      // A mistyped path must not become an empty store.
      if (named !== undefined && !existsSync(path)) throw new UsageError(`there is no file ${path}`)
      return opened(fileStore({ path, ...secret }), path, path)
    }
    default:
      throw new UsageError(
        `no store is known for ${scheme}://: give redis[s]://…, postgres[ql]://… or the path of a file, or have keyturn.sessions.ts make the store`
      )
  }
}
