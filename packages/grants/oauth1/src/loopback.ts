/**
 * The callback for programs on a person's own machine: a listener on the loopback address that lives only as long as the
 * sign-in, and the person's own browser. For Node.
 */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { GrantRejected } from "@keyturn/auth/Grant"
import { ConfigurationError } from "@keyturn/auth/SessionError"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Callback, Visit } from "./Callback.ts"
import { openBrowser } from "./internal/browser.ts"
import { headers, page } from "./internal/page.ts"

/** How a browser is sent away and comes back. */
export interface LoopbackOptions {
  /**
   * The callback that the server is told: http, on `127.0.0.1`, `[::1]` or (for servers that take nothing else) `localhost`.
   * Without a port a free one is taken. Default `http://127.0.0.1/callback`.
   */
  readonly callbackUrl?: string
  /**
   * Opens the URL for the person. Default: the system's browser, and the URL on standard error for whoever has none. The
   * URL is shown there too when this fails.
   */
  readonly open?: (url: string) => unknown
  /** How long the person may take. Default 5 minutes. Some servers do not tell a program that the person refused. */
  readonly timeout?: Duration.Input
}

const hosts: Readonly<Record<string, string>> = { "127.0.0.1": "127.0.0.1", "[::1]": "::1", localhost: "127.0.0.1" }

const rejected = (message: string) => new GrantRejected({ status: 0, message })

const announce = (url: string): void => console.error(`To sign in, open this page in a browser:\n\n  ${url}\n`)

const openByDefault = (url: string): void => {
  announce(url)
  openBrowser(url)
}

const respond = (response: http.ServerResponse, status: number, title: string, text: string): Promise<void> =>
  new Promise((resolve) => {
    // A browser that went away is not waited for.
    response.on("close", resolve)
    response.writeHead(status, headers).end(page(title, text), () => resolve())
  })

/** Starts a listener; the scope's end closes it and every connection to it. */
const serve = (port: number, host: string, handle: http.RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<http.Server, GrantRejected>((resume) => {
      const server = http.createServer(handle)
      server.once("error", (error: NodeJS.ErrnoException) =>
        resume(
          Effect.fail(
            rejected(
              `The browser could not come back here: ${error.code ?? "listening failed"} on ${host}:${port}. ${port === 0 ? "Check that this machine lets programs listen on its loopback address." : "Something else uses that port: end it, or leave the port out of the callback URL."}`
            )
          )
        )
      )
      server.listen(port, host, () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )

/**
 * A callback to this machine. The listener takes only the browser that comes back with the temporary token that was sent
 * away with it; anything else that calls is told so and changes nothing.
 *
 * Throws `ConfigurationError` when the callback URL is not one of this machine.
 *
 * @example
 * ```ts
 * oauth1({ …, callback: loopback() })
 * ```
 */
export const loopback = (options: LoopbackOptions = {}): Callback => {
  const { callbackUrl = "http://127.0.0.1/callback", open = openByDefault } = options
  const timeout = Duration.fromInputUnsafe(options.timeout ?? "5 minutes")
  const base = URL.canParse(callbackUrl) ? new URL(callbackUrl) : undefined
  const host = base?.protocol === "http:" ? hosts[base.hostname] : undefined
  if (base === undefined || host === undefined) {
    throw new ConfigurationError({
      message:
        "A loopback callback is an http URL on 127.0.0.1, [::1] or localhost, such as http://127.0.0.1/callback. For another one give the URL itself as callback, and use begin() and complete()."
    })
  }
  return {
    listen: Effect.gen(function* () {
      const visited = Deferred.makeUnsafe<Visit>()
      let expected: string | undefined
      const server = yield* serve(Number(base.port), host, (request, response) => {
        const came = new URL(request.url ?? "/", base)
        const tokens = [came.searchParams.get("oauth_token"), came.searchParams.get("denied")]
        if (came.pathname !== base.pathname) {
          void respond(response, 404, "Nothing here", "This address is only for coming back from signing in.")
        } else if (request.method !== "GET") {
          void respond(response, 405, "Not like this", "A sign-in comes back as a plain visit to this address.")
        } else if (expected === undefined || !tokens.includes(expected)) {
          void respond(
            response,
            400,
            "Not this sign-in",
            "This does not answer the sign-in that is waiting. Use the newest link that the program showed."
          )
        } else {
          expected = undefined
          const show = (problem: string | undefined) =>
            Effect.promise(() =>
              problem === undefined
                ? respond(response, 200, "You are signed in", "You can close this page and go back to the program.")
                : respond(response, 400, "You are not signed in", problem)
            )
          Deferred.doneUnsafe(visited, Effect.succeed({ answer: came, show }))
        }
      })
      const uri = new URL(base)
      uri.port = String((server.address() as AddressInfo).port)
      return {
        oauthCallback: uri.href,
        visit: (url, token) =>
          Effect.gen(function* () {
            expected = token
            yield* Effect.ignore(
              Effect.tryPromise(async () => {
                try {
                  await open(url)
                } catch {
                  announce(url)
                }
              })
            )
            return yield* Deferred.await(visited)
          }).pipe(
            Effect.timeoutOrElse({
              duration: timeout,
              orElse: () =>
                Effect.fail(
                  rejected(
                    `Nobody came back from signing in within ${Duration.toSeconds(timeout)} s: the person refused, or is not there. Start again to ask once more.`
                  )
                )
            })
          )
      }
    })
  }
}
