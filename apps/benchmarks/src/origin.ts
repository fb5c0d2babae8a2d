/**
 * The API that the contenders call: `documents/items.yaml`, as little server as will do, so that what is measured is the
 * client. Refresh tokens are single use; a token that was replaced is refused.
 */
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

/** What the origin has seen. */
export interface Stats {
  signIns: number
  refreshes: number
  /** Refresh tokens that were not, or no longer, good. */
  refusedRefreshes: number
  /** API requests, refused ones included. */
  requests: number
  refused: number
}

/** How the origin behaves. Times in milliseconds. */
export interface OriginOptions {
  /** What `expires_in` says, in seconds. Default an hour. */
  readonly expiresIn?: number
  /** How long a token call takes. Default 0. */
  readonly tokenCall?: number
  /** How long the `n`th API request takes, counted from 0. Default 0. */
  readonly answer?: (n: number) => number
  /** Sees every API request, body included: for checking, not while measuring. */
  readonly witness?: (line: string) => void
}

/** A request, whatever carried it here. */
interface Incoming {
  readonly method: string
  readonly path: string
  readonly authorization: string | null
  readonly contentType: string | null
  readonly text: () => Promise<string>
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** The API. */
export interface Origin {
  readonly stats: Stats
  readonly handle: (incoming: Incoming) => Promise<Answer>
  /** Ends the life of every access token given so far, as an expiry or a revocation does. */
  readonly revoke: () => void
  readonly configure: (options: OriginOptions) => void
}

/** The item that every read gives: about 300 bytes of JSON. */
export const item = {
  id: 1,
  name: "A thing with a name of ordinary length",
  tags: ["first", "second", "third"],
  note: "Some words about it. ".repeat(10)
}
const itemText = JSON.stringify(item)
const storedText = JSON.stringify({ stored: true })

export const makeOrigin = (given: OriginOptions = {}): Origin => {
  let options = given
  let issued = 0
  let asked = 0
  const live = new Set<string>()
  const redeemable = new Set<string>()
  const stats: Stats = { signIns: 0, refreshes: 0, refusedRefreshes: 0, requests: 0, refused: 0 }

  const issue = (): Answer => {
    issued++
    const access_token = `access-${issued}-${"x".repeat(40)}`
    const refresh_token = `refresh-${issued}-${"x".repeat(40)}`
    live.add(`Bearer ${access_token}`)
    redeemable.add(refresh_token)
    const body = { access_token, refresh_token, token_type: "Bearer", expires_in: options.expiresIn ?? 3600 }
    return { status: 200, body: JSON.stringify(body) }
  }

  const token = async (incoming: Incoming): Promise<Answer> => {
    const fields = new URLSearchParams(await incoming.text())
    if (options.tokenCall !== undefined) await sleep(options.tokenCall)
    if (fields.get("grant_type") === "password") {
      stats.signIns++
      return issue()
    }
    if (!redeemable.delete(fields.get("refresh_token") ?? "")) {
      stats.refusedRefreshes++
      return { status: 400, body: '{"error":"invalid_grant"}' }
    }
    stats.refreshes++
    live.clear()
    return issue()
  }

  return {
    stats,
    revoke: () => live.clear(),
    configure: (next) => {
      options = next
      asked = 0
    },
    handle: async (incoming) => {
      const { method, path } = incoming
      if (path === "/oauth/token") return token(incoming)
      stats.requests++
      const granted = incoming.authorization !== null && live.has(incoming.authorization)
      if (options.witness !== undefined) {
        const body = method === "POST" ? ` ${incoming.contentType} ${await incoming.text()}` : ""
        options.witness(`${method} ${path} ${granted ? "granted" : "refused"}${body}`)
      }
      if (options.answer !== undefined) {
        const delay = options.answer(asked++)
        if (delay > 0) await sleep(delay)
      }
      if (!granted) {
        stats.refused++
        return { status: 401, body: '{"error":"invalid_token"}' }
      }
      return { status: 200, body: method === "POST" ? storedText : itemText }
    }
  }
}

const headersOf = (status: number): Record<string, string> =>
  status === 401
    ? { "content-type": "application/json", "www-authenticate": 'Bearer error="invalid_token"' }
    : { "content-type": "application/json" }

/** The origin as a `fetch` of this process: nothing on the wire. */
export const fetchOf =
  (origin: Origin): typeof globalThis.fetch =>
  async (input, init) => {
    const request = input instanceof Request && init === undefined ? input : new Request(input, init)
    if (request.signal.aborted) throw request.signal.reason
    const { pathname } = new URL(request.url)
    const { body, status } = await origin.handle({
      method: request.method,
      path: pathname,
      authorization: request.headers.get("authorization"),
      contentType: request.headers.get("content-type"),
      text: () => request.text()
    })
    if (request.signal.aborted) throw request.signal.reason
    return new Response(body, { status, headers: headersOf(status) })
  }

/** The origin on a loopback socket. Bodies are read to their end, as a server has to. */
export const listen = async (origin: Origin): Promise<{ readonly url: string; readonly close: () => void }> => {
  const server: Server = createServer((message, response) => {
    const chunks: Array<Buffer> = []
    message.on("data", (chunk: Buffer) => chunks.push(chunk))
    message.on("end", async () => {
      const { body, status } = await origin.handle({
        method: message.method ?? "GET",
        path: message.url ?? "/",
        authorization: message.headers.authorization ?? null,
        contentType: message.headers["content-type"] ?? null,
        text: async () => Buffer.concat(chunks).toString()
      })
      response.writeHead(status, { ...headersOf(status), "content-length": Buffer.byteLength(body) })
      response.end(body)
    })
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    }
  }
}
