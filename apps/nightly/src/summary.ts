/** The closing words of a run, for people and for programs. */
import { longDay, parseDay } from "./calendar.ts"
import type { Report } from "./report/report.ts"

const percent = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : `${Math.round(value)} %`

const row = (name: string, text: string): string => `  ${name.padEnd(16)}${text}`

/** The summary for people. */
export const summaryText = (report: Report, files: ReadonlyArray<string>): string => {
  const { unfilled, utilisation } = report
  const [week] = utilisation?.overall ?? []
  const [next] = unfilled?.gaps ?? []
  const from = longDay(parseDay(report.weeks[0]) ?? 0)
  const failed = report.lists.filter(({ error }) => error !== null)
  return [
    report.accounts.map(({ name }) => name).join(", "),
    row(
      "Read",
      report.lists
        .filter(({ error, list }) => error === null && list !== "accounts")
        .map(({ items, list }) => `${items} ${list}`)
        .join(", ")
    ),
    ...(utilisation && week
      ? [
          row(
            "Utilisation",
            `${percent(week.percent)} in the week of ${from}, ${percent(utilisation.period.percent)} over ${report.weeks.length} weeks`
          ),
          row("Free", `${(week.freeDays / 5).toFixed(1)} people in that week`),
          row("Promised twice", `${utilisation.overAllocated.length} people`)
        ]
      : []),
    ...(unfilled
      ? [
          row(
            "Unfilled",
            `${unfilled.roles} roles${next ? `; the longest open: ${next.role}, ${next.project}, since ${longDay(parseDay(next.start) ?? 0)}` : ""}`
          )
        ]
      : []),
    ...failed.map(({ error, list }) => row("Failed", `${list}: ${error}`)),
    "",
    "Session",
    ...report.session.map(
      ({ after, text, times }) =>
        `  ${(after / 1000).toFixed(2).padStart(7)} s  ${text}${times > 1 ? ` (${times} requests)` : ""}`
    ),
    "",
    ...(report.demo === null ? [] : [`Demo: ${report.demo}`, ""]),
    ...files.map((file) => `Wrote ${file}`)
  ].join("\n")
}

/** The summary for programs: the report without its long lists. */
export const summaryJson = (report: Report, files: ReadonlyArray<string>): string => {
  const { people, unfilled, utilisation, ...rest } = report
  return JSON.stringify({
    ok: report.complete,
    ...rest,
    utilisation: utilisation && {
      week: utilisation.overall[0],
      period: utilisation.period,
      overAllocated: utilisation.overAllocated.length
    },
    unfilled: unfilled?.roles ?? null,
    people: people.length,
    files
  })
}
