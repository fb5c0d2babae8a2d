/**
 * One renewal, from the first read to the released lease: the protocol that every store and grant shares. It decides
 * nothing by itself; `Decision.decide` does. What it guarantees is the order: marker before the call, tokens stored
 * before anybody uses them, compare-and-set on the version around both.
 */
import type * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import { decide } from "./Decision.ts"
import type { Grant, GrantContext, GrantFailure } from "./Grant.ts"
import { isProvedBy, randomId } from "./internal/digest.ts"
import { lost } from "./internal/refusal.ts"
import { elapsed, LEASE_MARGIN, now, triggerOf, underLease } from "./internal/under-lease.ts"
import type { Terms } from "./Lifetime.ts"
import type { Policy } from "./Policy.ts"
import { SessionBusy, type SessionError, type StoreUnavailable } from "./SessionError.ts"
import type { SessionRecord } from "./SessionRecord.ts"
import type { SessionStore } from "./SessionStore.ts"
import type { Telemetry } from "./Telemetry.ts"

/** What happens on the way, for whoever wants to tell about it. */
export type Progress =
  /** A call to the server begins. */
  | { readonly _tag: "Calling"; readonly operation: "refresh" | "signIn" }
  | {
      readonly _tag: "Obtained"
      readonly method: "refresh" | "signIn"
      readonly record: SessionRecord
      readonly took: number
    }
  | { readonly _tag: "AnswerLost"; readonly operation: "refresh" | "signIn"; readonly attempt: number }
  | {
      readonly _tag: "CallFailed"
      readonly operation: "refresh" | "signIn"
      readonly error: GrantFailure
      readonly retryIn: number | undefined
    }
  | { readonly _tag: "Unsaved"; readonly record: SessionRecord; readonly error: StoreUnavailable }

/** What a renewal works with. */
export interface Environment {
  readonly store: SessionStore
  readonly key: string
  readonly grant: Grant
  readonly context: GrantContext
  readonly terms: Terms
  readonly policy: Policy
  readonly lastUsedAt: () => number
  readonly report: (progress: Progress) => void
  readonly telemetry: Telemetry
  /** Runs what nobody waits for; it ends with the session. */
  readonly fork: (effect: Effect.Effect<unknown, unknown>) => void
  /** Completes when the session closes and will wait no longer: a call that is still out counts as unanswered. */
  readonly abandoned: Deferred.Deferred<void>
}

/** Why a renewal is asked for. */
export interface Request {
  /** The generation that was refused, is due or is dead; 0 to start with. */
  readonly used: number
  /** Whether a person is there to sign in. */
  readonly attended: boolean
  /** Whether somebody waits for it: a request, not only the schedule. */
  readonly urgent: boolean
  /** Runs once it is known that nobody else renewed, before the lease is taken. */
  readonly onUnchanged: (record: SessionRecord) => Effect.Effect<void, SessionError>
}

/** Whether the stored session is one for this grant: made with its secret, and not about to be replaced. */
export const isProven = (record: SessionRecord, grant: Grant): boolean =>
  grant.fresh?.() !== true &&
  (grant.secret === undefined || (record.proof !== undefined && isProvedBy(record.proof, grant.secret)))

export { toSessionError } from "./internal/refusal.ts"

/** Waiters hear of a change from the store; they also look by themselves, in case word was lost. */
const POLL = Duration.millis(500)

/** Step 2: takes the lease, or finds that whoever had it has renewed. Subscribes first, so that no word is missed. */
const takeLease = Effect.fnUntraced(function* (env: Environment, owner: string, request: Request, ttl: number) {
  const { key, policy, store, terms } = env
  if (yield* store.acquire(key, owner, ttl)) return "leased" as const
  const latch = Latch.makeUnsafe(false)
  yield* store.subscribe(key, () => Latch.openUnsafe(latch))
  const until = (yield* elapsed) + Duration.toMillis(policy.deadline.lease)
  for (;;) {
    Latch.closeUnsafe(latch)
    if (yield* store.acquire(key, owner, ttl)) return "leased" as const
    const record = yield* store.read(key)
    const decision = decide(record, yield* now, triggerOf(env, request, record, false), terms)
    if (decision._tag === "Adopt") return record
    if ((yield* elapsed) >= until) {
      return yield* new SessionBusy({
        message: `Another process has been renewing this session for ${Duration.toSeconds(policy.deadline.lease)} s. Nothing was spent; try again.`
      })
    }
    yield* Effect.timeoutOption(Latch.await(latch), POLL)
  }
}, Effect.scoped)

/**
 * Renews: gives the record to go on with, stored by this process or by another. Interruption is honoured while waiting;
 * from the marker to the store the way is gone to its end.
 */
export const renew = (env: Environment, request: Request): Effect.Effect<SessionRecord, SessionError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const { key, policy, store, terms } = env
      const longest = Math.max(Duration.toMillis(policy.deadline.signIn), Duration.toMillis(policy.deadline.refresh))
      let checked = false
      // Each round that ends in `again` saw another process win; they cannot all be paused for ever.
      for (let round = 0; round < 10; round++) {
        const record = yield* restore(store.read(key))
        const decision = decide(record, yield* now, triggerOf(env, request, record, false), terms)
        if (decision._tag === "Adopt" || decision._tag === "Serve") return record
        if (decision._tag === "Lost") return yield* lost(decision.why)
        if (!checked) {
          checked = true
          yield* restore(request.onUnchanged(record))
        }
        const owner = randomId()
        const step = yield* restore(takeLease(env, owner, request, longest + LEASE_MARGIN)).pipe(
          Effect.flatMap((taken) => (taken === "leased" ? underLease(env, owner, request) : Effect.succeed(taken))),
          // Who waits for the outcome does not wait for the lease to be given back as well: the store may be away by now.
          Effect.onExit((exit) => {
            const release = Effect.uninterruptible(Effect.ignore(store.release(key, owner)))
            return Exit.isSuccess(exit) && exit.value === "again" ? release : Effect.sync(() => env.fork(release))
          })
        )
        if (step !== "again") return step
      }
      return yield* new SessionBusy({
        message: "Other processes kept changing this session while it was being renewed. Nothing was spent; try again."
      })
    })
  )
