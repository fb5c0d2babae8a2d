/**
 * Faults: what a network, a proxy or a tired server does to a request. A fault is plain data, so a schedule of them can be
 * generated, printed and replayed. "Commit" is the moment the simulator's state changes: a fault before it leaves no trace,
 * a fault after it leaves the caller ignorant of what happened.
 */
import type { Wire } from "./wire.ts"

/** Which requests a fault meets. */
export interface Where<Operation extends string> {
  /**
   * An operation by name; `"api"`, whatever is none of the named operations; `"any"`; or a path prefix with or without a
   * method (`"/rp/api"`, `"GET /rp/api"`), in any letter case.
   */
  readonly on: Operation | "any" | "api" | `/${string}` | `${string} /${string}`
  /** How many requests it meets, 1 by default; `Infinity` for every one. */
  readonly times?: number
  /** How many matching requests it lets pass first, 0 by default. */
  readonly skip?: number
}

/** What a fault does. Times are in milliseconds of real time. */
export type Effect =
  /** Ends the connection before commit. */
  | { readonly kind: "reset" }
  /** Commits, then ends the connection: the answer is lost. */
  | { readonly kind: "lose" }
  /** Waits, before commit unless `at` says after. `by: Infinity` waits until the handle's `release()`. */
  | { readonly kind: "delay"; readonly by: number; readonly at?: "before" | "after" }
  /** Answers with this status: instead of committing, or after it. `retryAfter` is the header's value. */
  | {
      readonly kind: "status"
      readonly status: number
      readonly at?: "before" | "after"
      readonly retryAfter?: number | string
      readonly body?: string
      readonly contentType?: string
    }
  /** Commits, and sends another body: noise, an HTML page, half the JSON, half the bytes and a closed connection, nothing. */
  | { readonly kind: "body"; readonly body: "garbage" | "html" | "truncated" | "cut" | "empty" }
  /** Commits, and sends the body in pieces of `bytes` (1), one every so many milliseconds (50). */
  | { readonly kind: "trickle"; readonly bytes?: number; readonly every?: number }
  /** Commits, and changes members of the JSON answer: a malformed `expiry`, a missing `refresh_token`. */
  | {
      readonly kind: "rewrite"
      readonly set?: Readonly<Record<string, unknown>>
      readonly remove?: ReadonlyArray<string>
    }
  /** Commits, and sends a `Date` header that is off by so many milliseconds. */
  | { readonly kind: "skew"; readonly by: number }
  /** A stranger signs in with the request's account before commit, as often as it takes to end the request's session. */
  | { readonly kind: "evict" }

/** A fault: where it strikes and what it does. */
export type Fault<Operation extends string> = Where<Operation> & Effect

/** A fault that was added. */
export interface FaultHandle {
  /** How many requests it has met. */
  readonly fired: number
  /** Resolves once it has met so many requests (1 by default). */
  firing(times?: number): Promise<void>
  /** Ends its delays now, those under way and those to come. */
  release(): void
  /** Takes it away; its delays under way end. */
  remove(): void
}

/** The faults of a simulator. Those that match one request all strike it, in the order they were added. */
export interface Faults<Operation extends string> {
  /** Adds a fault. */
  add(fault: Fault<Operation>): FaultHandle
  /** Takes all faults away; delays under way end. */
  clear(): void
}

/** What the fault engine needs of its simulator. */
export interface FaultHost {
  /** The simulator's time, in milliseconds. */
  readonly now: () => number
  /** The name of the operation a request is for, when it is a named one. Reads the body only of a clone. */
  readonly nameOf: (request: Request) => string | undefined | Promise<string | undefined>
  /** Plays the stranger against the session of this request. */
  readonly evict: (request: Request) => void
  /** Hears of each fault that strikes. */
  readonly onFire: (kind: Effect["kind"], operation: string) => void
}

/** The engine behind `Faults`: it puts matching faults around the handling of a request. */
export interface FaultEngine<Operation extends string> extends Faults<Operation> {
  around(request: Request, wire: Wire, handle: () => Promise<Response>): Promise<Response>
}

interface Active {
  readonly fault: Fault<string>
  seen: number
  fired: number
  readonly watchers: Set<() => void>
  readonly released: AbortController
}

/** Resolves after `millis`, or at once when `signal` aborts. */
const pause = (millis: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = Number.isFinite(millis) ? setTimeout(done, millis) : undefined
    function done() {
      clearTimeout(timer)
      signal.removeEventListener("abort", done)
      resolve()
    }
    signal.addEventListener("abort", done)
  })

const matches = (on: string, name: string | undefined, method: string, path: string): boolean => {
  if (on === "any") return true
  if (on === "api") return name === undefined
  const [prefix = "", verb] = on.split(" ").reverse()
  if (!prefix.startsWith("/")) return on === name
  return (verb === undefined || verb.toUpperCase() === method) && path.toLowerCase().startsWith(prefix.toLowerCase())
}

const html = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"

const withBody = (answer: Response, body: string | Uint8Array<ArrayBuffer> | null, contentType?: string): Response => {
  const headers = new Headers(answer.headers)
  headers.delete("content-length")
  if (contentType !== undefined) headers.set("content-type", contentType)
  return new Response(body, { status: answer.status, headers })
}

const inPieces = (bytes: Uint8Array, size: number, every: number, signal: AbortSignal): ReadableStream<Uint8Array> => {
  let at = 0
  const gone = new AbortController()
  const either = AbortSignal.any([signal, gone.signal])
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (at > 0) await pause(every, either)
        if (gone.signal.aborted) return
        if (at < bytes.length) controller.enqueue(bytes.slice(at, at + size))
        at += size
        if (at >= bytes.length) controller.close()
      },
      cancel: () => gone.abort()
    },
    { highWaterMark: 0 }
  )
}

const strikeAfter = async (active: Active, answer: Response, wire: Wire, now: number): Promise<Response> => {
  const { fault, released } = active
  switch (fault.kind) {
    case "delay":
      if (fault.at === "after") await pause(fault.by, released.signal)
      return answer
    case "lose":
      return wire.drop()
    case "status":
      return fault.at === "after" ? statusAnswer(fault) : answer
    case "rewrite": {
      if (!answer.headers.get("content-type")?.startsWith("application/json")) return answer
      const members = { ...((await answer.json()) as Record<string, unknown>), ...fault.set }
      for (const name of fault.remove ?? []) delete members[name]
      return withBody(answer, JSON.stringify(members))
    }
    case "skew": {
      const headers = new Headers(answer.headers)
      headers.set("date", new Date(now + fault.by).toUTCString())
      return new Response(answer.body, { status: answer.status, headers })
    }
    case "trickle": {
      const bytes = new Uint8Array(await answer.arrayBuffer())
      const headers = new Headers(answer.headers)
      headers.set("content-length", String(bytes.length))
      const body = inPieces(bytes, fault.bytes ?? 1, fault.every ?? 50, released.signal)
      return new Response(body, { status: answer.status, headers })
    }
    case "body": {
      const bytes = new Uint8Array(await answer.arrayBuffer())
      switch (fault.body) {
        case "garbage":
          return withBody(answer, new Uint8Array([0xff, 0xfe, 0x00, 0x7b, 0x9c, 0x3c, 0xe2, 0x28, 0xa1]))
        case "html":
          return withBody(answer, html, "text/html; charset=utf-8")
        case "truncated":
          return withBody(answer, bytes.slice(0, bytes.length >> 1))
        case "empty":
          return withBody(answer, null)
        case "cut": {
          const whole = withBody(answer, null)
          whole.headers.set("content-length", String(bytes.length))
          return wire.cut(whole, bytes.slice(0, bytes.length >> 1))
        }
      }
    }
  }
  return answer
}

const statusAnswer = (fault: Effect & { readonly kind: "status" }): Response =>
  new Response(fault.body ?? null, {
    status: fault.status,
    headers: {
      ...(fault.retryAfter !== undefined && { "retry-after": String(fault.retryAfter) }),
      ...(fault.body !== undefined && { "content-type": fault.contentType ?? "text/plain; charset=utf-8" })
    }
  })

/** Makes the fault engine of a simulator. */
export const makeFaults = <Operation extends string>(host: FaultHost): FaultEngine<Operation> => {
  const actives = new Set<Active>()

  const strike = (request: Request, name: string | undefined): ReadonlyArray<Active> => {
    const path = new URL(request.url).pathname
    const struck = [...actives].filter((active) => {
      const { on, skip = 0, times = 1 } = active.fault
      return matches(on, name, request.method, path) && ++active.seen > skip && active.fired < times
    })
    for (const active of struck) {
      active.fired++
      host.onFire(active.fault.kind, name ?? `${request.method} ${path}`)
      for (const watcher of active.watchers) watcher()
    }
    return struck
  }

  const remove = (active: Active) => {
    actives.delete(active)
    active.released.abort()
  }

  return {
    add: (fault) => {
      const active: Active = { fault, seen: 0, fired: 0, watchers: new Set(), released: new AbortController() }
      actives.add(active)
      return {
        get fired() {
          return active.fired
        },
        firing: (times = 1) =>
          new Promise((resolve) => {
            const look = () => {
              if (active.fired < times) return
              active.watchers.delete(look)
              resolve()
            }
            active.watchers.add(look)
            look()
          }),
        release: () => active.released.abort(),
        remove: () => remove(active)
      }
    },
    clear: () => {
      for (const active of actives) remove(active)
    },
    around: async (request, wire, handle) => {
      const struck = actives.size === 0 ? [] : strike(request, await host.nameOf(request))
      let answer: Response | undefined
      for (const { fault, released } of struck) {
        if (fault.kind === "reset") return wire.drop()
        if (fault.kind === "evict") host.evict(request)
        if (fault.kind === "delay" && fault.at !== "after") await pause(fault.by, released.signal)
        if (fault.kind === "status" && fault.at !== "after") answer ??= statusAnswer(fault)
      }
      answer ??= await handle()
      for (const active of struck) answer = await strikeAfter(active, answer, wire, host.now())
      return answer
    }
  }
}
