/** Calendar days as whole numbers (days since 1970-01-01), so that counting them needs no time zone. */

/** A day: days since 1970-01-01. */
export type Day = number

/** Days from the first to the last, both included. */
export interface Range {
  readonly start: Day
  readonly end: Day
}

const DAY = 86_400_000

/** The day of a text that begins with `YYYY-MM-DD`, whatever follows; `undefined` for anything else. */
export const parseDay = (text: unknown): Day | undefined => {
  if (typeof text !== "string" || !/^\d{4}-\d{2}-\d{2}(?!\d)/.test(text)) return undefined
  const date = text.slice(0, 10)
  const millis = Date.parse(`${date}T00:00:00Z`)
  // Date.parse turns 31 February into 3 March.
  return Number.isNaN(millis) || new Date(millis).toISOString().slice(0, 10) !== date ? undefined : millis / DAY
}

/** The UTC day of an instant in milliseconds since the epoch. */
export const dayAt = (millis: number): Day => Math.floor(millis / DAY)

/** `YYYY-MM-DD`. */
export const formatDay = (day: Day): string => new Date(day * DAY).toISOString().slice(0, 10)

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** `24 Nov`, for people. */
export const shortDay = (day: Day): string => {
  const date = new Date(day * DAY)
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]}`
}

/** `24 Nov 2026`, for people. */
export const longDay = (day: Day): string => `${shortDay(day)} ${formatDay(day).slice(0, 4)}`

/** 0 is Sunday. */
export const weekdayOf = (day: Day): number => (((day + 4) % 7) + 7) % 7

/** The Monday of the day's week. */
export const mondayOf = (day: Day): Day => day - ((weekdayOf(day) + 6) % 7)

/** Whether the day lies in the range. */
export const contains = (range: Range, day: Day): boolean => range.start <= day && day <= range.end
