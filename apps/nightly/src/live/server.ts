/**
 * The live page's server. It listens on this machine alone, answers only to its own name (a page from elsewhere that points
 * a name of its own at this machine gets nothing), and takes orders only from its own page.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { systemCause } from "../failure.ts"
import { LiveUnavailable } from "./failure.ts"
import type { Feed } from "./feed.ts"

/** What is served, and what is done on demand. */
export interface Live {
  /** Files by path: their type and their text. */
  readonly files: Readonly<Record<string, readonly [type: string, text: string]>>
  readonly feed: Feed
  /** What the buttons do, by id. */
  readonly actions: Readonly<Record<string, () => void>>
}

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const headers = {
  "cache-control": "no-store",
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}

/** A follower that does not read is let go: nobody's memory fills because a page sleeps. */
const BACKLOG = 2 ** 20

const follow = (feed: Feed, request: IncomingMessage, response: ServerResponse) => {
  response.writeHead(200, { ...headers, "content-type": "text/event-stream" })
  const send = (text: string) => {
    if (response.writableLength > BACKLOG) response.destroy()
    else response.write(text)
  }
  request.once("close", feed.follow({ send }))
}

const handle = ({ actions, feed, files }: Live, origins: ReadonlyArray<string>) => {
  const say = (response: ServerResponse, status: number, type = "text/plain", text = "") =>
    response.writeHead(status, { ...headers, "content-type": `${type}; charset=utf-8` }).end(text)
  return (request: IncomingMessage, response: ServerResponse): unknown => {
    const { host, origin } = request.headers
    if (!origins.includes(`http://${host}`)) return say(response, 421, "text/plain", "Not this host.")
    const path = (request.url ?? "/").split("?", 1)[0] as string
    if (request.method === "POST") {
      // A browser always says where a POST comes from (Fetch, §3.2).
      if (origin !== `http://${host}`) return say(response, 403, "text/plain", "Not from here.")
      const id = path.startsWith("/do/") ? path.slice(4) : ""
      if (!Object.hasOwn(actions, id)) return say(response, 404)
      actions[id]?.()
      return say(response, 204)
    }
    if (request.method !== "GET" && request.method !== "HEAD") return say(response, 405)
    if (path === "/events") return follow(feed, request, response)
    const file = files[path]
    return file === undefined ? say(response, 404) : say(response, 200, ...file)
  }
}

/** Serves the page for as long as the scope is open. Gives its URL. */
export const serve = (live: Live): Effect.Effect<string, LiveUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        const server = createServer()
        await new Promise<void>((resolve, reject) => {
          server.once("error", reject).listen(0, "127.0.0.1", resolve)
        })
        const { port } = server.address() as AddressInfo
        server.on("request", handle(live, [`http://127.0.0.1:${port}`, `http://localhost:${port}`]))
        return { server, url: `http://127.0.0.1:${port}/` }
      },
      catch: (error) =>
        new LiveUnavailable({ message: `The live page cannot be served on 127.0.0.1: ${systemCause(error)}.` })
    }),
    ({ server }) =>
      Effect.promise(() => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()))
        server.closeAllConnections()
        return closed
      })
  ).pipe(Effect.map(({ url }) => url))
