/** Times for people: how far away, in the largest unit that is not less than one. */

const units: ReadonlyArray<readonly [unit: Intl.RelativeTimeFormatUnit, milliseconds: number]> = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000]
]

const format = new Intl.RelativeTimeFormat("en", { numeric: "always" })

/** `in 3 hours`, `5 minutes ago`, `now`. */
export const relative = (at: number, now: number): string => {
  const away = at - now
  const [unit, size] = units.find(([, size]) => Math.abs(away) >= size) ?? []
  return unit === undefined || size === undefined ? "now" : format.format(Math.trunc(away / size), unit)
}

/** `2026-11-21 09:30:05Z (5 minutes ago)`. */
export const absolute = (at: number, now: number): string =>
  `${new Date(at)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z")} (${relative(at, now)})`
