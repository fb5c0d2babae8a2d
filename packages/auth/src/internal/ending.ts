/** How a session ends: its holder leaves, the last one signs out, or somebody signs everybody out. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { type GrantFailure, GrantRejected } from "../Grant.ts"
import { SessionClosed, StoreUnavailable } from "../SessionError.ts"
import * as SessionRecord from "../SessionRecord.ts"
import type { TokenSet } from "../TokenSet.ts"
import * as Background from "./background.ts"
import { isFixed } from "./common.ts"
import { saveNow } from "./keeping.ts"
import type { Live } from "./live.ts"
import { neighbours } from "./neighbours.ts"
import { lost } from "./refusal.ts"
import * as Slot from "./slot.ts"

const noSignOut =
  "There is no sign-out at this URL by this method, so the session stays until the server ends it: check what the contract's x-session says for signOut."

/** What a refused sign-out means. */
const judged = (error: GrantRejected): Effect.Effect<void, GrantRejected> => {
  const { code, message, status } = error
  // The session was over already, which is what was asked for.
  if (status === 401) return Effect.void
  return Effect.fail(
    status === 404 || status === 405 ? new GrantRejected({ status, code, message: `${message} ${noSignOut}` }) : error
  )
}

const onServer = (live: Live, tokens: TokenSet): Effect.Effect<void, GrantFailure> => {
  const { context, grant, telemetry } = live
  if (grant.signOut === undefined) return Effect.void
  const ended = Effect.catchTag(grant.signOut(context, tokens), "GrantRejected", judged)
  return Effect.andThen(
    telemetry.call("signOut", false, ended),
    Effect.sync(() => live.emit({ ...live.base(), _tag: "SignedOut" }))
  )
}

/** Counts as a holder for a while longer; then whoever is the last one signs out. Whoever opens meanwhile is one more holder. */
const linger = (live: Live, time: number) =>
  Effect.map(live.store.hold(live.key, live.holder, time), () => {
    const leave = Effect.flatMap(live.store.leave(live.key, live.holder, true), (last) =>
      last?.tokens === undefined ? Effect.void : onServer(live, last.tokens)
    )
    live.common.runFork(Effect.andThen(Background.sleep(time), Effect.ignore(leave)))
  })

/** Leaves the slot. `taken` are tokens that are out of the store already. */
const leave = Effect.fnUntraced(function* (live: Live, end: boolean, taken: ReadonlyArray<TokenSet>) {
  const { grant, holder, key, policy, seat, store } = live
  const everybody = live.ending || live.ended !== undefined
  if (!everybody) yield* Effect.ignore(saveNow(live))
  if (seat !== undefined) yield* Effect.ignore(store.release(seat, holder))
  const time = Duration.toMillis(policy.linger)
  if (end && time > 0 && !isFixed(grant) && live.unsaved === undefined) return yield* linger(live, time)
  const last = yield* Effect.result(store.leave(key, holder, end))
  // What the store never got nobody else can use, whatever the store says now.
  const own = live.unsaved?.tokens
  if (Result.isFailure(last) && own === undefined && taken.length === 0) return yield* last.failure
  const left = Result.isSuccess(last) ? last.success?.tokens : undefined
  const mine = own !== undefined && (end || everybody) ? own : left
  const all = mine === undefined ? taken : [mine, ...taken]
  yield* Effect.forEach(all, (tokens) => onServer(live, tokens), { concurrency: "unbounded", discard: true })
})

const longest = (live: Live): number => Duration.toMillis(live.policy.deadline.signOut)

/**
 * No new flight; what is out lands, or is given up at half of the time; then the last holder signs out in what is left of it.
 */
const closeBy = (live: Live, by: number, end: boolean, taken: ReadonlyArray<TokenSet> = []): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (live.closing !== undefined) return Deferred.await(live.closing)
    const closing = Deferred.makeUnsafe<void>()
    live.closing = closing
    live.closed = true
    live.common.timers.cancel(live)
    live.heartbeat?.stop()
    return Effect.gen(function* () {
      const { subscription } = live
      if (live.fibers !== undefined && live.fibers.size > 0) {
        // Nobody waits for a person whose program has gone.
        const unattended = !live.opened && live.grant.signIn === "interactive" && live.calling !== "refresh"
        const giveUp = yield* Effect.sleep(unattended ? 0 : Math.max(0, by - live.elapsed()) / 2).pipe(
          Effect.andThen(Deferred.succeed(live.abandoned, undefined)),
          Effect.forkDetach
        )
        // One that ends may leave another behind: a renewal gives its lease back.
        while (live.fibers.size > 0) yield* Fiber.interruptAll([...live.fibers])
        yield* Fiber.interrupt(giveUp)
      }
      if (subscription !== undefined) yield* subscription
      neighbours(live.store)?.remove(live.key, live)
      const begun = live.opened || live.obtainedGeneration > 0
      const failed = (message: string) =>
        Effect.sync(() => live.emit({ ...live.base(), _tag: "SignOutFailed", message }))
      yield* leave(live, end && begun && live.policy.onClose === "signOut", taken).pipe(
        Effect.timeoutOrElse({
          duration: Math.max(0, by - live.elapsed()),
          orElse: () => failed("It took too long.")
        }),
        Effect.catch((error) => failed(error.message))
      )
      live.finish()
      Deferred.doneUnsafe(closing, Exit.void)
    })
  }).pipe(Effect.uninterruptible)

/** Leaves the session, within the policy's deadline. */
export const close = (live: Live): Effect.Effect<void> =>
  Effect.suspend(() => closeBy(live, live.elapsed() + longest(live), true))

/** Somebody signed everybody out: this session is over, and nothing is left to do on the server. */
export const lose = (live: Live): void => {
  if (live.closed || live.ending || live.ended !== undefined) return
  const error = lost("signed-out")
  live.ended = error
  live.failure = { error, until: Number.POSITIVE_INFINITY }
  live.current = undefined
  live.emit({ ...live.base(), _tag: "RenewalFailed", error })
  live.common.runFork(closeBy(live, live.elapsed() + longest(live), false))
}

// One step in the store, as often as it takes: who renews now cannot store what comes of it.
const endSlot = Effect.fnUntraced(function* (live: Live, slot: string) {
  const own = slot === live.key
  for (;;) {
    const stored = yield* live.store.read(slot)
    if (stored.version === 0 && !own) return undefined
    const ended = SessionRecord.endedEverywhere(stored, own ? live.record.generation : 0)
    if (yield* live.store.write(slot, ended)) return stored.tokens ?? (own ? live.record.tokens : undefined)
  }
})

/** Signs everybody out: the store is told first, then the server. */
export const signOutEverywhere = (live: Live): Effect.Effect<void, StoreUnavailable | SessionClosed> =>
  Effect.suspend((): Effect.Effect<void, StoreUnavailable | SessionClosed> => {
    if (live.ended !== undefined) return close(live)
    if (live.closed || live.ending) {
      return Effect.fail(new SessionClosed({ message: "The session was signed out already." }))
    }
    live.ending = true
    const time = longest(live)
    const by = live.elapsed() + time
    const slots = Math.max(live.policy.sessions, Slot.limitOf(live.context.description) ?? 1)
    const keys = Array.from({ length: slots }, (_, i) => Slot.keyOf(live.account, i + 1))
    return Effect.forEach(keys, (slot) => endSlot(live, slot)).pipe(
      Effect.timeoutOrElse({
        duration: time / 2,
        orElse: () =>
          Effect.fail(
            new StoreUnavailable({
              message: `The store did not answer within ${time / 2} ms, so others were not told. Try again once it is back.`
            })
          )
      }),
      Effect.onError(() =>
        Effect.sync(() => {
          live.ending = false
        })
      ),
      Effect.flatMap((taken) =>
        closeBy(
          live,
          by,
          false,
          taken.filter((tokens) => tokens !== undefined)
        )
      )
    )
  }).pipe(Effect.uninterruptible)
