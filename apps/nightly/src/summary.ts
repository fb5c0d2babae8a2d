/** The closing words of a run, for people and for programs. */
import { longDay, parseDay } from "./calendar.ts"
import type { BenchReport } from "./report/bench.ts"
import type { Report, SessionReport } from "./report/report.ts"

const percent = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : `${Math.round(value)} %`

const row = (name: string, text: string): string => `  ${name.padEnd(16)}${text}`

const ofBench = (bench: BenchReport): ReadonlyArray<string> => {
  const { certifications, overAllocations, unfilled, utilisation } = bench
  const [week] = utilisation?.overall ?? []
  const [next] = unfilled?.gaps ?? []
  const from = longDay(parseDay(bench.weeks[0]) ?? 0)
  const expired = certifications?.filter(({ days }) => days < 0).length ?? 0
  return [
    "",
    bench.accounts.map(({ name }) => name).join(", "),
    ...(utilisation && week
      ? [
          row(
            "Utilisation",
            `${percent(week.percent)} in the week of ${from}, ${percent(utilisation.period.percent)} over ${bench.weeks.length} weeks`
          ),
          row("Free", `${(week.freeDays / 5).toFixed(1)} people in that week`),
          row("Promised twice", `${utilisation.overAllocated.length} people, ${overAllocations?.length ?? 0} times`)
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
    ...(certifications
      ? [row("Certifications", `${expired} have run out, ${certifications.length - expired} will within the period`)]
      : [])
  ]
}

const ofSession = ({ api, entries, how }: SessionReport): ReadonlyArray<string> => [
  "",
  `Session of ${api} (${how})`,
  ...entries.map(
    ({ after, process, text, times }) =>
      `  ${(after / 1000).toFixed(2).padStart(7)} s  ${process > 0 ? `worker ${process}: ` : ""}${text}${times > 1 ? ` (${times} requests)` : ""}`
  )
]

/** The summary for people. */
export const summaryText = ({ bench, run, sessions, steps }: Report, files: ReadonlyArray<string>): string =>
  [
    ...steps.flatMap(({ problems, status, step, text, took }) => [
      row(step, status === "skipped" ? `skipped: ${text}` : `${text} (${status}, ${(took / 1000).toFixed(1)} s)`),
      ...problems.map((problem) => row("", problem))
    ]),
    ...(bench === null ? [] : ofBench(bench)),
    ...sessions.flatMap(ofSession),
    "",
    ...(run.demo === null ? [] : [`Demo: ${run.demo}`, ""]),
    ...files.map((file) => `Wrote ${file}`)
  ].join("\n")

/** What is found out, without the long lists: for the summary, and to publish. */
export const briefly = ({ allura, bench, bits }: Pick<Report, "bench" | "allura" | "bits">) => ({
  bench: bench && {
    source: bench.source,
    accounts: bench.accounts.map(({ id, name }) => ({ id, name })),
    lists: bench.lists,
    week: bench.utilisation?.overall[0] ?? null,
    period: bench.utilisation?.period ?? null,
    forecast: bench.forecast?.overall ?? null,
    people: bench.people.length,
    overAllocated: bench.utilisation?.overAllocated.length ?? null,
    unfilled: bench.unfilled?.roles ?? null,
    certifications: bench.certifications?.length ?? null
  },
  allura: allura && { source: allura.source, project: allura.project, tools: allura.tools, left: allura.left },
  bits: bits && {
    source: bits.source,
    asked: bits.asked,
    counts: bits.counts,
    decided: bits.decided.length,
    waiting: bits.waiting
  }
})

/** The summary for programs. */
export const summaryJson = (report: Report, files: ReadonlyArray<string>): string =>
  JSON.stringify({
    ok: report.run.complete,
    run: report.run,
    steps: report.steps,
    ...briefly(report),
    publish: report.publish,
    sessions: report.sessions,
    files
  })
