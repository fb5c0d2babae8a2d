/** The ways for a verifier to come from the person's browser to this program: `loopback` is one, `outOfBand` another. */
import { type GrantFailure, GrantRejected } from "@keyturn/auth/Grant"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** What came back: the URL that the browser was sent to, whole or from its path on, or the verifier itself. */
export type Answer = string | URL | { readonly verifier: string }

/** A callback that can be used for sign-ins. */
export interface Callback {
  /** Gets ready for one sign-in; the end of the scope undoes it. */
  readonly listen: Effect.Effect<Listening, GrantFailure, Scope.Scope>
}

/** A callback that is ready for one sign-in. */
export interface Listening {
  /** What the server is told (RFC 5849 §2.1): a URL, or `oob`. */
  readonly oauthCallback: string
  /** Sends a person to `url` and waits for what comes back for this temporary token. */
  readonly visit: (url: string, token: string) => Effect.Effect<Visit, GrantFailure>
}

/** A person who came back and waits to see how it went. */
export interface Visit {
  readonly callback: Answer
  /** Shows how it went: `undefined` for well, else the error for people. */
  readonly answer: (problem: string | undefined) => Effect.Effect<void>
}

/**
 * No callback at all: the server shows the person a PIN, and `ask` gets it from them. It is given the URL to open, and
 * resolves to what they typed. If it throws or rejects, the sign-in ends; it should end by itself when nobody answers.
 *
 * @example
 * ```ts
 * oauth1({ …, callback: outOfBand(async (url) => prompt(`Open ${url} and enter the PIN:`)) })
 * ```
 */
export const outOfBand = (ask: (url: string) => Promise<string>): Callback => ({
  listen: Effect.succeed({
    oauthCallback: "oob",
    visit: (url) =>
      Effect.tryPromise({
        try: async () => (await ask(url)).trim(),
        catch: (cause) =>
          new GrantRejected({
            status: 0,
            message: `The PIN could not be asked for: the callback failed (${cause instanceof Error ? cause.name : "thrown"}).`
          })
      }).pipe(Effect.map((verifier) => ({ callback: { verifier }, answer: () => Effect.void })))
  })
})
