import { bodyOf } from "@keyturn/auth/AuthFetch"
import type { SessionEvent } from "@keyturn/auth/SessionEvent"
import type { SessionHandle, SessionState } from "@keyturn/auth/SessionHandle"
import type { Opened } from "./open.ts"
import { redirectMode } from "./redirect-mode.ts"

/** The session of a connected client. */
export interface ClientSession {
  /** How the session is doing, safe to show. With several credentials, the first one's; see `states`. */
  readonly state: SessionState | undefined
  /** The same for each configured security scheme, by name. */
  readonly states: Readonly<Record<string, SessionState>>
  /** Events from the moment of iteration on; ends when the session does. */
  readonly events: AsyncIterable<SessionEvent>
  /**
   * A plain `fetch` that is signed in, for ky, axios' fetch adapter, hey-api and the like. Relative URLs are below the
   * server. It sends only to the API's origins and rejects with `OriginRefused` otherwise.
   */
  readonly fetch: typeof globalThis.fetch
  /**
   * Signs out now, if this was the last holder. Later calls reject with `SessionClosed`. Never fails: see the events.
   *
   * `everywhere` ends the sessions for every holder, in whichever process, now and whatever the policy says: others end with
   * `SessionLost` (`why: "signed-out"`) and do not sign in again by themselves; who connects afterwards signs in anew. It
   * rejects with `StoreUnavailable` when the store cannot be told: the session goes on then, and it can be tried again.
   *
   * @example
   * ```ts
   * await bench.session.signOut({ everywhere: true })
   * ```
   */
  signOut(options?: { readonly everywhere?: boolean }): Promise<void>
}

/** The signed-in `fetch`. */
export const sessionFetch =
  (opened: Opened): typeof globalThis.fetch =>
  async (input, init) => {
    const url = input instanceof Request ? input.url : new URL(input, `${opened.baseUrl}/`).href
    const request = input instanceof Request ? new Request(input, init) : new Request(url, init)
    if (opened.accept !== undefined && !request.headers.has("accept")) request.headers.set("accept", opened.accept)
    const given = init?.body
    const follow = request.redirect === "follow" && redirectMode(opened) !== "follow"
    return opened.api.send({
      request: follow ? new Request(request, { redirect: redirectMode(opened) }) : request,
      follow: follow && redirectMode(opened) === "manual",
      body:
        given !== undefined && given !== null
          ? bodyOf(given)
          : request.body === null
            ? { _tag: "given", value: null }
            : { _tag: "clone" },
      own: false,
      sessions: opened.defaultSessions(),
      memory: opened,
      signal: init?.signal ?? (input instanceof Request ? input.signal : undefined),
      operation: `${request.method} ${new URL(request.url).pathname}`
    })
  }

/** Events of several sessions as one async iterable, without losing any between two steps. */
const eventsOf = (sessions: ReadonlyArray<SessionHandle>): AsyncIterable<SessionEvent> => ({
  async *[Symbol.asyncIterator]() {
    const queue: Array<SessionEvent> = []
    let wake = () => {}
    let open = sessions.length
    const stops = sessions.map((session) =>
      session.onEvent((event) => {
        queue.push(event)
        if (event._tag === "Closed") open--
        wake()
      })
    )
    try {
      while (open > 0 || queue.length > 0) {
        const event = queue.shift()
        if (event !== undefined) yield event
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } finally {
      for (const stop of stops) stop()
    }
  }
})

/** The session's public face over what was opened. */
export const clientSession = (opened: Opened, signOut: ClientSession["signOut"]): ClientSession => {
  const sessions = Object.values(opened.sessions)
  return {
    get state() {
      return sessions[0]?.state()
    },
    get states() {
      return Object.fromEntries(Object.entries(opened.sessions).map(([name, session]) => [name, session.state()]))
    },
    events: eventsOf(sessions),
    fetch: sessionFetch(opened),
    signOut
  }
}
