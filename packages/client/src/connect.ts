import type { SessionError } from "@keyturn/auth/SessionError"
import { type Options, open as openSession, type SessionHandle } from "@keyturn/auth/SessionHandle"
import type { Contract, PathsOf } from "@keyturn/contract"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { CurrentLoggers } from "effect/References"
import type { Client } from "openapi-fetch"
import { Joined, lazily } from "./join.ts"
import { open } from "./open.ts"
import type { Chosen } from "./operations.ts"
import type { ConnectOptions } from "./options.ts"
import { type ClientSession, clientSession } from "./session.ts"
import { unrefClock } from "./unref-clock.ts"

/** A client that is signed in: openapi-fetch's own, with its session, to be disposed of. */
export type ConnectedClient<Paths extends {}> = Client<Paths> & {
  readonly session: ClientSession
  [Symbol.asyncDispose](): Promise<void>
}

// Who did not ask for Effect hears of a session through its events, and nothing on the console.
const context = Context.make(Clock.Clock, unrefClock).pipe(Context.add(CurrentLoggers, new Set()))

/** How many callers wait, and what keeps the process alive for them: their timers are the session's and do not. */
let waiting = 0
let hold: ReturnType<typeof setInterval> | undefined

const waited = () => {
  if (--waiting === 0) clearInterval(hold)
}

/** Waiting keeps the process alive. */
const wait = <A>(promise: Promise<A>): Promise<A> => {
  if (waiting++ === 0) hold = setInterval(() => {}, 2 ** 30)
  promise.then(waited, waited)
  return promise
}

/** Runs an effect for a caller who waits: the caller's abort rejects as `fetch` does. */
const run = async <A>(effect: Effect.Effect<A, SessionError>, signal?: AbortSignal): Promise<A> => {
  signal?.throwIfAborted()
  const exit = await wait(Effect.runPromiseExitWith(context)(effect, signal === undefined ? {} : { signal }))
  if (Exit.isSuccess(exit)) return exit.value
  if (signal?.aborted === true && Cause.hasInterruptsOnly(exit.cause)) throw signal.reason
  throw Cause.squash(exit.cause)
}

/** Leaves sessions, the last one opened first. */
const closeAll = (sessions: ReadonlyArray<SessionHandle>): Promise<void> =>
  run(Effect.forEach([...sessions].reverse(), (session) => session.signOut(), { discard: true }))

class Connected extends Joined {}

lazily(
  Connected,
  Symbol.asyncDispose,
  ({ opened }) =>
    () =>
      closeAll(Object.values(opened.sessions))
)
lazily(Connected, "session", ({ opened }) =>
  clientSession(opened, async (options) => {
    const sessions = Object.values(opened.sessions)
    if (options?.everywhere === true) {
      for (const session of sessions) await run(session.signOut({ everywhere: true }))
    }
    await closeAll(sessions)
  })
)

const face = { run, wait }

/**
 * Connects to an API: signs in, or takes over the session in the store, and gives openapi-fetch's own client, which stays
 * signed in by itself. Leaving its scope (or `session.signOut()`) signs out if nobody else uses the session.
 *
 * Rejects with a `SessionError` (see `@keyturn/auth`): `ConfigurationError`, `SignInRejected`, `AuthUnavailable`,
 * `TokenAnswerInvalid`, `SessionBusy` or `StoreUnavailable`. Calls of the client reject with one when no credential can be
 * had; an API's own error answers are in `error`, as always with openapi-fetch.
 *
 * @example
 * ```ts
 * await using bench = await connect(contract, {
 *   credentials: { login: process.env.BENCH_LOGIN!, password: process.env.BENCH_PASSWORD! }
 * })
 * const { data } = await bench.GET("/rp/api/v1/Accounts")
 * ```
 */
export const connect = async <
  const C extends Contract,
  const Operations extends ReadonlyArray<string> | undefined = undefined
>(
  contract: C,
  options: ConnectOptions<C, Operations>
): Promise<ConnectedClient<Chosen<PathsOf<C>, Operations>>> => {
  const { credentials, signal, ...rest } = options
  const begun: Array<SessionHandle> = []
  const session = (given: Options) =>
    Effect.map(openSession(given), (one) => {
      begun.push(one)
      return one
    })
  try {
    const opened = await run(open(contract, credentials, rest, { ...face, session }), signal)
    return new Connected(opened) as unknown as ConnectedClient<Chosen<PathsOf<C>, Operations>>
  } catch (error) {
    await closeAll(begun)
    throw error
  }
}
