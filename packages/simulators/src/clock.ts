/** The clock a simulator lives by: the wall clock, until a test moves it. */

/** A length of time; the parts add up. */
export interface Duration {
  readonly days?: number
  readonly hours?: number
  readonly minutes?: number
  readonly seconds?: number
  readonly milliseconds?: number
}

/** A clock that can be moved. Everything a simulator lets expire, and its `Date` header, follow it. */
export interface Clock {
  /** The instant it began at: what is made up for the start of a simulation is reckoned from it. */
  readonly started: number
  /** The simulator's time, in milliseconds since 1970. */
  now(): number
  /** Moves the clock on by this much (or back, when negative). It goes on ticking from there. */
  advance(by: Duration): void
  /** Sets the clock to an instant. It goes on ticking from there. */
  set(to: Date | number | string): void
}

/** A duration in milliseconds. */
export const toMillis = (duration: Duration): number =>
  ((((duration.days ?? 0) * 24 + (duration.hours ?? 0)) * 60 + (duration.minutes ?? 0)) * 60 +
    (duration.seconds ?? 0)) *
    1000 +
  (duration.milliseconds ?? 0)

const toInstant = (value: Date | number | string): number => {
  const instant = new Date(value).getTime()
  if (Number.isNaN(instant))
    throw new RangeError(`Not an instant: ${String(value)}. Give a Date, milliseconds or RFC 3339.`)
  return instant
}

/** A clock that starts at `start`, or at the present. */
export const makeClock = (start?: Date | number | string): Clock => {
  const begun = Date.now()
  const started = start === undefined ? begun : toInstant(start)
  let offset = started - begun
  return {
    started,
    now: () => Date.now() + offset,
    advance: (by) => {
      offset += toMillis(by)
    },
    set: (to) => {
      offset = toInstant(to) - Date.now()
    }
  }
}

/** An instant as RFC 3339 in UTC with so many fraction digits; those beyond the millisecond are made up. */
export const rfc3339 = (millis: number, digits: number): string => {
  const iso = new Date(millis).toISOString()
  const seconds = iso.slice(0, 19)
  if (digits === 0) return `${seconds}Z`
  const nanos = String(Math.floor(Math.random() * 1e6)).padStart(6, "0")
  return `${seconds}.${(iso.slice(20, 23) + nanos).slice(0, digits)}Z`
}
