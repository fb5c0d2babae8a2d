/** `report.html`: one file, without scripts and without anything from elsewhere. */
import { longDay, parseDay, shortDay } from "../calendar.ts"
import { demandRows, freeChart, sessionChart, unfilledChart, utilisationChart } from "./charts.ts"
import { html, Markup } from "./markup.ts"
import type { Report, WeekFigures } from "./report.ts"
import { style } from "./style.ts"

const day = (text: string | null): string => (text === null ? "" : longDay(parseDay(text) ?? 0))
const percent = (value: number | null): string => (value === null ? "–" : `${Math.round(value)} %`)
/** Person-days as people: five days are one. */
const people = (days: number): string => (days / 5).toFixed(1)

/** Rows shown before the rest is folded away. */
const SHOWN = 15

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<Markup>, numbers: ReadonlyArray<number>): Markup => {
  const of = (some: ReadonlyArray<Markup>) => html`<div class="scroll"><table>
<thead><tr>${head.map((name, i) => html`<th scope="col"${numbers.includes(i) && new Markup(' class="n"')}>${name}</th>`)}</tr></thead>
<tbody>${some}</tbody></table></div>`
  if (rows.length <= SHOWN) return of(rows)
  return html`${of(rows.slice(0, SHOWN))}
<details><summary>${rows.length - SHOWN} more</summary>${of(rows.slice(SHOWN))}</details>`
}

const tile = (value: string, name: string) =>
  html`<div class="tile"><b>${value}</b><span class="muted">${name}</span></div>`

/** What the colours mean. */
const key = (entries: ReadonlyArray<readonly [colour: string, text: string]>) =>
  html`<div class="key">${entries.map(([colour, text]) => html`<span style="--k:var(--${colour})">${text}</span>`)}</div>`

/** Coloured by the number that is shown, so that two cells of one number look alike. */
const heatOf = (value: number): string =>
  value > 100 ? "h5" : value >= 85 ? "h4" : value >= 60 ? "h3" : value >= 30 ? "h2" : "h1"

const heat = ({ percent }: WeekFigures) =>
  percent === null
    ? html`<td class="h">–</td>`
    : html`<td class="h ${heatOf(Math.round(percent))}">${Math.round(percent)}</td>`

const utilisation = (report: Report, known: NonNullable<Report["utilisation"]>) => html`
<div class="pair">
<section class="card"><h2>Utilisation</h2><p class="muted">Allocated of available working days, everybody.</p>${new Markup(utilisationChart(report))}</section>
<section class="card"><h2>Free</h2><p class="muted">People with nothing to do, in whole people.</p>${new Markup(freeChart(report))}</section>
</div>
<section class="card"><h2>Utilisation by role and week</h2>
<p class="muted">In percent of the working days on which the people of a title are there. Time away counts neither as available nor as allocated.</p>
<div class="scroll"><table class="heat"><thead><tr><th scope="col">Role</th><th scope="col" class="n">People</th><th scope="col" class="n">All weeks</th>${report.weeks.map(
  (week) => html`<th scope="col" class="w">${shortDay(parseDay(week) ?? 0)}</th>`
)}</tr></thead>
<tbody>${known.roles.map(
  (role) =>
    html`<tr><th scope="row">${role.role}</th><td class="n">${role.people}</td><td class="n">${percent(role.period.percent)}</td>${role.weeks.map(heat)}</tr>\n`
)}<tr><th scope="row"><b>Everybody</b></th><td class="n">${known.roles.reduce((sum, role) => sum + role.people, 0)}</td><td class="n"><b>${percent(known.period.percent)}</b></td>${known.overall.map(heat)}</tr></tbody></table></div>
${key([
  ["h1", "below 30"],
  ["h2", "30 to 59"],
  ["h3", "60 to 84"],
  ["h4", "85 to 100"],
  ["h5", "above 100"]
])}</section>`

const unfilled = (report: Report, known: NonNullable<Report["unfilled"]>) => html`
<section class="card"><h2>Unfilled roles</h2><p class="muted">People missing on projects that are won, week by week.</p>
${new Markup(unfilledChart(report))}
${key(demandRows(report).map(({ role }, i) => [`c${i + 1}`, role]))}
${table(
  ["Role", "Project", "From", "To", "Needs"],
  known.gaps.map(
    (gap) =>
      html`<tr><th scope="row">${gap.role}</th><td>${gap.project}</td><td>${day(gap.start)}</td><td>${day(gap.end)}</td><td class="n">${gap.percent} %</td></tr>\n`
  ),
  [4]
)}</section>`

const persons = (report: Report, known: NonNullable<Report["utilisation"]>) => {
  const free = report.people
    .filter((row) => (row.figures?.freeDays ?? 0) > 0)
    .sort((a, b) => (b.figures?.freeDays ?? 0) - (a.figures?.freeDays ?? 0))
  return html`<div class="pair">
<section class="card"><h2>Most time free</h2><p class="muted">Over all ${report.weeks.length} weeks. The whole list is in people.csv.</p>${table(
    ["Person", "Title", "Free days", "From"],
    free
      .slice(0, SHOWN)
      .map(
        (row) =>
          html`<tr><th scope="row">${row.name}</th><td>${row.title}</td><td class="n">${Math.round(row.figures?.freeDays ?? 0)}</td><td>${day(row.freeFrom)}</td></tr>\n`
      ),
    [2]
  )}</section>
<section class="card"><h2>Promised twice</h2><p class="muted">More than a whole person is allocated on some day.</p>${
    known.overAllocated.length === 0
      ? html`<p>Nobody.</p>`
      : table(
          ["Person", "Title", "Peak", "From"],
          known.overAllocated.map(
            (row) =>
              html`<tr><th scope="row">${row.name}</th><td>${row.title}</td><td class="n">${percent(row.peakPercent)}</td><td>${day(row.overFrom)}</td></tr>\n`
          ),
          [2]
        )
  }</section></div>`
}

const session = (report: Report) => html`
<section class="card"><h2>The session</h2><p class="muted">How this run stayed signed in. Tokens are shown by the first digits of their hash.</p>
${new Markup(sessionChart(report))}
${table(
  ["After", "What happened", "Token"],
  report.session.map(
    (entry) =>
      html`<tr><td class="n">${(entry.after / 1000).toFixed(2)} s</td><td>${entry.text}${entry.times > 1 && ` (${entry.times} requests)`}</td><td class="n">${entry.generation}</td></tr>\n`
  ),
  [0, 2]
)}</section>`

const lists = (report: Report) => html`
<section class="card wrap"><h2>What was read</h2><p class="muted">From ${report.source}.</p>${table(
  ["List", "Entries", "Outcome"],
  report.lists.map(
    (list) =>
      html`<tr><th scope="row">${list.list}</th><td class="n">${list.error === null ? list.items : "–"}</td><td>${
        list.error === null
          ? html`<span class="tag">read</span>`
          : html`<span class="tag bad">failed</span> ${list.error}`
      }</td></tr>\n`
  ),
  [1]
)}</section>`

/** The page's text. */
export const page = (report: Report): string => {
  const { utilisation: busy, unfilled: open } = report
  const [first] = busy?.overall ?? []
  const week = shortDay(parseDay(report.weeks[0]) ?? 0)
  const title = report.accounts.map(({ name }) => name).join(", ")
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>Bench: ${title}</title>
<style>${new Markup(style)}</style>
</head>
<body><main>
<header><h1>${title}</h1>
<p class="muted">${day(report.generatedAt)}, ${report.generatedAt.slice(11, 16)} UTC · ${report.weeks.length} weeks from ${day(report.weeks[0] ?? null)}</p></header>
${
  !report.complete &&
  html`<p class="note bad">Part of this report is missing: ${report.lists
    .filter(({ error }) => error !== null)
    .map(({ list }) => list)
    .join(", ")} could not be read. See below.</p>`
}
<div class="tiles">
${busy && first && [tile(percent(first.percent), `utilisation, week of ${week}`), tile(percent(busy.period.percent), `utilisation over ${report.weeks.length} weeks`), tile(people(first.freeDays), "people free that week")]}
${open && tile(String(open.roles), "unfilled roles")}
${busy && tile(String(busy.overAllocated.length), "people promised twice")}
</div>
${busy && utilisation(report, busy)}
${open && unfilled(report, open)}
${busy && persons(report, busy)}
${session(report)}
${report.demo !== null && html`<p class="note">${report.demo}</p>`}
${lists(report)}
</main></body>
</html>
`.text
}
