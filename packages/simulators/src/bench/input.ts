/** Reading what a request says. Everything that is wrong with it becomes a 400 that names the field. */
import type { Day } from "./days.ts"
import { invalid } from "./errors.ts"
import type { WeekDay } from "./world.ts"

/** A JSON object that came in. */
export type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The value as an object. */
export const object = (value: unknown, field = "body"): Fields => {
  if (!isObject(value)) throw invalid(field, value, "an object")
  return value
}

/** The value as a list of at least `min` items, each read by `item`. */
export const list = <A>(
  value: unknown,
  item: (value: unknown, field: string) => A,
  field = "body",
  min = 0
): ReadonlyArray<A> => {
  if (!Array.isArray(value) || value.length < min)
    throw invalid(field, value, min > 0 ? `a list of at least ${min}` : "a list")
  return value.map((entry, i) => item(entry, `${field}[${i}]`))
}

/** A reader of one field: `undefined` when the field is missing. */
type Read<A> = (value: unknown, field: string) => A

/** The field, or `undefined` when it is missing. */
export const optional = <A>(fields: Fields, name: string, read: Read<A>): A | undefined =>
  fields[name] === undefined ? undefined : read(fields[name], name)

/** The field, which must be there. */
export const required = <A>(fields: Fields, name: string, read: Read<A>): A => {
  if (fields[name] === undefined || fields[name] === null) throw invalid(name, null, "given")
  return read(fields[name], name)
}

/** Accepts null besides. */
export const nullable =
  <A>(read: Read<A>): Read<A | null> =>
  (value, field) =>
    value === null ? null : read(value, field)

/** A text of some length. */
export const text =
  (min = 0, max = Number.POSITIVE_INFINITY): Read<string> =>
  (value, field) => {
    if (typeof value !== "string" || value.trim().length < min || value.length > max) {
      throw invalid(field, value, `a text of ${min} to ${max} characters`)
    }
    return value
  }

/** One of some texts. */
export const oneOf =
  <A extends string | number>(...allowed: ReadonlyArray<A>): Read<A> =>
  (value, field) => {
    if (!allowed.includes(value as A)) throw invalid(field, value, `one of ${allowed.join(", ")}`)
    return value as A
  }

/** A whole number. */
export const whole =
  (min: number, max = 2_147_483_647): Read<number> =>
  (value, field) => {
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
      throw invalid(field, value, `a whole number from ${min} to ${max}`)
    }
    return value as number
  }

/** An id. */
export const id: Read<number> = whole(1, Number.MAX_SAFE_INTEGER)

/** True or false. */
export const flag: Read<boolean> = (value, field) => {
  if (typeof value !== "boolean") throw invalid(field, value, "true or false")
  return value
}

/** A calendar day, with or without a midnight behind it. */
export const day: Read<Day> = (value, field) => {
  const found =
    typeof value === "string" ? /^(\d{4}-\d{2}-\d{2})(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?$/.exec(value)?.[1] : undefined
  const parsed = found === undefined ? Number.NaN : Date.parse(found)
  // Date.parse lets the 31st of February roll over into March; a calendar does not.
  if (found === undefined || Number.isNaN(parsed) || new Date(parsed).toISOString().slice(0, 10) !== found) {
    throw invalid(field, value, "a date such as 2026-01-31")
  }
  return found
}

/** `HH:MM:SS`. */
export const timeOfDay: Read<string> = (value, field) => {
  if (typeof value !== "string" || !/^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(value))
    throw invalid(field, value, "a time such as 08:00:00")
  return value
}

/** `#RRGGBB`. */
export const colour: Read<string> = (value, field) => {
  if (typeof value !== "string" || !/^#[0-9a-f]{6}$/i.test(value))
    throw invalid(field, value, "a colour such as #4B6BAA")
  return value
}

/** The days of a working week, 0 to 6. */
export const weekDays: Read<ReadonlyArray<WeekDay>> = (value, field) =>
  list(value, oneOf<WeekDay>(0, 1, 2, 3, 4, 5, 6), field, 1)

/** A person's e-mail address. */
export const email: Read<string> = (value, field) => {
  if (typeof value !== "string" || !/^[^@\s]+@[^@\s]+$/.test(value)) throw invalid(field, value, "an e-mail address")
  return value
}

/** A UUID, in lower case. */
export const uuid: Read<string> = (value, field) => {
  if (typeof value !== "string" || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value))
    throw invalid(field, value, "a UUID")
  return value.toLowerCase()
}

/** An amount that is not negative. */
export const amount: Read<number> = (value, field) => {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) throw invalid(field, value, "a number from 0")
  return value
}

/** What a change makes of a field: the new value when one was sent that is not null, else what was there. */
export const changed = <A>(fields: Fields, name: string, read: Read<A>, before: A): A =>
  optional(fields, name, nullable(read)) ?? before

/** The same for a field that null empties: only when nothing was sent does what was there stay. */
export const replaced = <A>(fields: Fields, name: string, read: Read<A>, before: A | null): A | null => {
  const sent = optional(fields, name, nullable(read))
  return sent === undefined ? before : sent
}

/** The body as a list of at least one id. */
export const someIds = (body: unknown): ReadonlyArray<number> => list(body, id, "body", 1)

/** A list of ids. */
export const ids: Read<ReadonlyArray<number>> = (value, field) => list(value, id, field)

/** Query values are text: this makes of them what a body would hold, and leaves to the readers to judge it. */
export const fromQuery = (
  query: URLSearchParams,
  kinds: Readonly<Record<string, "text" | "number" | "flag" | "ids" | "texts">>
): Fields => {
  const fields: Record<string, unknown> = {}
  for (const [name, kind] of Object.entries(kinds)) {
    const given = query.getAll(name).filter((value) => value !== "")
    const last = given.at(-1)
    if (last === undefined) continue
    // Lists are comma separated in one parameter; a repeated parameter means the same.
    if (kind === "ids") fields[name] = given.flatMap((value) => value.split(",")).map((value) => asNumber(value))
    else if (kind === "texts") fields[name] = given.flatMap((value) => value.split(","))
    else if (kind === "number") fields[name] = asNumber(last)
    else if (kind === "flag") fields[name] = last === "true" ? true : last === "false" ? false : last
    else fields[name] = last
  }
  return fields
}

const asNumber = (value: string): unknown => (/^-?\d+$/.test(value.trim()) ? Number(value) : value)
