/**
 * A renewal under way, and those who wait for it. It runs as the session's own: callers only wait, so no caller's abort can
 * lose a rotated token, and waiting costs one callback.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Credential } from "../Credential.ts"
import * as Renewal from "../Renewal.ts"
import { SessionClosed, type SessionError, StoreUnavailable } from "../SessionError.ts"
import type { SessionRecord } from "../SessionRecord.ts"
import { onUnchanged } from "./displacement.ts"
import { lose } from "./ending.ts"
import { saveNow } from "./keeping.ts"
import type { Live } from "./live.ts"

/** Why the last renewal failed, and until when that is the answer to everybody; on the monotonic clock. */
export interface Failure {
  readonly error: SessionError
  readonly until: number
}

/** How long a refusal of the credentials stands before they are tried again, in milliseconds. */
const REFUSED_FOR = 60_000

type Landing = Exit.Exit<SessionRecord, SessionError>

export class Flight {
  /** A request waits for it: nothing is served meanwhile, for what would be served was refused. */
  urgent: boolean
  landing: Landing | undefined
  private readonly waiters = new Set<(landing: Landing) => void>()
  private promised: Promise<Landing> | undefined

  constructor(urgent: boolean) {
    this.urgent = urgent
  }

  land(landing: Landing): void {
    this.landing = landing
    for (const waiter of this.waiters) waiter(landing)
  }
  /** Calls back when it has landed; gives a function that stops the waiting. */
  wait(waiter: (landing: Landing) => void): () => void {
    if (this.landing !== undefined) waiter(this.landing)
    else this.waiters.add(waiter)
    return () => void this.waiters.delete(waiter)
  }
  /** One promise for all who cannot give up waiting. */
  get promise(): Promise<Landing> {
    this.promised ??= new Promise((resolve) => void this.wait(resolve))
    return this.promised
  }
}

export const coolingDown = (live: Live): boolean => live.failure !== undefined && live.elapsed() < live.failure.until

// What the server has refused for good is not asked again until something changes.
const coolDown = (live: Live, error: SessionError): number => {
  const standard = Duration.toMillis(live.policy.coolDown)
  if (error._tag === "AuthUnavailable") return Math.max(standard, error.retryAfter ?? 0)
  return error._tag === "SignInRejected" || error._tag === "SessionLost" ? Math.max(standard, REFUSED_FOR) : standard
}

const closedError = (live: Live): SessionError =>
  live.ended ?? new SessionClosed({ message: "The session was signed out. Connect again to sign in." })

const errorOf = (live: Live, exit: Exit.Failure<unknown, SessionError>): SessionError => {
  for (const reason of exit.cause.reasons) {
    if (reason._tag === "Fail") return reason.error
    if (reason._tag === "Die") {
      return new StoreUnavailable({
        message: `The store failed unexpectedly (${reason.defect instanceof Error ? reason.defect.name : typeof reason.defect}).`
      })
    }
  }
  return closedError(live)
}

const landed = (live: Live, flight: Flight, before: number, exit: Landing): void => {
  live.flight = undefined
  live.calling = undefined
  if (Exit.isSuccess(exit)) {
    live.failure = undefined
    const adopted = exit.value.generation > before && exit.value.generation !== live.record.generation
    if (adopted) live.adopt(exit.value)
    else live.take(exit.value)
    flight.land(exit)
    return
  }
  const error = errorOf(live, exit)
  if (error._tag === "SessionLost" && error.why === "signed-out") lose(live)
  else if (!live.closed) {
    live.failure = { error, until: live.elapsed() + coolDown(live, error) }
    live.emit({ ...live.base(), _tag: "RenewalFailed", error })
  }
  flight.land(Exit.fail(error))
}

/** Starts a renewal of what generation `used` obtained. `challenged`: the server has refused it. */
export const startRenewal = (live: Live, used: number, urgent: boolean, challenged = false): Flight => {
  const flight = new Flight(urgent)
  live.flight = flight
  const before = live.record.generation
  const request = { used, attended: !live.opened, urgent, onUnchanged: onUnchanged(live, challenged) }
  // What the store does not have yet, it must not be asked to renew from.
  const renewal = Effect.andThen(saveNow(live), Renewal.renew(live, request))
  live.fork(Effect.onExit(renewal, (exit) => Effect.sync(() => landed(live, flight, before, exit))))
  return flight
}

/** What there is for who needs something newer than `used`: a credential, an error, or a renewal to wait for. */
const found = (live: Live, used: number, challenged: boolean): Credential | SessionError | Flight => {
  if (live.closed || live.ended !== undefined) return closedError(live)
  if (live.record.generation > used) {
    const credential = live.credentialUnsafe()
    if (credential !== undefined) return credential
  }
  if (live.flight === undefined && live.failure !== undefined && coolingDown(live)) return live.failure.error
  const from = Math.max(used, live.current === undefined ? 0 : live.record.generation)
  // One that is over as soon as it began is joined all the same: what came of it is this caller's answer.
  const flight = live.flight ?? startRenewal(live, from, true, challenged)
  flight.urgent = true
  return flight
}

/** What a landing means to who waited for something newer than `used`; `undefined` to look again. */
const answer = (live: Live, used: number, landing: Landing): Credential | SessionError | undefined => {
  if (Exit.isFailure(landing)) return errorOf(live, landing)
  if (landing.value.generation <= used || live.current === undefined || live.closed) return undefined
  // Opening is no use: a session that nobody used yet is not renewed for nobody.
  if (live.opened) live.usedAt = live.now()
  return live.current
}

/** A credential newer than `used`. */
export const renewed = (live: Live, used: number, challenged: boolean): Effect.Effect<Credential, SessionError> =>
  Effect.suspend((): Effect.Effect<Credential, SessionError> => {
    const one = found(live, used, challenged)
    if (!(one instanceof Flight)) return one instanceof Error ? Effect.fail(one) : Effect.succeed(one)
    const from = live.elapsed()
    const landing = Effect.ensuring(
      Effect.callback<Landing>((resume) => Effect.sync(one.wait((landing) => resume(Effect.succeed(landing))))),
      Effect.sync(() => live.telemetry.waited(live.elapsed() - from))
    )
    return Effect.flatMap(landing, (landing) => {
      const result = answer(live, used, landing)
      if (result === undefined) return renewed(live, used, challenged)
      return result instanceof Error ? Effect.fail(result) : Effect.succeed(result)
    })
  })

const landingOf = (flight: Flight, signal: AbortSignal | undefined): Promise<Landing> =>
  signal === undefined
    ? flight.promise
    : new Promise((resolve, reject) => {
        const stop = flight.wait((landing) => {
          signal.removeEventListener("abort", abort)
          resolve(landing)
        })
        const abort = () => {
          stop()
          reject(signal.reason)
        }
        signal.addEventListener("abort", abort, { once: true })
      })

/** The same for who waits without an effect; rejects with the `SessionError` itself, or with the signal's reason. */
export const renewedAsync = (
  live: Live,
  used: number,
  challenged: boolean,
  signal: AbortSignal | undefined
): Promise<Credential> => {
  if (signal?.aborted === true) return Promise.reject(signal.reason)
  const one = found(live, used, challenged)
  if (!(one instanceof Flight)) return one instanceof Error ? Promise.reject(one) : Promise.resolve(one)
  const from = live.elapsed()
  const waited = () => live.telemetry.waited(live.elapsed() - from)
  const landing = landingOf(one, signal)
  landing.then(waited, waited)
  return landing.then((landing) => {
    const result = answer(live, used, landing)
    if (result === undefined) return renewedAsync(live, used, challenged, signal)
    if (result instanceof Error) throw result
    return result
  })
}
