import type { PersonRow, WeekFigures } from "../../src/report/bench.ts"
import type { Report, SessionEntry } from "../../src/report/report.ts"
import type { Kind } from "../../src/timeline.ts"

const weeks = Array.from({ length: 13 }, (_, i) => new Date(Date.UTC(2026, 10, 16 + 7 * i)).toISOString().slice(0, 10))
const titles = ["Superintendent", "Project Manager", "Project Engineer", "Estimator", "Safety Manager", "Foreman"]
const names = ["Ada", "Bo", "Cleo", "Dev", "Ebo", "Fay", "Gus", "Hana", "Ivo", "Jun"]

const figures = (available: number, percent: number): WeekFigures => ({
  availableDays: available,
  allocatedDays: (available * percent) / 100,
  freeDays: (available * Math.max(0, 100 - percent)) / 100,
  percent
})
const wave = (i: number, week: number) => 55 + Math.round(40 * Math.sin((i * 5 + week) / 3)) + (i === 1 ? 20 : 0)

const people = Array.from(
  { length: 60 },
  (_, i): PersonRow => ({
    account: 1,
    id: String(i),
    number: `E${i}`,
    name: `${names[i % 10]} ${String.fromCharCode(65 + (i % 26))}. Moore`,
    title: titles[i % titles.length] as string,
    type: "Salaried",
    active: i !== 59,
    figures: figures(65, wave(i, 3)),
    freeFrom: i % 3 === 0 ? null : (weeks[i % 13] as string),
    overFrom: i % 20 === 1 ? (weeks[2] as string) : null,
    peakPercent: 80 + (i % 7) * 10
  })
)

const entry = (after: number, kind: Kind, generation: number, process = 0, times = 1): SessionEntry => ({
  at: new Date(Date.UTC(2026, 10, 21, 3, 0, 0, after)).toISOString(),
  after,
  kind,
  text: kind.replaceAll("-", " "),
  generation,
  times,
  process
})

/** A report with everything in it, trouble too. `name` is put wherever other people's texts are shown. */
export const sampleReport = (name = "Halden & Moore"): Report => ({
  run: {
    id: "run-1",
    startedAt: "2026-11-21T03:00:00.000Z",
    finishedAt: "2026-11-21T03:00:09.400Z",
    workers: 3,
    resumed: true,
    complete: false,
    demo: "These were simulated services."
  },
  steps: [
    { step: "bench", status: "done", startedAt: null, took: 4210, requests: 61, text: "read 250 people", problems: [] },
    {
      step: "allura",
      status: "partial",
      startedAt: null,
      took: 3100,
      requests: 9,
      text: "saved 3 of 4 tools",
      problems: [`${name} is not in the copy. Export it again.`]
    },
    { step: "bits", status: "done", startedAt: null, took: 900, requests: 49, text: "asked for 48", problems: [] },
    { step: "publish", status: "skipped", startedAt: null, took: 0, requests: 0, text: "not asked for", problems: [] }
  ],
  bench: {
    source: "https://bench.example",
    complete: false,
    accounts: [{ id: 1, name }],
    lists: [
      { list: "persons", items: 60, error: null },
      { list: "projects", items: 0, error: `${name}: the answer is no JSON` }
    ],
    weeks,
    utilisation: {
      overall: weeks.map((_, i) => figures(300, wave(2, i))),
      period: figures(3900, 71.4),
      roles: titles.map((role, i) => ({
        role,
        people: 10,
        period: figures(650, wave(i, 6)),
        weeks: weeks.map((_, week) => figures(50, wave(i, week)))
      })),
      overAllocated: people.filter(({ overFrom }) => overFrom !== null)
    },
    unfilled: {
      roles: 14,
      gaps: Array.from({ length: 14 }, (_, i) => ({
        role: titles[i % 6] as string,
        project: i === 0 ? name : `Canal Street ${i}`,
        start: weeks[i % 5] as string,
        end: weeks[6 + (i % 5)] as string,
        percent: i % 2 === 0 ? 100 : 50
      })),
      demand: ["Surveyor", ...titles, "Scheduler"].map((role, i) => ({ role, weeks: weeks.map((_, w) => (i + w) % 4) }))
    },
    forecast: {
      overall: weeks.map((_, i) => 12 + (i % 5)),
      roles: titles.map((role, i) => ({ role, weeks: weeks.map((_, week) => ((i + week) % 5) / 2) }))
    },
    overAllocations: [
      {
        person: name,
        title: "Foreman",
        start: "2026-11-23",
        end: "2026-12-04",
        percent: 150,
        projects: [name, "Pier 9"]
      }
    ],
    certifications: [
      { person: "Ada A. Moore", title: "Foreman", certification: name, expires: "2026-11-10", days: -11 },
      { person: "Bo B. Moore", title: "Estimator", certification: "First aid", expires: "2026-12-24", days: 33 }
    ],
    people
  },
  allura: {
    source: "https://forge.example",
    project: name,
    tools: [
      { mountPoint: "tickets", kind: "tickets", saved: true },
      { mountPoint: name, kind: "wiki", saved: false }
    ],
    left: ["code"],
    copy: { file: "scaffold-backup-2026-11-21-030004.zip", bytes: 183_112, at: "2026-11-21T03:00:04.000Z" },
    copies: [{ file: "scaffold-backup-2026-11-21-030004.zip", bytes: 183_112, at: "2026-11-21T03:00:04.000Z" }],
    removed: ["scaffold-backup-2026-11-13-030004.zip"]
  },
  bits: {
    source: "https://bits.example",
    asked: 48,
    counts: [
      { status: "APPROVED", applications: 30 },
      { status: "IN_PROGRESS", applications: 18 }
    ],
    decided: [{ id: "bits:application::0a", was: "IN_PROGRESS", status: "APPROVED" }],
    waiting: [
      { id: `bits:application::${name}`, organization: name, status: "MANUAL_REVIEW", since: "2026-11-01", days: 20.4 }
    ],
    patience: 3
  },
  publish: {
    source: "https://pink.example",
    as: name,
    id: "5f7d1c58-3c0e-4f0b-9f53-1de0c9a8b6e2",
    title: name,
    createdAt: "2026-11-21T03:00:09.000Z",
    already: true
  },
  sessions: [
    {
      api: "bench",
      how: "password",
      entries: [
        entry(40, "signed-in", 1),
        entry(95, "adopted", 1, 1),
        entry(140, "adopted", 1, 2),
        entry(2100, "renewed-on-schedule", 2),
        entry(2140, "adopted", 2, 1),
        entry(4400, "refused", 2, 2),
        entry(4470, "renewed-after-refusal", 3, 2),
        entry(4480, "sent-again", 3, 2, 4),
        entry(4600, "adopted", 3),
        entry(6900, "refused", 3),
        entry(6905, "ended-early", 3),
        entry(7300, "signed-in", 4),
        entry(7310, "sent-again", 4),
        entry(9300, "signed-out", 4)
      ]
    },
    { api: "allura", how: "OAuth 1.0a", entries: [entry(60, "signed-in", 1)] },
    {
      api: "bits",
      how: "client credentials",
      entries: [entry(300, "trouble", 0), entry(900, "signed-in", 1), entry(8000, "signed-out", 1)]
    },
    { api: "pink", how: "personal access token", entries: [] }
  ]
})
