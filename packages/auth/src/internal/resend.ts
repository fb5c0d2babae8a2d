import type { Call } from "../AuthFetch.ts"

/** Longest chain of redirects, as in the Fetch standard. */
const REDIRECTS = 20

const statuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * A call's request once more, to `url`. `spare` is a copy made before the first one was sent, for a body that was given
 * as part of a `Request`.
 */
export const again = (
  call: Call,
  spare: Request | undefined,
  url: string = call.request.url,
  method: string = call.request.method,
  withBody = true
): Request => {
  const source = spare ?? call.request
  if (spare !== undefined && withBody) return new Request(url, spare.clone())
  const headers = new Headers(source.headers)
  const body = withBody && call.body._tag === "given" ? call.body.value : null
  // A new multipart body brings a new boundary; no body has no type.
  if (!withBody || body instanceof FormData) headers.delete("content-type")
  return new Request(url, {
    method,
    headers,
    body,
    signal: source.signal,
    redirect: source.redirect,
    credentials: source.credentials,
    cache: source.cache,
    mode: source.mode === "navigate" ? "cors" : source.mode,
    referrer: source.referrer === "about:client" ? "" : source.referrer,
    keepalive: source.keepalive
  })
}

/** Whether the call's body can be sent again at all. */
export const isRepeatable = (call: Call): boolean => call.body._tag !== "stream"

/** Lets go of an answer that nobody will read, so that its connection is free again. */
export const drain = (response: Response): void => {
  void response.body?.cancel().catch(() => {})
}

/** Whether an answer is a redirect that the caller wants followed. */
export const isRedirect = (call: Call, response: Response): boolean =>
  call.follow && statuses.has(response.status) && response.headers.get("location") !== null

/** A redirect that cannot be followed: what `fetch` calls a network error, but not one that another try would cure. */
export class RedirectError extends TypeError {}

/**
 * Follows redirects by the Fetch standard's rules, so that the platform, which knows only of the `Authorization` header,
 * need not. `prepare` makes each request fit for where it goes.
 */
export const follow = async (
  call: Call,
  sent: Request,
  answer: Response,
  spare: Request | undefined,
  prepare: (request: Request) => Promise<Request>,
  transmit: (request: Request) => Promise<Response>
): Promise<Response> => {
  let response = answer
  let from = sent
  let withBody = true
  for (let hop = 0; isRedirect(call, response); hop++) {
    drain(response)
    if (hop === REDIRECTS) throw new RedirectError(`More than ${REDIRECTS} redirects.`)
    const { status } = response
    const { method } = from
    const toGet =
      (status === 303 && method !== "GET" && method !== "HEAD") ||
      ((status === 301 || status === 302) && method === "POST")
    // A body that was left behind does not come back with a later redirect.
    if (toGet) withBody = false
    if (withBody && !isRepeatable(call)) {
      throw new RedirectError(
        "The server redirects a streamed body, which cannot be sent again. Give it as text, bytes or a Blob."
      )
    }
    const location = new URL(response.headers.get("location") ?? "", from.url)
    if (!/^https?:$/.test(location.protocol))
      throw new RedirectError(`A redirect to ${location.protocol} is not followed.`)
    from = await prepare(again(call, withBody ? spare : undefined, location.href, toGet ? "GET" : method, withBody))
    response = await transmit(from)
  }
  return response
}
