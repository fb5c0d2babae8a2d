/** Steps 3 to 7 of a renewal: what is done by whoever has the lease. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import { decide, type Trigger } from "../Decision.ts"
import type { GrantFailure } from "../Grant.ts"
import { dated } from "../Lifetime.ts"
import type { Policy } from "../Policy.ts"
import { type Environment, isProven, type Progress, type Request } from "../Renewal.ts"
import { AuthUnavailable, StoreUnavailable } from "../SessionError.ts"
import * as SessionRecord from "../SessionRecord.ts"
import { merge, type TokenSet, withoutRefreshToken } from "../TokenSet.ts"
import { call, extend } from "./call.ts"
import { prove } from "./digest.ts"
import { lost, toSessionError } from "./refusal.ts"

/** How much longer than its call a lease lasts: time to store what came back. */
export const LEASE_MARGIN = 5000

/** What a renewal came to; `again` when somebody took the record over in between. */
export type Step = SessionRecord.SessionRecord | "again"

export const now = Effect.clockWith((clock) => Effect.succeed(clock.currentTimeMillisUnsafe()))
/** Milliseconds on a clock that nobody sets. */
export const elapsed = Effect.clockWith((clock) =>
  Effect.succeed(Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n))
)

export const triggerOf = (
  env: Environment,
  request: Request,
  record: SessionRecord.SessionRecord,
  leased: boolean
): Trigger => ({
  _tag: "Renew",
  used: request.used,
  lastUsedAt: env.lastUsedAt(),
  leased,
  attended: request.attended,
  urgent: request.urgent,
  proven: isProven(record, env.grant)
})

/** Step 7. The tokens are real whatever the store says: if it fails they are handed out, and kept for a later write. */
const save = (env: Environment, record: SessionRecord.SessionRecord) =>
  env.store.write(env.key, record).pipe(
    Effect.catchDefect((defect) =>
      Effect.fail(
        new StoreUnavailable({
          message: `The store failed unexpectedly (${defect instanceof Error ? defect.name : typeof defect}).`
        })
      )
    ),
    Effect.catchTag("StoreUnavailable", (error) => {
      env.report({ _tag: "Unsaved", record, error })
      return Effect.succeed(true)
    })
  )

/**
 * Somebody took the record over while our call was out: theirs is the session. Ours ends if it stands beside theirs, and if
 * everybody was signed out meanwhile: nobody else knows of it.
 */
const discard = (
  { context, grant, key, store }: Environment,
  method: "refresh" | "signIn",
  generation: number,
  tokens: TokenSet
) => {
  const limit = context.description.limit
  const room = limit?.serviceAccounts ?? limit?.sessions ?? Number.POSITIVE_INFINITY
  const signOut = grant.signOut?.(context, tokens) ?? Effect.void
  return Effect.ignore(
    Effect.flatMap(store.read(key), (theirs) =>
      (method === "signIn" && room > 1) || SessionRecord.isEnded(theirs, generation) ? signOut : Effect.void
    )
  )
}

/**
 * Whether a refused refresh says that its token is worth nothing: `invalid_grant` (RFC 6749 §5.2), or a bare 400 or 401 of
 * an API that has no such codes. Anything else is about the client, the URL or something in between.
 */
const isAboutToken = ({ code, status }: Extract<GrantFailure, { _tag: "GrantRejected" }>): boolean =>
  code === undefined ? status === 400 || status === 401 : code === "invalid_grant"

/** How long the server asks to wait; `undefined` when that is longer than anybody would. */
const floorOf = (error: GrantFailure, policy: Policy): number | undefined => {
  const floor = error._tag === "GrantUnavailable" ? (error.retryAfter ?? 0) : 0
  return floor > Duration.toMillis(policy.deadline.signIn) ? undefined : floor
}

type DelayOf = (error: GrantFailure) => Effect.Effect<number | undefined>

/** How long to wait before a failed call is made again; `undefined` to give up. `Retry-After` is a floor. */
const delays = (policy: Policy, opening: boolean): Effect.Effect<DelayOf> =>
  Effect.map(
    Schedule.toStep(opening ? policy.retryOpening : policy.retry),
    (step) => (error) =>
      Effect.flatMap(now, (at) =>
        Pull.catchDone(
          Effect.map(step(at, error), ([, delay]) => {
            const floor = floorOf(error, policy)
            return floor === undefined ? undefined : Math.max(Duration.toMillis(delay), floor)
          }),
          () => Effect.succeed(undefined)
        )
      )
  )

/** Steps 3 to 7, under the lease. `again` when somebody took the record over in between. */
export const underLease = Effect.fnUntraced(function* (env: Environment, owner: string, request: Request) {
  const { grant, key, policy, store, terms } = env
  const report = (progress: Progress) => env.report(progress)
  const delayOf = yield* delays(policy, request.attended)
  let rejected = false
  for (;;) {
    // Each call gets a full lease; one that ran out meanwhile is not taken back over somebody else's head.
    const longest = Math.max(Duration.toMillis(policy.deadline.signIn), Duration.toMillis(policy.deadline.refresh))
    const ttl = longest + LEASE_MARGIN
    const from = yield* elapsed
    if (!(yield* store.acquire(key, owner, ttl))) return "again" as Step
    const record = yield* store.read(key)
    // Read within the lease, or else by somebody who stood still meanwhile: what a successor is at could not be told from it.
    if ((yield* elapsed) - from >= ttl) return "again" as Step
    const at = yield* now
    const decision = decide(record, at, triggerOf(env, request, record, true), terms)
    switch (decision._tag) {
      case "Adopt":
      case "Serve":
        return record as Step
      case "Lost":
        // What was refused or is dead, and cannot be renewed, is left for nobody to adopt: the next person is asked.
        if (request.urgent && record.tokens !== undefined && record.generation <= request.used) {
          yield* store.write(
            key,
            SessionRecord.next(record, { tokens: undefined, marker: undefined, proof: undefined })
          )
        }
        return yield* lost(rejected ? "refresh-rejected" : decision.why)
      case "Renew":
        break
      default:
        return "again" as Step
    }
    const { attempt, method } = decision
    const deadline = policy.deadline[method]
    // A sign-in writes its marker over that of a refresh whose answer never came: what that one may have spent goes with it.
    const spent = method === "signIn" && record.marker?.operation === "refresh"
    const held = spent && record.tokens ? withoutRefreshToken(record.tokens) : record.tokens
    // The server's grace counts from the first time that it saw the token.
    const graceFrom = attempt > 1 ? (record.marker?.at ?? at) : at
    const marked = SessionRecord.next(record, {
      tokens: held,
      marker: {
        operation: method,
        generation: record.generation,
        owner,
        attempt,
        at: graceFrom,
        deadline: at + Duration.toMillis(deadline)
      }
    })
    if (!(yield* store.write(key, marked))) return "again" as Step
    // What a slow store or a pause has taken of the lease is not there to cover the call.
    const slow = (yield* elapsed) - from >= LEASE_MARGIN / 2
    if (slow && !(yield* store.acquire(key, owner, ttl))) return "again" as Step
    // A grant keeps its deadline itself; one that does not must not outlive the lease. A person has all the time.
    const patient = method === "signIn" && grant.signIn === "interactive"
    const limit = Duration.toMillis(deadline) + LEASE_MARGIN / 2
    const graceful = attempt > 1 && Math.abs(at - graceFrom) < terms.grace
    const left = graceful ? graceFrom + terms.grace - (yield* now) : limit
    // The grace ended while this process stood still: nothing was sent, and the next round says what else to do.
    if (left <= 0) {
      if (!(yield* store.write(key, SessionRecord.next(marked, { marker: record.marker })))) return "again" as Step
      continue
    }
    const calling = call(
      env,
      request,
      method,
      record.tokens,
      patient ? Number.POSITIVE_INFINITY : Math.min(limit, left)
    )
    const result = yield* Effect.result(patient ? Effect.raceFirst(calling, extend(env, owner, ttl)) : calling)
    if (Result.isSuccess(result)) {
      const obtained = method === "refresh" && record.tokens ? merge(record.tokens, result.success) : result.success
      const tokens = dated(obtained, terms)
      const stored = SessionRecord.next(marked, {
        // Past what was refused, also when the store has lost its record: what comes now is newer than either.
        generation: Math.max(record.generation, request.used) + 1,
        tokens,
        marker: undefined,
        proof: grant.secret === undefined ? undefined : prove(grant.secret)
      })
      if (!(yield* save(env, stored))) {
        yield* discard(env, method, stored.generation, tokens)
        return "again" as Step
      }
      report({ _tag: "Obtained", method, record: stored, took: (yield* now) - at })
      return stored as Step
    }
    const error = result.failure
    const answered = error._tag === "GrantRejected" || (error._tag === "GrantUnavailable" && !error.ambiguous)
    if (answered) {
      // A definitive answer: nothing was spent, or what was sent is worthless. Only what was read is cleared.
      const refused = method === "refresh" && error._tag === "GrantRejected"
      rejected = refused && (isAboutToken(error) || terms.signIn === "headless")
      const tokens = rejected && held ? withoutRefreshToken(held) : held
      // That this try was turned away says nothing of an earlier one that was never answered.
      const marker = attempt > 1 && !rejected ? record.marker : undefined
      if (!(yield* store.write(key, SessionRecord.next(marked, { marker, tokens })))) return "again" as Step
      if (refused) {
        report({ _tag: "CallFailed", operation: method, error, retryIn: undefined })
        if (rejected) continue
        return yield* new AuthUnavailable({
          operation: method,
          status: error.status,
          message: `The refresh was turned away, though not for its token, which is kept. ${error.message} Check the base URL, the client's credentials and the network, then try again.`
        })
      }
    } else report({ _tag: "AnswerLost", operation: method, attempt })
    // A sign-in that was refused or makes no sense will be so again. A refresh without an answer goes on to what the
    // decision says of its marker; only a further try of the same kind has to wait.
    // Nor is a person asked again by a schedule, or what they gave spent twice.
    const final = method === "signIn" && (error._tag !== "GrantUnavailable" || grant.signIn === "interactive")
    const immediate = !answered && method === "refresh" && terms.signIn === "headless" && terms.grace === 0
    const delay = final ? undefined : immediate ? floorOf(error, policy) : yield* delayOf(error)
    report({ _tag: "CallFailed", operation: method, error, retryIn: delay })
    if (delay === undefined) return yield* toSessionError(error, method)
    if (delay > 0) yield* Effect.interruptible(Effect.sleep(delay))
  }
})
