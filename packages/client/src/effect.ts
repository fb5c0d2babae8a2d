/**
 * The Effect face: an API as a service with a layer. Building the layer signs in, or adopts the session in the store; the
 * end of its scope signs out if it was the last holder.
 *
 * @example
 * ```ts
 * class Bench extends Client.Service<Bench>()("app/Bench", contract) {}
 *
 * const program = Effect.gen(function* () {
 *   const bench = yield* Bench
 *   return yield* bench.GET("/rp/api/v1/Accounts")
 * })
 *
 * program.pipe(Effect.provide(Bench.layer({ credentials: { login, password } })))
 * ```
 */
export * as Client from "./Client.ts"
export * as Refusal from "./Refusal.ts"
