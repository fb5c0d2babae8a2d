import { Client } from "@keyturn/client/effect"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { contract } from "./items/contract.mjs"

class Items extends Client.Service()("benchmark/Items", contract) {}

const repeated = (call, count) =>
  Effect.gen(function* () {
    for (let i = 0; i < count; i++) yield* call()
  })

export const setup = async ({ url, username, password }) => {
  const runtime = ManagedRuntime.make(Items.layer({ baseUrl: url, credentials: { username, password } }))
  const items = await runtime.runPromise(Items)
  return {
    read: (id, signal) => runtime.runPromise(items.GET("/items/{id}", { params: { path: { id } } }), { signal }),
    store: (body) => runtime.runPromise(items.POST("/items", { body })),
    // An Effect program stays in its fiber between calls.
    repeat: (call, argument, count) =>
      runtime.runPromise(
        repeated(
          call === "read"
            ? () => items.GET("/items/{id}", { params: { path: { id: argument } } })
            : () => items.POST("/items", { body: argument }),
          count
        )
      ),
    close: () => runtime.dispose()
  }
}
