/**
 * A store over an engine that keeps texts. The engine does seven small atomic things; encoding, encryption, the record at
 * the end of a session, and patience with an engine that is away for a moment are here, once for all of them.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Cipher, isSealed } from "./Encryption.ts"
import * as EngineClock from "./internal/engine-clock.ts"
import * as Lineage from "./internal/lineage.ts"
import { StoreUnavailable } from "./SessionError.ts"
import * as SessionRecord from "./SessionRecord.ts"
import type { Listed, SessionStore } from "./SessionStore.ts"

/** A record as an engine keeps it. */
export interface Stored {
  /** 1 for the first; what is compared. Read as 0 it says that there is none. */
  readonly version: number
  readonly text: string
  /**
   * The engine's clock when it was read, in milliseconds since the epoch. Left out by an engine on whose machine all its users
   * run: there is one clock then.
   */
  readonly now?: number
}

/**
 * What an engine does. Each call is one atomic step. Each may be repeated with the same arguments, because an answer can get
 * lost, and then answers the same unless somebody else has written since.
 */
export interface Engine {
  /** The record, or `undefined` when there is none. */
  readonly read: (key: string) => Promise<Stored | undefined>
  /** Stores `next` if the stored version is `next.version - 1` (0: none), or if `next` is what is stored. */
  readonly write: (key: string, next: Stored) => Promise<boolean>
  /** As `SessionStore.acquire`, by the engine's clock. */
  readonly acquire: (key: string, owner: string, ttl: number) => Promise<boolean>
  /** As `SessionStore.release`. */
  readonly release: (key: string, owner: string) => Promise<void>
  /** Calls `wake` after changes of the record and released leases; gives a function that stops it, which never fails. */
  readonly subscribe: (key: string, wake: () => void) => Promise<() => void>
  /** As `SessionStore.hold`, by the engine's clock. */
  readonly hold: (key: string, holder: string, ttl: number) => Promise<void>
  /**
   * Stops counting `holder`. Says `held` when somebody else is counted. Else, with `end`, stores that under the rule of
   * `write`, and says `changed` if that could not be.
   */
  readonly leave: (key: string, holder: string, end: Stored | undefined) => Promise<"held" | "left" | "changed">
  /** As `SessionStore.list`. */
  readonly list?: () => Promise<ReadonlyArray<Listed>>
}

/** An engine's failure, judged. A driver's own error is not passed on: some hold the command, and with it the tokens. */
export interface Failure {
  /** What happened and what to do; no secret, no URL with a password. */
  readonly message: string
  /** Whether the same call may well work in a moment. */
  readonly passing: boolean
}

/** What a store over an engine is made from. */
export interface Options {
  readonly engine: Engine
  /** Explains what an engine's call rejected with. */
  readonly judge: (error: unknown) => Failure
  /** Encrypts what is kept. Default: it is kept in the clear. */
  readonly cipher?: Cipher | undefined
  /** How long a single call may take, in milliseconds. Default 3000. */
  readonly attempt?: number
  /** For how long a call is repeated while its failure may pass, in milliseconds. Default 10000. */
  readonly patience?: number
  /** Ends what the engine keeps open. */
  readonly close?: () => Promise<void>
}

/** A store that holds something open. */
export interface ClosableStore extends SessionStore, AsyncDisposable {
  /** Ends the store's own connections, files and timers. Sessions that use it should be closed before. Never fails. */
  readonly close: () => Promise<void>
}

/** The first pause before a call is repeated, and the longest, in milliseconds. */
const PAUSE = { first: 10, longest: 500 }

/** How often an engine is looked at that cannot tell of changes, in milliseconds. */
const POLL = 500

class TookTooLong extends Error {}

/**
 * An engine lives in real time, whatever clock the program runs on. When time is up, what has arrived meanwhile is heard first:
 * it may be this process that stood still, and not the engine.
 */
const within = <A>(milliseconds: number, call: () => Promise<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    let timer = setTimeout(() => {
      timer = setTimeout(() => reject(new TookTooLong()), 0)
    }, milliseconds)
    call()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })

/**
 * Wakes by looking: for an engine that cannot tell of changes, or cannot just now. `stateOf` gives a text that differs when
 * the record or the lease does. Gives a function that stops it; keeps no process alive.
 */
export const poll = async (
  stateOf: () => Promise<string>,
  wake: () => void,
  every: number = POLL
): Promise<() => void> => {
  let last = await stateOf()
  let looking = false
  const look = async () => {
    if (looking) return
    looking = true
    try {
      const state = await stateOf()
      if (state !== last) wake()
      last = state
    } catch {
      // away for a moment; the next look may do better
    } finally {
      looking = false
    }
  }
  const timer: unknown = setInterval(look, every)
  ;(timer as { unref?: () => void }).unref?.()
  return () => clearInterval(timer as number)
}

const damaged = () =>
  new StoreUnavailable({
    message:
      "What is stored is not a session: it was damaged, or written by another program. Delete it, or keep sessions elsewhere."
  })

/** Makes a store over an engine. */
export const make = (options: Options): ClosableStore => {
  const { cipher, engine, judge } = options
  const { list } = engine
  const attempt = options.attempt ?? 3000
  const patience = options.patience ?? 10_000
  const clock = EngineClock.make()
  const lineage = Lineage.make()
  let closed = false

  const judged = (error: unknown): Failure =>
    error instanceof TookTooLong
      ? {
          message: `The store did not answer within ${attempt / 1000} s. Check that it is up and can be reached.`,
          passing: true
        }
      : judge(error)

  const repeat = async <A>(call: (again: boolean) => Promise<A>, signal: AbortSignal): Promise<A> => {
    const until = performance.now() + patience
    let again = false
    for (let pause = PAUSE.first; ; pause = Math.min(pause * 2, PAUSE.longest)) {
      if (closed) throw new StoreUnavailable({ message: "The store was closed. Open it again to use it." })
      try {
        return await within(attempt, () => call(again))
      } catch (error) {
        again = true
        const { message, passing } = judged(error)
        if (!passing || signal.aborted || performance.now() + pause > until) throw new StoreUnavailable({ message })
      }
      // A fleet that was cut off together must not come back in step.
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)))
    }
  }

  const patiently = <A>(call: (again: boolean) => Promise<A>): Effect.Effect<A, StoreUnavailable> =>
    Effect.tryPromise({ try: (signal) => repeat(call, signal), catch: (error) => error as StoreUnavailable })

  const look = async (key: string): Promise<Stored | undefined> => {
    const sentAt = Date.now()
    const stored = await engine.read(key)
    if (stored?.now !== undefined) clock.learn(stored.now, sentAt, Date.now())
    return stored?.version === 0 ? undefined : stored
  }

  // A name of its own makes each text unique: a repeated write is told from another's that happens to say the same.
  const encode = Effect.fnUntraced(function* (key: string, record: SessionRecord.SessionRecord) {
    const plain = SessionRecord.encode(SessionRecord.shift(record, clock.ahead()))
    const body = cipher === undefined ? plain : yield* cipher.seal(key, plain)
    return lineage.sign(key, record.version, body)
  })

  const decode = Effect.fnUntraced(function* (key: string, stored: Stored | undefined) {
    if (stored === undefined) return SessionRecord.none
    lineage.note(key, stored)
    const body = Lineage.bodyOf(stored.text)
    const sealed = isSealed(body)
    if (sealed && cipher === undefined) {
      return yield* new StoreUnavailable({ message: "The stored session is encrypted. Give the store its key." })
    }
    const record = SessionRecord.decode(sealed && cipher !== undefined ? yield* cipher.open(key, body) : body)
    if (record === undefined || record.version !== stored.version) return yield* damaged()
    // Whoever can write to the store could otherwise slip in a session of his own. A record that has ended holds nothing.
    if (!sealed && cipher !== undefined && record.tokens !== undefined) {
      return yield* new StoreUnavailable({
        message:
          "The stored session was written without encryption, and this store has a key. Sign out once without the key, or delete the stored session."
      })
    }
    return SessionRecord.shift(record, -clock.ahead())
  })

  const read = (key: string) =>
    Effect.flatMap(
      patiently(() => look(key)),
      (stored) => decode(key, stored)
    )

  /** Whether a write of ours that was not answered took place, be it that others have written since. */
  const tookPlace = async (key: string, written: Stored): Promise<boolean> => {
    const stored = await look(key)
    return stored !== undefined && Lineage.led(written, stored)
  }

  const write = Effect.fnUntraced(function* (key: string, next: SessionRecord.SessionRecord) {
    const stored = yield* encode(key, next)
    const done = yield* patiently(
      async (again) => (await engine.write(key, stored)) || (again && (await tookPlace(key, stored)))
    )
    if (done) lineage.note(key, stored)
    return done
  })

  const leave = Effect.fnUntraced(function* (key: string, holder: string, end: boolean) {
    for (;;) {
      const before = end ? yield* read(key) : undefined
      const ended = before && SessionRecord.next(before, { tokens: undefined, marker: undefined, proof: undefined })
      const stored = ended && (yield* encode(key, ended))
      const outcome = yield* patiently(async (again) => {
        const said = await engine.leave(key, holder, stored)
        return said !== "left" && again && stored && (await tookPlace(key, stored)) ? "left" : said
      })
      if (outcome === "changed") continue
      lineage.forget(key)
      return outcome === "left" ? before : undefined
    }
  })

  const close = async () => {
    if (closed) return
    closed = true
    await options.close?.().catch(() => {})
  }

  return {
    shared: true,
    read,
    write,
    acquire: (key, owner, ttl) => patiently(() => engine.acquire(key, owner, Math.ceil(ttl))),
    release: (key, owner) => patiently(() => engine.release(key, owner)),
    subscribe: (key, wake) =>
      Effect.asVoid(
        Effect.acquireRelease(
          patiently(() => engine.subscribe(key, wake)),
          (stop) => Effect.sync(stop)
        )
      ),
    hold: (key, holder, ttl) => patiently(() => engine.hold(key, holder, Math.ceil(ttl))),
    leave,
    ...(list && { list: patiently(list) }),
    close,
    [Symbol.asyncDispose]: close
  }
}

/** The same store, closed with the scope. */
export const scoped = <S extends ClosableStore>(make: () => S): Effect.Effect<S, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.sync(make), (store) => Effect.promise(store.close))
