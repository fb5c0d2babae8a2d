/**
 * Webhooks: what an API posts to you. A signature over the raw bytes tells that it comes from there, and an event that comes
 * again is handled once. Runs wherever `fetch` and WebCrypto do.
 */

/** How an API signs what it posts, and names its events. */
export interface WebhookOptions {
  /** The secret that was agreed with the API. */
  readonly secret: string
  /** The header with the signature. Default `content-hmac`. */
  readonly header?: string
  /** The hash of the HMAC (RFC 2104). Default `SHA-256`. */
  readonly hash?: "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512"
  /** How the signature is written. Default `base64`. */
  readonly encoding?: "base64" | "hex"
  /** What stands before the signature in the header, such as `sha1=`. Default nothing. */
  readonly prefix?: string
  /** What names an event. Default the text at `eventId`; without a name every event is handled. */
  readonly id?: (event: unknown) => string | undefined
  /** The names of how many handled events are kept in memory. Default 10,000. */
  readonly remember?: number
  /** The largest body that is read, in bytes. Default 1 MiB. */
  readonly limit?: number
}

const decode = (text: string, encoding: "base64" | "hex"): Uint8Array<ArrayBuffer> | undefined => {
  if (encoding === "hex") {
    if (!/^(?:[\da-f]{2})+$/i.test(text)) return undefined
    return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  }
  if (!/^[A-Za-z\d+/]+={0,2}$/.test(text) || text.length % 4 === 1) return undefined
  return Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0))
}

const eventId = (event: unknown): string | undefined => {
  const id = typeof event === "object" && event !== null ? (event as { eventId?: unknown }).eventId : undefined
  return typeof id === "string" ? id : undefined
}

/** The body's bytes, or `undefined` when there are more than are read. */
const readBytes = async (request: Request, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

const answer = (status: number, message: string): Response => Response.json({ message }, { status })

/**
 * Makes the receiver of a webhook: a function from the request to the answer, as every server for `fetch` takes it. `handle` is
 * called once for an event, however often it comes; a copy that comes meanwhile waits for the first. What it throws is passed
 * on to your server, which answers 500, and the event does not count as handled: the API's next try gets through.
 *
 * Answers 200 for an event that is or was handled, 400 for a body that is no JSON, 401 for a signature that is missing or wrong,
 * 405 for another method than POST, and 413 for a body beyond `limit`. The signature is compared in constant time, on the
 * bytes as they came, before they are read as anything.
 *
 * Names of events are kept in this process. With several, or to survive a restart, let `handle` be safe to repeat.
 *
 * @example
 * ```ts
 * const receive = webhook<WebhookEvent>({ secret }, async ({ event }) => review(event.applicationId))
 * app.post("/hooks/bits", (c) => receive(c.req.raw))
 * ```
 */
export const webhook = <Event = unknown>(
  options: WebhookOptions,
  handle: (event: Event) => void | Promise<void>
): ((request: Request) => Promise<Response>) => {
  const { encoding = "base64", hash = "SHA-256", header = "content-hmac", id = eventId, prefix = "" } = options
  const { limit = 1024 * 1024, remember = 10_000 } = options
  if (options.secret === "") throw new TypeError("The webhook's secret is empty. Check where it is read from.")
  let importing: Promise<CryptoKey> | undefined
  const keyOf = () => {
    importing ??= crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(options.secret),
      { name: "HMAC", hash },
      false,
      ["verify"]
    )
    return importing
  }
  const handled = new Set<string>()
  const underWay = new Map<string, Promise<void>>()

  const once = async (name: string | undefined, event: Event): Promise<void> => {
    if (name === undefined) return handle(event)
    for (let first = underWay.get(name); first !== undefined; first = underWay.get(name)) {
      await first.catch(() => {})
    }
    if (handled.has(name)) return
    const running = (async () => handle(event))()
    underWay.set(name, running)
    try {
      await running
    } finally {
      underWay.delete(name)
    }
    handled.add(name)
    if (handled.size > remember) handled.delete(handled.values().next().value as string)
  }

  return async (request) => {
    if (request.method !== "POST") return answer(405, "Post the event.")
    const bytes = await readBytes(request, limit)
    if (bytes === undefined) return answer(413, `The body is larger than ${limit} bytes.`)
    const said = request.headers.get(header)
    const signature = said?.startsWith(prefix) ? decode(said.slice(prefix.length).trim(), encoding) : undefined
    if (signature === undefined || !(await crypto.subtle.verify("HMAC", await keyOf(), signature, bytes))) {
      return answer(401, `The signature in ${header} is missing or wrong.`)
    }
    let event: Event
    try {
      event = JSON.parse(new TextDecoder().decode(bytes)) as Event
    } catch {
      return answer(400, "The body is no JSON.")
    }
    await once(id(event), event)
    return answer(200, "Received.")
  }
}
