/**
 * How the session itself talks to an authorization server: one bare request, never through the client that it signs in,
 * with a deadline, without following redirects, and with an answer of bounded size.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { GrantAnswerInvalid, type GrantFailure, GrantRejected, GrantUnavailable } from "./Grant.ts"
import { MAXIMUM, mediaType, parse, readText, refusal } from "./internal/answer-body.ts"
import { advice, codesOf, isUnsent } from "./internal/no-answer.ts"
import { scrub } from "./internal/scrub.ts"
import { parseRetryAfter } from "./internal/time.ts"

/** A request to an authorization server. */
export interface TransportRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Secrets that the request holds: taken out of whatever is said about it. */
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
  readonly deadline: Duration.Duration
  /** Reads a success as a form whatever it calls itself: servers of OAuth 1.0a often call theirs text or HTML. */
  readonly answer?: "form"
  /** Called with the headers of whatever answer comes, also those of a refusal. */
  readonly onHeaders?: (headers: Headers) => void
}

/** A successful answer, read whole. */
export interface TransportAnswer {
  readonly status: number
  readonly headers: Headers
  /** The JSON value, the fields of a form, or `undefined` when there was no body. */
  readonly body: unknown
  /** Wall clock around the call, in milliseconds since the epoch. */
  readonly sentAt: number
  readonly receivedAt: number
}

/** Sends one request. */
export type Transport = (request: TransportRequest) => Effect.Effect<TransportAnswer, GrantFailure>

const loopback = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** Whether credentials may travel to this URL: https, or plain http to this machine. */
export const isSecure = (url: URL): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && loopback.test(url.hostname))

/**
 * The span of an HTTP client, as OpenTelemetry's conventions have it, around what is really sent; without the query. A
 * tracer gets to see what an effect came to, so the answer, which holds the tokens, goes past it.
 */
const spanned = <A, R>(effect: Effect.Effect<A, GrantFailure, R>, { method, secrets, url: href }: TransportRequest) =>
  Effect.suspend(() => {
    const url = new URL(href)
    if (!isSecure(url)) return effect
    const { hostname, origin, pathname, port, protocol } = url
    let answer: A
    return Effect.map(effect, (value) => {
      answer = value
    }).pipe(
      Effect.tapError((error) => {
        const { status = 0 } = error
        return Effect.annotateCurrentSpan("error.type", status >= 300 ? String(status) : error._tag)
      }),
      Effect.withSpan(method, {
        kind: "client",
        attributes: {
          "http.request.method": method,
          "server.address": hostname,
          "server.port": Number(port || (protocol === "https:" ? 443 : 80)),
          "url.full": scrub(origin + pathname, secrets, 2000)
        }
      }),
      Effect.map(() => answer)
    )
  })

/**
 * A transport over a `fetch`.
 *
 * @example
 * ```ts
 * const transport = Transport.make(globalThis.fetch)
 * ```
 */
export const make = (fetch: typeof globalThis.fetch): Transport => {
  const known = made.get(fetch) ?? over(fetch)
  made.set(fetch, known)
  return known
}

const made = new WeakMap<typeof globalThis.fetch, Transport>()

const over = (fetch: typeof globalThis.fetch): Transport =>
  Effect.fnUntraced(function* (request: TransportRequest) {
    const url = new URL(request.url)
    const at = `${request.method} ${url.origin}${url.pathname}`
    const clean = (text: string) => scrub(text, request.secrets)
    if (!isSecure(url)) {
      return yield* new GrantRejected({
        status: 0,
        message: `${at} was not called: credentials travel over https only, or over http to this machine.`
      })
    }
    const clock = yield* Effect.clockWith(Effect.succeed)
    const sentAt = clock.currentTimeMillisUnsafe()
    const exchange = Effect.tryPromise({
      try: async (signal) => {
        const response = await fetch(request.url, {
          method: request.method,
          headers: request.headers,
          ...(request.body === undefined ? {} : { body: request.body }),
          redirect: "manual",
          signal
        })
        request.onHeaders?.(response.headers)
        return { response, text: await readText(response) }
      },
      catch: (cause) => {
        const codes = codesOf(cause)
        const reason = codes[0] ?? (cause instanceof Error ? clean(cause.message) : "an unknown failure")
        return new GrantUnavailable({
          ambiguous: !isUnsent(codes),
          message: `${at} got no answer: ${reason}. ${advice(codes[0])}`
        })
      }
    })
    const { response, text } = yield* Effect.timeoutOrElse(exchange, {
      duration: request.deadline,
      orElse: () =>
        Effect.fail(
          new GrantUnavailable({
            ambiguous: true,
            message: `${at} did not answer within ${Duration.toMillis(request.deadline)} ms.`
          })
        )
    })
    const receivedAt = clock.currentTimeMillisUnsafe()
    const { headers, status } = response
    yield* Effect.annotateCurrentSpan("http.response.status_code", status)
    if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
      return yield* new GrantRejected({
        status,
        message: `${at} answered with a redirect (${status}). Redirects are not followed with credentials: check the base URL, it may need another host or https.`
      })
    }
    const type = request.answer === "form" && response.ok ? "application/x-www-form-urlencoded" : mediaType(headers)
    const parsed = text === undefined ? "unreadable" : parse(text, type)
    if (status === 408 || status === 429 || status >= 500) {
      // A date is one of the server's clock, which says of itself what time it is.
      const serverNow = Date.parse(headers.get("date") ?? "")
      const retryAfter = parseRetryAfter(headers.get("retry-after"), Number.isNaN(serverNow) ? receivedAt : serverNow)
      return yield* new GrantUnavailable({
        ambiguous: status !== 429,
        status,
        retryAfter,
        message: `${at} answered ${status}${retryAfter === undefined ? "" : ` and asks to wait ${Math.ceil(retryAfter / 1000)} s`}. The service is busy or down; try again later.`
      })
    }
    if (status >= 400) {
      const { code, text: said } = refusal(parsed === "unreadable" ? undefined : parsed.value)
      const detail = [code === undefined ? "" : clean(code), clean(said)].filter((part) => part !== "").join(": ")
      return yield* new GrantRejected({
        status,
        code: code === undefined ? undefined : clean(code),
        message: `${at} answered ${status}${detail === "" ? "" : ` (${detail})`}.`
      })
    }
    if (parsed === "unreadable") {
      return yield* new GrantAnswerInvalid({
        status,
        message:
          text === undefined
            ? `${at} answered ${status} with more than ${MAXIMUM} bytes.`
            : `${at} answered ${status} with ${type === "" ? "no media type" : clean(type)} where JSON was expected. Something else answers at this URL (a login page, a proxy): check the base URL.`
      })
    }
    return { status, headers, body: parsed.value, sentAt, receivedAt }
  }, spanned)
