const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})$/

/** Milliseconds since the epoch of an RFC 3339 instant with any number of fraction digits; `undefined` if it is none. */
export const parseInstant = (text: string): number | undefined => {
  const parts = RFC_3339.exec(text)
  if (parts === null) return undefined
  const [, date, time, fraction = "", zone] = parts
  const millis = Date.parse(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}${zone?.toUpperCase()}`)
  return Number.isNaN(millis) ? undefined : millis
}

const CENTURY = 100 * 365 * 24 * 3600

/**
 * Seconds of life as servers announce them: a positive number or its decimal text, at most a century. Zero, negative and
 * unreadable values say nothing that can be used (RFC 6749 §5.1 leaves the life unknown then).
 */
export const parseSeconds = (value: unknown): number | undefined => {
  const seconds = typeof value === "string" && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value
  if (typeof seconds !== "number" || Number.isNaN(seconds) || seconds <= 0) return undefined
  return Math.min(seconds, CENTURY)
}

/** A day's name first, a time near the end: engines make dates of things like `5 s`, too. */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? (.*\d\d:\d\d:\d\d(?: \d{4})?)(?: GMT)?$/

/**
 * Milliseconds since the epoch of an HTTP date in any of its three forms (RFC 9110 §5.6.7); `undefined` if it is none. The
 * oldest form names no zone, and means GMT like the others.
 */
export const parseHttpDate = (text: string | null): number | undefined => {
  if (text === null) return undefined
  const parts = HTTP_DATE.exec(text.trim())
  if (parts === null) return undefined
  const millis = Date.parse(`${parts[1]} GMT`)
  return Number.isNaN(millis) ? undefined : millis
}

/** `Retry-After` (RFC 9110 §10.2.3) in milliseconds from `now`: a number of seconds, or an HTTP date. */
export const parseRetryAfter = (value: string | null, now: number): number | undefined => {
  const text = value ?? ""
  if (/^\s*\d+\s*$/.test(text)) return Number(text) * 1000
  const date = parseHttpDate(text)
  return date === undefined ? undefined : Math.max(0, date - now)
}

/**
 * How far the server's clock is ahead of ours, in milliseconds, by its `Date` header. The header counts whole seconds,
 * so anything under two seconds is noise.
 */
export const skew = (date: string | null, sentAt: number, receivedAt: number): number => {
  const server = parseHttpDate(date)
  if (server === undefined) return 0
  const difference = server + 500 - (sentAt + receivedAt) / 2
  return Math.abs(difference) < 2000 ? 0 : difference
}
