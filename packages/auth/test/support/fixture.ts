/** What the tests of a session share: its options over a model server, and a request as a program would make it. */
import type { Contract, SecurityScheme, SessionDescription } from "@keyturn/contract"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Credential } from "../../src/Credential.ts"
import type { GrantContext } from "../../src/Grant.ts"
import * as Policy from "../../src/Policy.ts"
import * as Session from "../../src/Session.ts"
import { type SessionError, StoreUnavailable } from "../../src/SessionError.ts"
import type { SessionEvent } from "../../src/SessionEvent.ts"
import * as SessionStore from "../../src/SessionStore.ts"
import { type Authority, type GrantOptions, grantOf } from "./authority.ts"

const scheme: SecurityScheme = { type: "http", scheme: "bearer" }

export const contract: Contract = {
  name: "model",
  servers: [{ url: "https://api.example.com" }],
  schemes: { session: scheme },
  security: { default: [{ session: [] }], operations: {} }
}

export const contextOf = (description: SessionDescription = {}): GrantContext => ({
  scheme,
  description,
  baseUrl: "https://api.example.com",
  declaredUrl: "https://api.example.com",
  scopes: [],
  transport: () => Effect.die("the model has no transport"),
  deadline: Policy.make().deadline
})

export interface FixtureOptions extends GrantOptions {
  readonly store?: SessionStore.SessionStore
  readonly description?: SessionDescription
  readonly policy?: Policy.PolicyInput
  readonly onEvent?: (event: SessionEvent) => void
}

/** The options of a session with the model server. */
export const optionsOf = (authority: Authority, options: FixtureOptions = {}): Session.Options => ({
  contract,
  schemeName: "session",
  grant: grantOf(authority, options),
  context: contextOf(options.description),
  store: options.store ?? SessionStore.memory(),
  // Without jitter, so that a test can say when something happens.
  policy: Policy.make({ ...options.policy, renewal: { jitter: 0, ...options.policy?.renewal } }),
  onEvent: options.onEvent
})

/** Opens a session in the test's scope and gives it with its events so far. */
export const open = (authority: Authority, options: FixtureOptions = {}) =>
  Effect.gen(function* () {
    const events: Array<SessionEvent> = []
    const made = optionsOf(authority, {
      ...options,
      onEvent: (event) => {
        events.push(event)
        options.onEvent?.(event)
      }
    })
    const session = yield* Session.make(made)
    return Object.assign(session, {
      log: events,
      tags: () => events.map(({ _tag }) => _tag),
      grantCalls: (made.grant as ReturnType<typeof grantOf>).calls
    })
  })

export const tokenOf = (credential: Credential): string =>
  Redacted.value(credential.placed?.value ?? Redacted.make("")).replace(/^Bearer /, "")

/** A request as the request path makes it: send, and after a 401 renew and send once more. */
export const request = (session: Session.Session, authority: Authority): Effect.Effect<200 | 401, SessionError> =>
  Effect.gen(function* () {
    const first = session.credentialUnsafe() ?? (yield* session.credential)
    const status = authority.use(yield* Clock.currentTimeMillis, tokenOf(first))
    if (status === 200) return status
    const second = yield* session.renew(first)
    session.replayed(second)
    return authority.use(yield* Clock.currentTimeMillis, tokenOf(second))
  })

/** A store whose calls are counted, and can be made to fail: before they happen, or after. */
export const watched = (inner: SessionStore.SessionStore = SessionStore.memory()) => {
  const calls: Array<string> = []
  let fault: ((operation: string, n: number) => "before" | "after" | undefined) | undefined
  const through =
    <A extends ReadonlyArray<unknown>, B, E, R>(operation: string, call: (...args: A) => Effect.Effect<B, E, R>) =>
    (...args: A): Effect.Effect<B, E, R> =>
      Effect.suspend(() => {
        calls.push(operation)
        const when = fault?.(operation, calls.filter((name) => name === operation).length)
        const fail = Effect.suspend(() => Effect.fail(new StoreUnavailable({ message: `${operation} failed` }) as E))
        if (when === "before") return fail
        return when === "after" ? Effect.andThen(call(...args), fail) : call(...args)
      })
  const store: SessionStore.SessionStore = {
    shared: inner.shared,
    read: through("read", inner.read),
    write: through("write", inner.write),
    acquire: through("acquire", inner.acquire),
    release: through("release", inner.release),
    subscribe: through("subscribe", inner.subscribe),
    hold: through("hold", inner.hold),
    leave: through("leave", inner.leave)
  }
  return {
    inner,
    store,
    calls,
    fail: (when: typeof fault) => {
      fault = when
    }
  }
}
