/** `people.csv` (RFC 4180): one line a person, for a spreadsheet. */
import type { PersonRow } from "./bench.ts"

const columns: ReadonlyArray<readonly [string, (row: PersonRow) => string | number | boolean | null]> = [
  ["account", (row) => row.account],
  ["id", (row) => row.id],
  ["number", (row) => row.number],
  ["name", (row) => row.name],
  ["title", (row) => row.title],
  ["type", (row) => row.type],
  ["active", (row) => row.active],
  ["available_days", (row) => row.figures?.availableDays ?? null],
  ["allocated_days", (row) => row.figures?.allocatedDays ?? null],
  ["free_days", (row) => row.figures?.freeDays ?? null],
  ["utilisation_percent", (row) => row.figures?.percent ?? null],
  ["peak_percent", (row) => row.peakPercent],
  ["free_from", (row) => row.freeFrom],
  ["over_allocated_from", (row) => row.overFrom]
]

/**
 * One cell. A text that a spreadsheet would run as a formula gets an apostrophe in front: names come from other people.
 */
export const cell = (value: string | number | boolean | null): string => {
  if (value === null) return ""
  if (typeof value !== "string") return String(value)
  const guarded = /^[\s\p{Cc}]*[=+\-@\uFF0B\uFF0D\uFF1D\uFF20]|^[\t\r\n]/u.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}

/** The file's text. */
export const csv = (people: ReadonlyArray<PersonRow>): string =>
  [columns.map(([name]) => name).join(","), ...people.map((row) => columns.map(([, get]) => cell(get(row))).join(","))]
    .map((line) => `${line}\r\n`)
    .join("")
