/**
 * One renewal, from the first read to the released lease: the protocol that every store and grant shares. It decides
 * nothing by itself; `Decision.decide` does. What it guarantees is the order: marker before the call, tokens stored
 * before anybody uses them, compare-and-set on the version around both.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import { decide, type Trigger } from "./Decision.ts"
import { type Grant, type GrantContext, type GrantFailure, GrantUnavailable } from "./Grant.ts"
import { isProvedBy, prove, randomId } from "./internal/digest.ts"
import { dated, type Terms } from "./Lifetime.ts"
import type { Policy } from "./Policy.ts"
import {
  AuthUnavailable,
  SessionBusy,
  type SessionError,
  SessionLost,
  SignInRejected,
  StoreUnavailable,
  TokenAnswerInvalid
} from "./SessionError.ts"
import * as SessionRecord from "./SessionRecord.ts"
import type { SessionStore } from "./SessionStore.ts"
import type { Telemetry } from "./Telemetry.ts"
import { merge, type TokenSet, withoutRefreshToken } from "./TokenSet.ts"

/** What happens on the way, for whoever wants to tell about it. */
export type Progress =
  | {
      readonly _tag: "Obtained"
      readonly method: "refresh" | "signIn"
      readonly record: SessionRecord.SessionRecord
      readonly took: number
    }
  | { readonly _tag: "AnswerLost"; readonly operation: "refresh" | "signIn"; readonly attempt: number }
  | {
      readonly _tag: "CallFailed"
      readonly operation: "refresh" | "signIn"
      readonly error: GrantFailure
      readonly retryIn: number | undefined
    }
  | { readonly _tag: "Unsaved"; readonly record: SessionRecord.SessionRecord; readonly error: StoreUnavailable }

/** What a renewal works with. */
export interface Environment {
  readonly store: SessionStore
  readonly key: string
  readonly grant: Grant
  readonly context: GrantContext
  readonly terms: Terms
  readonly policy: Policy
  readonly lastUsedAt: () => number
  readonly report: (progress: Progress) => Effect.Effect<void>
  readonly telemetry: Telemetry
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
  readonly onUnchanged: (record: SessionRecord.SessionRecord) => Effect.Effect<void, SessionError>
}

/** Whether the stored session is one for this grant: made with its secret, and not about to be replaced. */
export const isProven = (record: SessionRecord.SessionRecord, grant: Grant): boolean =>
  grant.fresh?.() !== true &&
  (grant.secret === undefined || (record.proof !== undefined && isProvedBy(record.proof, grant.secret)))

/** How much longer than its call a lease lasts: time to store what came back. */
const LEASE_MARGIN = 5000
/** Waiters hear of a change from the store; they also look by themselves, in case word was lost. */
const POLL = Duration.millis(500)

type Step = SessionRecord.SessionRecord | "again"

const lost = (why: SessionLost["why"]): SessionLost => {
  const message: Record<SessionLost["why"], string> = {
    "refresh-token-spent":
      "A refresh was sent twice and never answered, and its token can be used only once. A person has to sign in again.",
    "refresh-rejected":
      "The server refused the refresh token: it has expired, was revoked, or an earlier refresh has used it up. Use the newest one, or have a person sign in again.",
    "interaction-required": "The session has ended and only a person can sign in. Sign in again.",
    "not-renewable":
      "The token was refused and there is no way to get another one here. Make a new token and give that.",
    "signed-out": "The session was signed out everywhere. Connect again to sign in."
  }
  return new SessionLost({ why, message: message[why] })
}

const misunderstood =
  "The request may not have been understood: check that the contract's x-session sends the media type and the fields that the API expects, usually as application/x-www-form-urlencoded."
const refusedCredentials =
  "Check the login and the password (or client id and secret), that the account is active and may use the API, and that this URL is where the API signs in."

const signInRejected = (error: Extract<GrantFailure, { _tag: "GrantRejected" }>): SignInRejected => {
  const cure =
    error.status === 404 || error.status === 405
      ? "There is no sign-in at this URL: check the base URL against the contract's server."
      : error.status < 400
        ? ""
        : error.status === 415 || error.code === "invalid_request"
          ? misunderstood
          : error.status === 400 && error.code === undefined
            ? `${misunderstood} ${refusedCredentials}`
            : refusedCredentials
  return new SignInRejected({
    status: error.status,
    code: error.code,
    message: `Sign-in was refused. ${error.message}${cure === "" ? "" : ` ${cure}`}`
  })
}

/** What a grant's failure means to whoever wanted a session. */
export const toSessionError = (error: GrantFailure, operation: "refresh" | "signIn"): SessionError => {
  switch (error._tag) {
    case "GrantRejected":
      return operation === "signIn" ? signInRejected(error) : lost("refresh-rejected")
    case "GrantAnswerInvalid":
      return new TokenAnswerInvalid({ operation, status: error.status, message: error.message })
    case "GrantUnavailable":
      return new AuthUnavailable({
        operation,
        status: error.status,
        retryAfter: error.retryAfter,
        message: error.message,
        ...(error.cause === undefined ? {} : { cause: error.cause })
      })
  }
}

const now = Effect.clockWith((clock) => Effect.succeed(clock.currentTimeMillisUnsafe()))
/** Milliseconds on a clock that nobody sets. */
const elapsed = Effect.clockWith((clock) => Effect.succeed(Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)))

/** The call itself. It cannot be interrupted, only abandoned: what comes back has to reach the store. */
const call = (
  env: Environment,
  request: Request,
  method: "refresh" | "signIn",
  tokens: TokenSet | undefined,
  longest: number
) => {
  const { context, grant } = env
  const effect =
    method === "refresh" && grant.refresh !== undefined && tokens !== undefined
      ? grant.refresh(context, tokens)
      : grant.obtain(context)
  const abandoned = Effect.flatMap(Deferred.await(env.abandoned), () =>
    Effect.fail(new GrantUnavailable({ ambiguous: true, message: "The session was closed before the answer came." }))
  )
  const bounded = Effect.raceFirst(effect, abandoned).pipe(
    Effect.timeoutOrElse({
      duration: longest,
      orElse: () =>
        Effect.fail(
          new GrantUnavailable({
            ambiguous: true,
            message: `The grant ${grant.name} did not end within ${longest} ms.`
          })
        )
    }),
    Effect.catchDefect((defect) =>
      Effect.fail(
        new GrantUnavailable({
          ambiguous: true,
          message: `The grant ${grant.name} failed unexpectedly (${defect instanceof Error ? defect.name : typeof defect}).`
        })
      )
    )
  )
  return env.telemetry.call(method, !request.attended, bounded)
}

/** A person takes longer than a lease lasts: it is extended while a sign-in waits for one. */
const extend = ({ key, store }: Environment, owner: string, ttl: number): Effect.Effect<never> =>
  Effect.forever(Effect.andThen(Effect.sleep(ttl / 3), Effect.ignore(store.acquire(key, owner, ttl))))

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
    Effect.catchTag("StoreUnavailable", (error) => Effect.as(env.report({ _tag: "Unsaved", record, error }), true))
  )

/** Somebody took the record over while our call was out: theirs is the session. Ours ends if it stands beside theirs. */
const discard = (env: Environment, method: "refresh" | "signIn", tokens: TokenSet) => {
  const limit = env.context.description.limit
  const room = limit?.serviceAccounts ?? limit?.sessions ?? Number.POSITIVE_INFINITY
  return method === "signIn" && room > 1 && env.grant.signOut !== undefined
    ? Effect.ignore(env.grant.signOut(env.context, tokens))
    : Effect.void
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
const delays = (policy: Policy): Effect.Effect<DelayOf> =>
  Effect.map(
    Schedule.toStep(policy.retry),
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
const underLease = Effect.fnUntraced(function* (env: Environment, owner: string, request: Request) {
  const { grant, key, policy, report, store, terms } = env
  const delayOf = yield* delays(policy)
  let rejected = false
  for (;;) {
    // Each call gets a full lease; one that ran out meanwhile is not taken back over somebody else's head.
    const longest = Math.max(Duration.toMillis(policy.deadline.signIn), Duration.toMillis(policy.deadline.refresh))
    const ttl = longest + LEASE_MARGIN
    if (!(yield* store.acquire(key, owner, ttl))) return "again" as Step
    const record = yield* store.read(key)
    const decision = decide(record, yield* now, triggerOf(env, request, record, true), terms)
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
    const at = yield* now
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
    // A grant keeps its deadline itself; one that does not must not outlive the lease. A person has all the time.
    const patient = method === "signIn" && grant.signIn === "interactive"
    const limit = Duration.toMillis(deadline) + LEASE_MARGIN / 2
    const grace = attempt > 1 && terms.grace > 0 ? Math.max(1, graceFrom + terms.grace - at) : limit
    const calling = call(
      env,
      request,
      method,
      record.tokens,
      patient ? Number.POSITIVE_INFINITY : Math.min(limit, grace)
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
        ended: undefined,
        proof: grant.secret === undefined ? undefined : prove(grant.secret)
      })
      if (!(yield* save(env, stored))) {
        yield* discard(env, method, tokens)
        return "again" as Step
      }
      yield* report({ _tag: "Obtained", method, record: stored, took: (yield* now) - at })
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
        yield* report({ _tag: "CallFailed", operation: method, error, retryIn: undefined })
        if (rejected) continue
        return yield* new AuthUnavailable({
          operation: method,
          status: error.status,
          message: `The refresh was turned away, though not for its token, which is kept. ${error.message} Check the base URL, the client's credentials and the network, then try again.`
        })
      }
    } else yield* report({ _tag: "AnswerLost", operation: method, attempt })
    // A sign-in that was refused or makes no sense will be so again. A refresh without an answer goes on to what the
    // decision says of its marker; only a further try of the same kind has to wait.
    // Nor is a person asked again by a schedule, or what they gave spent twice.
    const final = method === "signIn" && (error._tag !== "GrantUnavailable" || grant.signIn === "interactive")
    const immediate = !answered && method === "refresh" && terms.signIn === "headless" && terms.grace === 0
    const delay = final ? undefined : immediate ? floorOf(error, policy) : yield* delayOf(error)
    yield* report({ _tag: "CallFailed", operation: method, error, retryIn: delay })
    if (delay === undefined) return yield* toSessionError(error, method)
    if (delay > 0) yield* Effect.interruptible(Effect.sleep(delay))
  }
})

const triggerOf = (
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
export const renew = (env: Environment, request: Request): Effect.Effect<SessionRecord.SessionRecord, SessionError> =>
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
          Effect.ensuring(Effect.ignore(store.release(key, owner)))
        )
        if (step !== "again") return step
      }
      return yield* new SessionBusy({
        message: "Other processes kept changing this session while it was being renewed. Nothing was spent; try again."
      })
    })
  )
