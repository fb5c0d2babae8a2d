/** A live session: what it holds, serves and tells. What befalls it is in the modules beside this one. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { Credential } from "../Credential.ts"
import { decide } from "../Decision.ts"
import type { Grant } from "../Grant.ts"
import * as Lifetime from "../Lifetime.ts"
import type { Environment, Progress } from "../Renewal.ts"
import type { SessionHandle, SessionState, SignOutOptions } from "../Session.ts"
import type { SessionClosed, SessionError, SessionLost, StoreUnavailable } from "../SessionError.ts"
import type { SessionEvent } from "../SessionEvent.ts"
import * as SessionRecord from "../SessionRecord.ts"
import type { TokenSet } from "../TokenSet.ts"
import type { Common } from "./common.ts"
import { fingerprint } from "./digest.ts"
import type { Displacement } from "./displacement.ts"
import { close, signOutEverywhere } from "./ending.ts"
import { coolingDown, type Failure, type Flight, renewed, renewedAsync, startRenewal } from "./flight.ts"
import type { Heartbeat } from "./heartbeat.ts"
import { look, saveLater } from "./keeping.ts"
import { elapsed, type Timed } from "./timers.ts"

/** The longest single sleep: what is due is judged by the wall clock again at least this often. */
const LONGEST_SLEEP = 60 * 60 * 1000

/** Whether two records hold the same tokens: a number alone does not say so once a store has failed. */
export const isSame = (a: SessionRecord.SessionRecord, b: SessionRecord.SessionRecord): boolean =>
  a.generation === b.generation &&
  a.tokens !== undefined &&
  b.tokens !== undefined &&
  Redacted.value(a.tokens.accessToken) === Redacted.value(b.tokens.accessToken)

const tell = (listener: Listener, event: SessionEvent): void => {
  try {
    listener(event)
  } catch {
    // A listener's mistake is not the session's.
  }
}

type Listener = (event: SessionEvent) => void

// A process may hold a hundred thousand of them: what they share is in `common`, what is seldom there is made when it is.
export class Live implements SessionHandle, Environment, Timed {
  readonly common: Common
  readonly grant: Grant
  /** The store's key of the first slot, and the one of this session's own. */
  readonly account: string
  key: string
  /** The lease that stands for the place in the slot. */
  seat: string | undefined
  readonly holder: string
  record: SessionRecord.SessionRecord = SessionRecord.none
  current: Credential | undefined
  private mark: string | undefined
  /** When the tokens are due, and when they are on the monotonic clock. */
  renewAt: number | undefined
  renewDue = 0
  due = 0
  place = -1
  usedAt = 0
  obtainedGeneration = 0
  /** The newest generation that was refused: a thousand requests refused at once are one event. */
  challenged = 0
  opened = false
  closed = false
  /** The last event is out. */
  over = false
  /** It signs everybody out. */
  ending = false
  /** Somebody else did. */
  ended: SessionLost | undefined
  flight: Flight | undefined
  calling: "refresh" | "signIn" | undefined
  failure: Failure | undefined
  /** Tokens that the server gave and the store could not take yet. */
  unsaved: SessionRecord.SessionRecord | undefined
  displacements: ReadonlyArray<Displacement> | undefined
  heartbeat: Heartbeat | undefined
  subscription: Effect.Effect<void> | undefined
  /** Done when everything that closing does is. */
  closing: Deferred.Deferred<void> | undefined
  fibers: Set<Fiber.Fiber<unknown, unknown>> | undefined
  private givenUp: Deferred.Deferred<void> | undefined
  private readonly told: Listener | undefined
  private listeners: Set<Listener> | undefined

  constructor(common: Common, grant: Grant, account: string, holder: string, told: Listener | undefined) {
    this.common = common
    this.grant = grant
    this.account = account
    this.key = account
    this.holder = holder
    this.told = told
  }

  get store() {
    return this.common.store
  }
  get context() {
    return this.common.context
  }
  get terms() {
    return this.common.terms
  }
  get policy() {
    return this.common.policy
  }
  get telemetry() {
    return this.common.telemetry
  }
  get scheme() {
    return this.common.context.scheme
  }
  get renewable(): boolean {
    return this.grant.refresh !== undefined || this.grant.signIn !== "never"
  }
  /** Completes when the session closes and will wait no longer. */
  get abandoned(): Deferred.Deferred<void> {
    this.givenUp ??= Deferred.makeUnsafe<void>()
    return this.givenUp
  }

  now(): number {
    return this.common.clock.currentTimeMillisUnsafe()
  }
  elapsed(): number {
    return elapsed(this.common.clock)
  }
  lastUsedAt(): number {
    return this.usedAt
  }
  obtained(): number {
    return this.obtainedGeneration
  }

  /** Runs something that ends with the session. */
  fork(effect: Effect.Effect<unknown, unknown>): void {
    const fiber = this.common.runFork(effect)
    if (fiber.pollUnsafe() !== undefined) return
    this.fibers ??= new Set()
    this.fibers.add(fiber)
    fiber.addObserver(() => this.left(fiber))
  }

  private left(fiber: Fiber.Fiber<unknown, unknown>): void {
    this.fibers?.delete(fiber)
    if (this.fibers?.size !== 0 || this.closed) return
    this.fibers = undefined
    this.givenUp = undefined
  }
  /** Somebody changed the record or the lease. */
  woken(): void {
    if (this.flight === undefined && !this.closed && this.opened) this.fork(look(this))
  }

  emit(event: SessionEvent): void {
    const { listeners, told } = this
    if (told !== undefined && !this.over) tell(told, event)
    this.telemetry.onEvent(event, this)
    if (listeners !== undefined) for (const listener of listeners) tell(listener, event)
  }
  base() {
    return { at: this.now(), session: this.key, generation: this.record.generation }
  }
  /** Who comes after the last event hears that one, instead of waiting for ever. */
  onEvent(listener: Listener): () => void {
    if (this.over) listener({ ...this.base(), _tag: "Closed" })
    else {
      this.listeners ??= new Set()
      this.listeners.add(listener)
    }
    return () => void this.listeners?.delete(listener)
  }
  /** Tells the last event. */
  finish(): void {
    this.current = undefined
    this.emit({ ...this.base(), _tag: "Closed" })
    this.over = true
    this.listeners = undefined
  }

  /** Goes on with a record: that of a renewal here, or of somebody else's. */
  take(next: SessionRecord.SessionRecord): void {
    if (this.current !== undefined && isSame(next, this.record)) {
      this.record = next
      return
    }
    const { common, grant } = this
    const { tokens } = next
    this.record = next
    common.timers.cancel(this)
    this.current =
      tokens === undefined ? undefined : new Credential(common.context.scheme, next.generation, tokens, grant.signer)
    this.mark = tokens && fingerprint(tokens.accessToken)
    this.renewAt =
      tokens === undefined || !this.renewable
        ? undefined
        : Lifetime.renewAt(tokens, common.terms, common.policy, Math.random())
    if (this.renewAt === undefined || this.closed) return
    this.renewDue = this.elapsed() + this.renewAt - this.now()
    this.onDue()
  }

  /**
   * Time passed by the monotonic clock. It is judged by the wall clock too, so that neither a suspended machine nor a
   * corrected clock makes a renewal late by more than one use.
   */
  onDue(): void {
    const { renewAt } = this
    if (renewAt === undefined || this.closed) return
    const left = Math.min(this.renewDue - this.elapsed(), renewAt - this.now())
    if (left > 0) {
      this.common.timers.set(this, Math.min(left, LONGEST_SLEEP), this.common.runFork)
      return
    }
    // A session that nobody used since its tokens came stays as it is until somebody does.
    const used = this.usedAt >= (this.record.tokens?.issuedAt ?? 0)
    if (used && this.flight === undefined && !coolingDown(this)) startRenewal(this, this.record.generation, false)
  }

  adopt(next: SessionRecord.SessionRecord): void {
    this.take(next)
    this.emit({ ...this.base(), _tag: "Adopted", ...this.shown(next.tokens) })
  }
  private shown(tokens: TokenSet | undefined) {
    return { fingerprint: this.mark ?? "", expiresAt: tokens?.expiresAt }
  }

  report(progress: Progress): void {
    switch (progress._tag) {
      case "Calling":
        this.calling = progress.operation
        break
      case "Obtained": {
        const { method, record: next, took } = progress
        this.obtainedGeneration = next.generation
        this.take(next)
        const _tag = method === "signIn" ? "SignedIn" : "Refreshed"
        this.emit({ ...this.base(), _tag, took, ...this.shown(next.tokens) })
        break
      }
      case "AnswerLost":
        this.emit({ ...this.base(), _tag: "AnswerLost", operation: progress.operation, attempt: progress.attempt })
        break
      case "CallFailed": {
        const { error, operation, retryIn } = progress
        this.emit({ ...this.base(), _tag: "CallFailed", operation, error: error.message, retryIn })
        break
      }
      case "Unsaved":
        this.unsaved = progress.record
        this.emit({ ...this.base(), _tag: "StoreFailed", operation: "write", message: progress.error.message })
        this.fork(saveLater(this))
        break
    }
  }

  credentialUnsafe(): Credential | undefined {
    if (this.current === undefined || this.closed || this.flight?.urgent === true) return undefined
    const at = this.now()
    const { renewAt } = this
    const decision = decide(this.record, at, { _tag: "Use", lastUsedAt: this.usedAt, renewAt }, this.terms)
    if (decision._tag === "Wait") return undefined
    this.usedAt = at
    if (decision._tag === "ServeAndRenew" && this.flight === undefined && !coolingDown(this)) {
      startRenewal(this, this.record.generation, false)
    }
    return this.current
  }
  get credential(): Effect.Effect<Credential, SessionError> {
    return Effect.suspend(() => {
      const credential = this.credentialUnsafe()
      return credential === undefined ? renewed(this, this.record.generation, false) : Effect.succeed(credential)
    })
  }
  credentialAsync(signal?: AbortSignal): Promise<Credential> {
    return renewedAsync(this, this.record.generation, false, signal)
  }
  renew(refused: Credential): Effect.Effect<Credential, SessionError> {
    return Effect.suspend(() => {
      this.challenge(refused)
      return renewed(this, refused.generation, true)
    })
  }
  renewAsync(refused: Credential, signal?: AbortSignal): Promise<Credential> {
    this.challenge(refused)
    return renewedAsync(this, refused.generation, true, signal)
  }
  private challenge({ generation }: Credential): void {
    if (generation <= this.challenged) return
    this.challenged = generation
    this.emit({ ...this.base(), _tag: "Challenged", generation })
  }

  isOutdated(refused: Credential): Effect.Effect<boolean> {
    return this.store.read(this.key).pipe(
      Effect.map((stored) => stored.generation > refused.generation || stored.marker !== undefined),
      Effect.orElseSucceed(() => false)
    )
  }
  excuse(): void {
    this.displacements = this.displacements?.slice(0, -1)
  }
  replayed(sent: Credential): void {
    this.emit({ ...this.base(), _tag: "Replayed", generation: sent.generation })
  }
  state(): SessionState {
    const { tokens } = this.record
    return {
      status: this.closed
        ? "closed"
        : this.flight !== undefined
          ? "renewing"
          : this.failure !== undefined
            ? "failing"
            : "active",
      generation: this.record.generation,
      fingerprint: this.mark,
      issuedAt: tokens?.issuedAt,
      expiresAt: tokens?.expiresAt,
      renewAt: this.renewAt,
      scope: tokens?.scope,
      error: this.failure?.error
    }
  }
  expiresAt(): number | undefined {
    return this.record.tokens?.expiresAt
  }

  signOut(): Effect.Effect<void>
  signOut(options: SignOutOptions): Effect.Effect<void, StoreUnavailable | SessionClosed>
  signOut(options?: SignOutOptions): Effect.Effect<void, StoreUnavailable | SessionClosed> {
    return options?.everywhere === true ? signOutEverywhere(this) : close(this)
  }
}
