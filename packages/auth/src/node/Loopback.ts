/**
 * A person's own browser, sent away and awaited on the loopback address of their machine (RFC 8252 §7.3). For Node, and for
 * grants: programs use the `loopback()` of theirs.
 */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type GrantFailure, GrantRejected } from "../Grant.ts"
import { ConfigurationError } from "../SessionError.ts"
import { openBrowser } from "./browser.ts"
import { headers, page } from "./page.ts"

/** What people who use a grant may choose. */
export interface Options {
  /**
   * Opens the URL for the person. Default: the system's browser, and the URL on standard error for whoever has none. The
   * URL is shown there too when this fails.
   */
  readonly open?: (url: string) => unknown
  /** How long the person may take. Default 5 minutes. Some servers do not tell a program that the person refused. */
  readonly timeout?: Duration.Input
}

/** What the grant itself says. */
export interface Settings extends Options {
  /**
   * Where the browser comes back to: http, on `127.0.0.1`, `[::1]` or (for servers that take nothing else) `localhost`.
   * Without a port a free one is taken.
   */
  readonly url: string
  /** Whether this callback answers the sign-in of that key: what the grant sent away with the person. */
  readonly answers: (callback: URL, key: string) => boolean
}

/** A listener that is ready for one sign-in. */
export interface Listening {
  /** Where browsers come back to, with the port. */
  readonly url: string
  /** Sends a person to `url` and waits for the browser that comes back and answers `key`. */
  readonly visit: (url: string, key: string) => Effect.Effect<Visit, GrantFailure>
}

/** A browser that came back and waits for a page. */
export interface Visit {
  readonly callback: URL
  /** Shows how it went: `undefined` for well, else the error for people. */
  readonly answer: (problem: string | undefined) => Effect.Effect<void>
}

const hosts: Readonly<Record<string, string>> = { "127.0.0.1": "127.0.0.1", "[::1]": "::1", localhost: "127.0.0.1" }

const show = (url: string): void => console.error(`To sign in, open this page in a browser:\n\n  ${url}\n`)

const openByDefault = (url: string): void => {
  show(url)
  openBrowser(url)
}

const rejected = (message: string) => new GrantRejected({ status: 0, message })

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
              `The browser could not come back here: ${error.code ?? "listening failed"} on ${host}:${port}. ${port === 0 ? "Check that this machine lets programs listen on its loopback address." : "Something else uses that port: end it, or leave the port out of the URL to come back to."}`
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
 * Gets ready for sign-ins at this machine, each with a listener that lives as long as its scope. The listener takes only
 * the browser that comes back with the key that was sent away with it; anything else that calls is told so and changes
 * nothing.
 *
 * Throws `ConfigurationError` when the URL is not one of this machine. A visit fails with `GrantRejected` when the port is
 * taken, or nobody comes back in time.
 */
export const make = (settings: Settings): Effect.Effect<Listening, GrantFailure, Scope.Scope> => {
  const { answers, open = openByDefault } = settings
  const timeout = Duration.fromInputUnsafe(settings.timeout ?? "5 minutes")
  const base = URL.canParse(settings.url) ? new URL(settings.url) : undefined
  const host = base?.protocol === "http:" ? hosts[base.hostname] : undefined
  if (base === undefined || host === undefined) {
    throw new ConfigurationError({
      message:
        "loopback() takes an http URL on 127.0.0.1, [::1] or localhost, such as http://127.0.0.1/callback. For another one give the URL itself in place of loopback(), and use begin() and complete()."
    })
  }
  return Effect.gen(function* () {
    const visited = Deferred.makeUnsafe<Visit>()
    let expected: string | undefined
    const server = yield* serve(Number(base.port), host, (request, response) => {
      const callback = new URL(request.url ?? "/", base)
      if (callback.pathname !== base.pathname) {
        void respond(response, 404, "Nothing here", "This address is only for coming back from signing in.")
      } else if (request.method !== "GET") {
        void respond(response, 405, "Not like this", "A sign-in comes back as a plain visit to this address.")
      } else if (expected === undefined || !answers(callback, expected)) {
        void respond(
          response,
          400,
          "Not this sign-in",
          "This does not answer the sign-in that is waiting. Use the newest link that the program showed."
        )
      } else {
        expected = undefined
        const answer = (problem: string | undefined) =>
          Effect.promise(() =>
            problem === undefined
              ? respond(response, 200, "You are signed in", "You can close this page and go back to the program.")
              : respond(response, 400, "You are not signed in", problem)
          )
        Deferred.doneUnsafe(visited, Effect.succeed({ callback, answer }))
      }
    })
    const url = new URL(base)
    url.port = String((server.address() as AddressInfo).port)
    const sendAway = (to: string) =>
      Effect.promise(async () => {
        try {
          await open(to)
        } catch {
          show(to)
        }
      })
    return {
      url: url.href,
      visit: (to, key) =>
        Effect.suspend(() => {
          expected = key
          // Whoever opens the page may stay until the person is through: nobody waits for that.
          return Effect.andThen(Effect.forkChild(sendAway(to)), Deferred.await(visited))
        }).pipe(
          Effect.timeoutOrElse({
            duration: timeout,
            orElse: () =>
              Effect.fail(
                rejected(
                  `Nobody came back from signing in within ${Duration.toSeconds(timeout)} s: the person refused, or is not there. Start again when somebody is.`
                )
              )
          })
        )
    }
  })
}
