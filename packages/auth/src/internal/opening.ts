/** How a session begins: what it is made of, its place among the holders, and its first tokens. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { SessionError, StoreUnavailable } from "../SessionError.ts"
import type { Options } from "../SessionHandle.ts"
import * as SessionStore from "../SessionStore.ts"
import * as Common from "./common.ts"
import { randomId } from "./digest.ts"
import { renewed } from "./flight.ts"
import { Heartbeat } from "./heartbeat.ts"
import type { Live } from "./live.ts"
import { neighbours } from "./neighbours.ts"
import * as Slot from "./slot.ts"

/** The store's key of a session: the API and server, the scheme, the account and the scopes it was made for. */
export const keyOf = (options: Pick<Options, "contract" | "schemeName" | "grant" | "context">): string => {
  const { context, contract, grant, schemeName } = options
  // Tenants of one host may differ by path alone.
  const { origin, pathname } = new URL(context.baseUrl)
  const parts = [contract.name, origin + pathname.replace(/\/+$/, ""), schemeName, grant.name, grant.identity]
  if (context.scopes.length > 0) parts.push([...context.scopes].sort().join(" "))
  return parts.map(encodeURIComponent).join("|")
}

/** Holders of a store that nobody else uses need no name that nobody else has. */
let holders = 0

/** A session that has not begun. */
export const prepare = <S extends Live>(
  Kind: new (...given: ConstructorParameters<typeof Live>) => S,
  options: Options,
  telemetry: Common.MakeTelemetry
): Effect.Effect<S, SessionError> =>
  Effect.suspend(() => {
    const { grant, onEvent } = options
    // What can never change is not worth keeping anywhere.
    const fixed = Common.isFixed(grant)
    const store = fixed ? SessionStore.memory() : options.store
    const slots = fixed ? Effect.void : Slot.check(options.policy.sessions, options.context.description)
    const holder = store.shared ? randomId() : String(++holders)
    return Effect.andThen(
      slots,
      Effect.map(
        Common.of(options, store, telemetry),
        (common) => new Kind(common, grant, keyOf(options), holder, onEvent)
      )
    )
  })

/** Hears of changes of the record until the session closes. */
const listen = (live: Live): Effect.Effect<void, StoreUnavailable> => {
  const { key, store } = live
  const within = neighbours(store)
  if (within !== undefined) return Effect.sync(() => within.add(key, live))
  const scope = Scope.makeUnsafe()
  live.subscription = Scope.close(scope, Exit.void)
  return Scope.provide(
    store.subscribe(key, () => live.woken()),
    scope
  )
}

/** Takes a place, says that it is there, and signs in or adopts. */
export const enter = Effect.fnUntraced(function* (live: Live) {
  const { account, common, grant, holder, store } = live
  const { sessions } = live.policy
  if (sessions > 1 && !Common.isFixed(grant)) {
    const seat = yield* Slot.take(store, account, sessions, holder, common.holdFor)
    live.seat = seat.lease
    live.key = seat.key
  }
  yield* listen(live)
  yield* store.hold(live.key, holder, common.holdFor)
  const degraded = store.degraded?.()
  if (degraded !== undefined) {
    live.emit({ ...live.base(), _tag: "StoreFailed", operation: "open", message: degraded })
  }
  if (store.shared) live.heartbeat = new Heartbeat(live)
  yield* renewed(live, 0, false)
  live.opened = true
})
