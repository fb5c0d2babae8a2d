/**
 * The session: one scoped resource. Making it signs in, or adopts what the store holds; while it lives it renews on a
 * schedule and on demand, one flight at a time; closing its scope signs out if it was the last holder.
 *
 * A renewal runs in the session's own scope. Callers only wait for it, so no caller's abort can lose a rotated token.
 */
import type { Contract, SecurityScheme } from "@keyturn/contract"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Credential } from "./Credential.ts"
import { decide } from "./Decision.ts"
import type { Grant, GrantContext } from "./Grant.ts"
import { fingerprint, randomId } from "./internal/digest.ts"
import * as Lifetime from "./Lifetime.ts"
import type { Policy } from "./Policy.ts"
import * as Renewal from "./Renewal.ts"
import { SessionClosed, SessionDisplaced, type SessionError, StoreUnavailable } from "./SessionError.ts"
import type { SessionEvent } from "./SessionEvent.ts"
import * as SessionRecord from "./SessionRecord.ts"
import * as SessionStore from "./SessionStore.ts"
import * as Telemetry from "./Telemetry.ts"
import type { TokenSet } from "./TokenSet.ts"

/** A session at a glance, safe to show. */
export interface SessionState {
  /** `failing` still serves while its token works; `closed` is for good. */
  readonly status: "active" | "renewing" | "failing" | "closed"
  /** Grows with every sign-in and refresh, in whichever process; 0 before the first. */
  readonly generation: number
  /** Names the access token in hand without telling it, as in the events: the same in every process. */
  readonly fingerprint: string | undefined
  /** When the tokens came, in milliseconds since the epoch. */
  readonly issuedAt: number | undefined
  /** When they end, in milliseconds since the epoch, if the server said so. */
  readonly expiresAt: number | undefined
  /** When they are due to be renewed, in milliseconds since the epoch; `undefined` for what is only renewed on demand. */
  readonly renewAt: number | undefined
  /** The granted scopes, when they are known. */
  readonly scope: ReadonlyArray<string> | undefined
  /** Why the last renewal failed; gone with the next one that succeeds. */
  readonly error: SessionError | undefined
}

/** A live session. */
export interface Session {
  /** The store's key: names the API, scheme and account. */
  readonly key: string
  readonly scheme: SecurityScheme
  /**
   * Whether the session can get another credential at all, be it one that a person gave to somebody who shares the store; a
   * token made elsewhere cannot be renewed here.
   */
  readonly renewable: boolean
  /**
   * The credential to send now, or `undefined` when one has to be waited for. It touches no store, lock or timer; a due
   * token starts its renewal in the background.
   */
  readonly credentialUnsafe: () => Credential | undefined
  /** The credential to send, renewed first if need be. */
  readonly credential: Effect.Effect<Credential, SessionError>
  /** A newer credential than `refused`, to which the server answered 401. */
  readonly renew: (refused: Credential) => Effect.Effect<Credential, SessionError>
  /**
   * Whether somebody else who shares the store has renewed since this credential, or is at it now: then `renew` takes that
   * over. Reads the store; `false` when that fails.
   */
  readonly isOutdated: (refused: Credential) => Effect.Effect<boolean>
  /** The newest generation that was obtained here and not adopted from the store; 0 for none. */
  readonly obtained: () => number
  /** Says that a fresh token was refused like the one before it: what was refused was the operation, and nobody's fault. */
  readonly excuse: () => void
  /** Says that a request was sent again. */
  readonly replayed: (credential: Credential) => void
  readonly state: () => SessionState
  /** Events from now on; ends with the session. */
  readonly events: Stream.Stream<SessionEvent>
  /**
   * Calls `listener` with every event from now on and gives back a function that stops it. A throwing listener is ignored;
   * one that comes after the end hears `Closed`.
   */
  readonly onEvent: (listener: (event: SessionEvent) => void) => () => void
  /** Leaves the session now instead of at the end of its scope. */
  readonly signOut: Effect.Effect<void>
}

/** What a session is made of. */
export interface Options {
  readonly contract: Contract
  /** The scheme's name in the contract. */
  readonly schemeName: string
  readonly grant: Grant
  readonly context: GrantContext
  readonly store: SessionStore.SessionStore
  readonly policy: Policy
  readonly onEvent?: ((event: SessionEvent) => void) | undefined
}

interface Flight {
  readonly done: Deferred.Deferred<SessionRecord.SessionRecord, SessionError>
  /** A request waits for it: nothing is served meanwhile, for what would be served was refused. */
  urgent: boolean
}

/** The longest single sleep: what is due is judged by the wall clock again at least this often. */
const LONGEST_SLEEP = 60 * 60 * 1000

/** How long a refusal of the credentials stands before they are tried again. */
const REFUSED_FOR = 60_000

/** Whether two records hold the same tokens: a number alone does not say so once a store has failed. */
const isSame = (a: SessionRecord.SessionRecord, b: SessionRecord.SessionRecord): boolean =>
  a.generation === b.generation &&
  a.tokens !== undefined &&
  b.tokens !== undefined &&
  Redacted.value(a.tokens.accessToken) === Redacted.value(b.tokens.accessToken)

/** The store's key of a session: the API and server, the scheme, the account and the scopes it was made for. */
export const keyOf = (options: Pick<Options, "contract" | "schemeName" | "grant" | "context">): string => {
  const { context, contract, grant, schemeName } = options
  // Tenants of one host may differ by path alone.
  const { origin, pathname } = new URL(context.baseUrl)
  const parts = [contract.name, origin + pathname.replace(/\/+$/, ""), schemeName, grant.name, grant.identity]
  if (context.scopes.length > 0) parts.push([...context.scopes].sort().join(" "))
  return parts.map(encodeURIComponent).join("|")
}

/**
 * Makes a session and signs in, or adopts the one in the store.
 *
 * Fails with `SignInRejected`, `AuthUnavailable`, `TokenAnswerInvalid`, `SessionBusy` or `StoreUnavailable`.
 */
export const make = (options: Options): Effect.Effect<Session, SessionError, Scope.Scope> =>
  Effect.gen(function* () {
    const { context, grant, policy } = options
    // What can never change is not worth keeping anywhere.
    const fixed = grant.signIn === "never" && grant.refresh === undefined
    const store = fixed ? SessionStore.memory() : options.store
    const key = keyOf(options)
    const holder = randomId()
    const clock = yield* Effect.clockWith(Effect.succeed)
    const runFork = Effect.runForkWith(yield* Effect.context())
    const scope = yield* Scope.make()
    const abandoned = Deferred.makeUnsafe<void>()
    const refreshable = grant.refresh !== undefined
    const terms = Lifetime.terms(context.description, grant.signIn, refreshable)
    const renewable = refreshable || grant.signIn !== "never"
    const listeners = new Set<(event: SessionEvent) => void>()
    if (options.onEvent !== undefined) listeners.add(options.onEvent)
    const telemetry = yield* Telemetry.make({
      api: options.contract.name,
      scheme: options.schemeName,
      expiresAt: () => record.tokens?.expiresAt
    })
    listeners.add(telemetry.onEvent)

    let record: SessionRecord.SessionRecord = SessionRecord.none
    let credential: Credential | undefined
    let mark: string | undefined
    let renewAt: number | undefined
    let lastUsedAt = 0
    let opened = false
    let closed = false
    /** The last event is out. */
    let over = false
    let flight: Flight | undefined
    let timer: Fiber.Fiber<void> | undefined
    let failure: { readonly error: SessionError; readonly until: number } | undefined
    let obtainedGeneration = 0
    /** Tokens that the server gave and the store could not take yet. */
    let unsaved: SessionRecord.SessionRecord | undefined
    /** The newest generation that was refused: a thousand requests refused at once are one event. */
    let challenged = 0
    let displacements: ReadonlyArray<{ readonly at: number; readonly generation: number }> = []

    const now = () => clock.currentTimeMillisUnsafe()
    /** How long something has lasted is not for the wall clock to say: it may be set. */
    const elapsed = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
    const fork = <A, E>(effect: Effect.Effect<A, E>) =>
      runFork(Effect.forkIn(effect, scope, { startImmediately: true }))

    const emit = (event: SessionEvent) => {
      for (const listener of listeners) {
        try {
          listener(event)
        } catch {
          // A listener's mistake is not the session's.
        }
      }
    }
    const base = () => ({ at: now(), session: key, generation: record.generation })
    /** Who comes after the last event hears that one, instead of waiting for ever. */
    const listen = (listener: (event: SessionEvent) => void) => {
      if (over) listener({ ...base(), _tag: "Closed" })
      else listeners.add(listener)
      return () => void listeners.delete(listener)
    }

    // The schedule. It sleeps by the monotonic clock and judges by the wall clock too, so that neither a suspended
    // machine nor a corrected clock makes it late by more than one use.
    const schedule = Effect.gen(function* () {
      let left = (renewAt ?? Number.POSITIVE_INFINITY) - now()
      while (left > 0) {
        const nap = Math.min(left, LONGEST_SLEEP)
        yield* Effect.sleep(nap)
        left = Math.min(left - nap, (renewAt ?? 0) - now())
      }
      // A session that nobody used since its tokens came stays as it is until somebody does.
      const used = lastUsedAt >= (record.tokens?.issuedAt ?? 0)
      if (used && flight === undefined && !coolingDown()) startRenewal(record.generation, false)
    })

    const take = (next: SessionRecord.SessionRecord) => {
      if (credential !== undefined && isSame(next, record)) {
        record = next
        return
      }
      record = next
      timer?.interruptUnsafe()
      timer = undefined
      const { tokens } = next
      credential =
        tokens === undefined ? undefined : new Credential(context.scheme, next.generation, tokens, grant.signer)
      mark = tokens === undefined ? undefined : fingerprint(tokens.accessToken)
      renewAt = tokens === undefined || !renewable ? undefined : Lifetime.renewAt(tokens, terms, policy, Math.random())
      if (renewAt !== undefined && !closed) timer = runFork(Effect.interruptible(schedule))
    }

    const obtained = (tokens: TokenSet | undefined) => ({ fingerprint: mark ?? "", expiresAt: tokens?.expiresAt })

    const report = (progress: Renewal.Progress): Effect.Effect<void> =>
      Effect.sync(() => {
        switch (progress._tag) {
          case "Obtained": {
            const { method, record: next, took } = progress
            obtainedGeneration = next.generation
            take(next)
            emit({ ...base(), _tag: method === "signIn" ? "SignedIn" : "Refreshed", took, ...obtained(next.tokens) })
            break
          }
          case "AnswerLost":
            emit({ ...base(), _tag: "AnswerLost", operation: progress.operation, attempt: progress.attempt })
            break
          case "CallFailed": {
            const { error, operation, retryIn } = progress
            emit({ ...base(), _tag: "CallFailed", operation, error: error.message, retryIn })
            break
          }
          case "Unsaved":
            unsaved = progress.record
            emit({ ...base(), _tag: "StoreFailed", operation: "write", message: progress.error.message })
            fork(saveLater)
            break
        }
      })

    // I3: tokens that could not be stored are used meanwhile, and stored as soon as the store is back, unless somebody
    // else has gone on from what was stored before.
    const saveNow = Effect.gen(function* () {
      const pending = unsaved
      if (pending === undefined) return
      const stored = yield* store.write(key, pending)
      // The write that failed may have happened. If it did not, somebody has gone on, and theirs is the session.
      const theirs = stored ? pending : yield* store.read(key)
      if (unsaved !== pending) return
      unsaved = undefined
      if (!isSame(theirs, pending) && theirs.tokens !== undefined && Renewal.isProven(theirs, grant)) {
        take(theirs)
        emit({ ...base(), _tag: "Adopted", ...obtained(theirs.tokens) })
      }
    })
    const saveLater = Effect.gen(function* () {
      while (unsaved !== undefined) {
        yield* Effect.sleep(1000)
        yield* Effect.ignore(saveNow)
      }
    })

    const env: Renewal.Environment = {
      store,
      key,
      grant,
      context,
      terms,
      policy,
      lastUsedAt: () => lastUsedAt,
      report,
      telemetry,
      abandoned
    }

    // What the server has refused for good is not asked again until something changes.
    const coolDown = (error: SessionError): number => {
      const standard = Duration.toMillis(policy.coolDown)
      if (error._tag === "AuthUnavailable") return Math.max(standard, error.retryAfter ?? 0)
      return error._tag === "SignInRejected" || error._tag === "SessionLost"
        ? Math.max(standard, REFUSED_FOR)
        : standard
    }

    // A stranger signed in: the server refused a token that should work, and nobody who shares the store renewed it or
    // was about to. Where only a person could sign in again it was one who ended it, and nobody fights over it.
    const onUnchanged = (wasRefused: boolean) => (stored: SessionRecord.SessionRecord) =>
      Effect.suspend((): Effect.Effect<void, SessionError> => {
        const { expiresAt } = stored.tokens ?? {}
        if (
          !wasRefused ||
          (!refreshable && grant.signIn === "interactive") ||
          stored.tokens === undefined ||
          stored.marker !== undefined ||
          (expiresAt !== undefined && now() >= expiresAt)
        ) {
          return Effect.void
        }
        // Each generation that was ended counts once, however often that is noticed.
        const at = elapsed()
        const since = at - Duration.toMillis(policy.displacement.window)
        const known = displacements.some(({ generation }) => generation === stored.generation)
        displacements = displacements.filter((one) => one.at > since)
        if (!known) displacements = [...displacements, { at, generation: stored.generation }]
        const times = displacements.length
        if (!known) emit({ ...base(), _tag: "Displaced", times })
        if (times > policy.displacement.budget) {
          return Effect.fail(
            new SessionDisplaced({
              times,
              message: `The server ended this session ${times} times within ${Duration.toMinutes(policy.displacement.window)} minutes though it had not expired: something else signs in with the same account. Give each program its own account, or let them share one store.`
            })
          )
        }
        return times <= 1 ? Effect.void : Effect.sleep(Duration.times(policy.displacement.backOff, 2 ** (times - 2)))
      })

    const startRenewal = (used: number, urgent: boolean, challenged = false): Flight => {
      const started: Flight = { done: Deferred.makeUnsafe(), urgent }
      flight = started
      const before = record.generation
      // What the store does not have yet, it must not be asked to renew from.
      const renewal = Effect.andThen(
        saveNow,
        Renewal.renew(env, { used, attended: !opened, urgent, onUnchanged: onUnchanged(challenged) })
      )
      fork(
        Effect.onExit(renewal, (exit) =>
          Effect.sync(() => {
            flight = undefined
            if (Exit.isSuccess(exit)) {
              failure = undefined
              const adopted = exit.value.generation > before && exit.value.generation !== record.generation
              take(exit.value)
              if (adopted) emit({ ...base(), _tag: "Adopted", ...obtained(record.tokens) })
              Deferred.doneUnsafe(started.done, exit)
              return
            }
            const error = errorOf(exit)
            if (!closed) {
              failure = { error, until: elapsed() + coolDown(error) }
              emit({ ...base(), _tag: "RenewalFailed", error })
            }
            Deferred.doneUnsafe(started.done, Exit.fail(error))
          })
        )
      )
      return started
    }

    const errorOf = (exit: Exit.Failure<unknown, SessionError>): SessionError => {
      for (const reason of exit.cause.reasons) {
        if (reason._tag === "Fail") return reason.error
        if (reason._tag === "Die") {
          return new StoreUnavailable({
            message: `The store failed unexpectedly (${reason.defect instanceof Error ? reason.defect.name : typeof reason.defect}).`
          })
        }
      }
      return closedError()
    }
    const closedError = () => new SessionClosed({ message: "The session was signed out. Connect again to sign in." })

    const coolingDown = () => failure !== undefined && elapsed() < failure.until

    const usable = (): Credential | undefined => {
      if (credential === undefined || closed || flight?.urgent === true) return undefined
      const at = now()
      const decision = decide(record, at, { _tag: "Use", lastUsedAt, renewAt }, terms)
      if (decision._tag === "Wait") return undefined
      lastUsedAt = at
      if (decision._tag === "ServeAndRenew" && flight === undefined && !coolingDown()) {
        startRenewal(record.generation, false)
      }
      return credential
    }

    const renewed = (used: number, challenged: boolean): Effect.Effect<Credential, SessionError> =>
      Effect.suspend((): Effect.Effect<Credential, SessionError> => {
        if (closed) return Effect.fail(closedError())
        if (record.generation > used) {
          const current = usable()
          if (current !== undefined) return Effect.succeed(current)
        }
        if (flight === undefined && failure !== undefined && coolingDown()) return Effect.fail(failure.error)
        // One that is over as soon as it began is joined all the same: what came of it is this caller's answer.
        const joined =
          flight ?? startRenewal(Math.max(used, credential === undefined ? 0 : record.generation), true, challenged)
        joined.urgent = true
        const from = elapsed()
        const landed = Effect.ensuring(
          Deferred.await(joined.done),
          Effect.sync(() => telemetry.waited(elapsed() - from))
        )
        return Effect.flatMap(landed, (result) =>
          result.generation > used && credential !== undefined && !closed
            ? Effect.sync(() => {
                // Opening is no use: a session that nobody used yet is not renewed for nobody.
                if (opened) lastUsedAt = now()
                return credential as Credential
              })
            : renewed(used, challenged)
        )
      })

    // Somebody changed the record: take newer tokens over before the old ones are refused.
    const look = Effect.gen(function* () {
      const stored = yield* store.read(key)
      if (closed || flight !== undefined || stored.generation <= record.generation) return
      if (stored.tokens === undefined || !Renewal.isProven(stored, grant)) return
      failure = undefined
      take(stored)
      emit({ ...base(), _tag: "Adopted", ...obtained(stored.tokens) })
    }).pipe(Effect.ignore)

    const leave = (end: boolean, by: number) =>
      Effect.gen(function* () {
        yield* Effect.ignore(saveNow)
        const last = yield* Effect.result(store.leave(key, holder, end))
        // What the store never got nobody else can use, whatever the store says now.
        const own = unsaved?.tokens
        if (Result.isFailure(last) && own === undefined) return yield* last.failure
        const tokens = own ?? (Result.isSuccess(last) ? last.success?.tokens : undefined)
        if (!end || tokens === undefined || grant.signOut === undefined) return
        // 401: the session was over already, which is what was asked for.
        const ended = Effect.catchTag(grant.signOut(context, tokens), "GrantRejected", (error) =>
          error.status === 401 ? Effect.void : Effect.fail(error)
        )
        yield* telemetry.call("signOut", false, ended)
        emit({ ...base(), _tag: "SignedOut" })
      }).pipe(
        Effect.timeoutOrElse({
          duration: Math.max(0, by - elapsed()),
          orElse: () => Effect.sync(() => emit({ ...base(), _tag: "SignOutFailed", message: "It took too long." }))
        }),
        Effect.catch((error) => Effect.sync(() => emit({ ...base(), _tag: "SignOutFailed", message: error.message })))
      )

    // Closing: no new flight, the one in the air lands (or is given up at half of the deadline), then the last holder signs
    // out in what is left of it.
    const close = Effect.suspend(() => {
      if (closed) return Effect.void
      closed = true
      timer?.interruptUnsafe()
      return Effect.gen(function* () {
        // Nobody waits for a person whose program has gone.
        const unattended = !opened && grant.signIn === "interactive"
        const longest = Duration.toMillis(policy.deadline.signOut)
        const by = elapsed() + longest
        const giveUp = yield* Effect.sleep(unattended ? 0 : longest / 2).pipe(
          Effect.andThen(Deferred.succeed(abandoned, undefined)),
          Effect.forkDetach
        )
        yield* Scope.close(scope, Exit.void)
        yield* Fiber.interrupt(giveUp)
        yield* leave((opened || obtainedGeneration > 0) && policy.onClose === "signOut", by)
        credential = undefined
        over = true
        emit({ ...base(), _tag: "Closed" })
        listeners.clear()
      })
    }).pipe(Effect.uninterruptible)

    yield* Effect.addFinalizer(() => close)
    yield* Scope.provide(
      store.subscribe(key, () => {
        if (flight === undefined && !closed && opened) fork(look)
      }),
      scope
    )
    const holdFor = store.shared ? Duration.toMillis(policy.heartbeat) * 3 : Number.POSITIVE_INFINITY
    yield* store.hold(key, holder, holdFor)
    if (store.shared) {
      fork(
        Effect.forever(Effect.andThen(Effect.sleep(policy.heartbeat), Effect.ignore(store.hold(key, holder, holdFor))))
      )
    }
    yield* renewed(0, false)
    opened = true

    return {
      key,
      scheme: context.scheme,
      renewable,
      credentialUnsafe: usable,
      credential: Effect.suspend(() => {
        const current = usable()
        return current === undefined ? renewed(record.generation, false) : Effect.succeed(current)
      }),
      renew: (refused) =>
        Effect.suspend(() => {
          if (refused.generation > challenged) {
            challenged = refused.generation
            emit({ ...base(), _tag: "Challenged", generation: refused.generation })
          }
          return renewed(refused.generation, true)
        }),
      isOutdated: (refused) =>
        store.read(key).pipe(
          Effect.map((stored) => stored.generation > refused.generation || stored.marker !== undefined),
          Effect.orElseSucceed(() => false)
        ),
      obtained: () => obtainedGeneration,
      excuse: () => {
        displacements = displacements.slice(0, -1)
      },
      replayed: (sent) => emit({ ...base(), _tag: "Replayed", generation: sent.generation }),
      state: () => ({
        status: closed ? "closed" : flight !== undefined ? "renewing" : failure !== undefined ? "failing" : "active",
        generation: record.generation,
        fingerprint: mark,
        issuedAt: record.tokens?.issuedAt,
        expiresAt: record.tokens?.expiresAt,
        renewAt,
        scope: record.tokens?.scope,
        error: failure?.error
      }),
      events: Stream.callback<SessionEvent>((queue) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            return listen((event) => {
              Queue.offerUnsafe(queue, event)
              if (event._tag === "Closed") Queue.endUnsafe(queue)
            })
          }),
          (stop) => Effect.sync(stop)
        )
      ),
      onEvent: listen,
      signOut: close
    } satisfies Session
  })
