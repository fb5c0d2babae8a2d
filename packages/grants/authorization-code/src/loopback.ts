/** The redirect for programs on a person's own machine (RFC 8252 §7.3). For Node. */
import * as Loopback from "@keyturn/auth/Loopback"
import * as Effect from "effect/Effect"
import type { Redirect } from "./Redirect.ts"

/** How a browser is sent away and comes back. */
export interface LoopbackOptions extends Loopback.Options {
  /**
   * The redirect URI that the client is registered with: http, on `127.0.0.1`, `[::1]` or (for servers that take nothing
   * else) `localhost`. Without a port a free one is taken (RFC 8252 §7.3). Default `http://127.0.0.1/callback`.
   */
  readonly redirectUri?: string
}

/**
 * A redirect to this machine, to a listener that lives only as long as the sign-in. It answers only the browser that comes
 * back with the state that was sent away with it; anything else that calls is told so and changes nothing.
 *
 * Throws `ConfigurationError` when the redirect URI is not one of this machine.
 *
 * @example
 * ```ts
 * authorizationCode({ clientId: "my-cli", redirect: loopback() })
 * ```
 */
export const loopback = ({
  redirectUri = "http://127.0.0.1/callback",
  ...options
}: LoopbackOptions = {}): Redirect => ({
  listen: Effect.map(
    Loopback.make({
      ...options,
      url: redirectUri,
      answers: (callback, state) => callback.searchParams.get("state") === state
    }),
    ({ url, visit }) => ({ redirectUri: url, visit })
  )
})
