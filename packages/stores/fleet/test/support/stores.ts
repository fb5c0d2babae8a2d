import { fileStore } from "@keyturn/store-file"
import { postgresStore } from "@keyturn/store-postgres"
import { redisStore } from "@keyturn/store-redis"

/** A store that a worker can be told to open. */
export type StoreSpec =
  | { readonly engine: "file"; readonly path: string }
  | { readonly engine: "redis"; readonly url: string; readonly prefix: string }
  | { readonly engine: "postgres"; readonly url: string; readonly schema: string }

export const openStore = (spec: StoreSpec) => {
  switch (spec.engine) {
    case "file":
      return fileStore(spec)
    case "redis":
      return redisStore(spec)
    case "postgres":
      return postgresStore(spec)
  }
}
