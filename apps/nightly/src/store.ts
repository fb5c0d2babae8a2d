/** The one place where the sessions of all four services are kept: a file, Redis or PostgreSQL. */
import { join } from "node:path"
import type { SessionStore } from "@keyturn/auth/SessionStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { StoreDown } from "./failure.ts"
import { SettingsService } from "./settings.ts"

export class Store extends Context.Service<Store, SessionStore>()("nightly/Store") {
  /** Opens the store, and asks it something: one that does not answer is told before any work is done. */
  static readonly layer = Layer.effect(
    Store,
    Effect.gen(function* () {
      const { state, store } = yield* SettingsService
      const key = store.key && Redacted.value(store.key)
      // Only the driver that is used is loaded.
      const opened = Effect.gen(function* () {
        switch (store.kind) {
          case "file": {
            const { scopedFileStore } = yield* Effect.promise(() => import("@keyturn/store-file"))
            return yield* scopedFileStore({ path: join(state, "sessions.db"), key })
          }
          case "redis": {
            const { scopedRedisStore } = yield* Effect.promise(() => import("@keyturn/store-redis"))
            return yield* scopedRedisStore({ url: Redacted.value(store.url), key })
          }
          case "postgres": {
            const { scopedPostgresStore } = yield* Effect.promise(() => import("@keyturn/store-postgres"))
            return yield* scopedPostgresStore({ url: Redacted.value(store.url), key })
          }
        }
      })
      const found: SessionStore = yield* opened
      yield* Effect.mapError(
        found.read("nightly|is it there"),
        ({ message }) => new StoreDown({ message: `The sessions cannot be kept: ${message}` })
      )
      return found
    })
  )
}
