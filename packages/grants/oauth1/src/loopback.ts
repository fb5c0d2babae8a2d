/** The callback for programs on a person's own machine. For Node. */
import * as Loopback from "@keyturn/auth/Loopback"
import * as Effect from "effect/Effect"
import type { Callback } from "./Callback.ts"

/** How a browser is sent away and comes back. */
export interface LoopbackOptions extends Loopback.Options {
  /**
   * The callback that the server is told: http, on `127.0.0.1`, `[::1]` or (for servers that take nothing else) `localhost`.
   * Without a port a free one is taken. Default `http://127.0.0.1/callback`.
   */
  readonly callbackUrl?: string
}

/**
 * A callback to this machine, to a listener that lives only as long as the sign-in. It takes only the browser that comes
 * back with the temporary token that was sent away with it; anything else that calls is told so and changes nothing.
 *
 * Throws `ConfigurationError` when the callback URL is not one of this machine.
 *
 * @example
 * ```ts
 * oauth1({ …, callback: loopback() })
 * ```
 */
export const loopback = ({
  callbackUrl = "http://127.0.0.1/callback",
  ...options
}: LoopbackOptions = {}): Callback => ({
  listen: Effect.map(
    Loopback.make({
      ...options,
      url: callbackUrl,
      answers: ({ searchParams }, token) =>
        [searchParams.get("oauth_token"), searchParams.get("denied")].includes(token)
    }),
    ({ url, visit }) => ({ oauthCallback: url, visit })
  )
})
