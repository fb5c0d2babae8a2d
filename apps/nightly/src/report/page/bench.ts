/** The part about people and projects. */
import { parseDay, shortDay } from "../../calendar.ts"
import type { BenchReport, PersonRow, WeekFigures } from "../bench.ts"
import { demandRows, forecastChart, forecastRows, unfilledChart, utilisationChart } from "../charts.ts"
import { html, Markup } from "../markup.ts"
import { date, day, key, number, percent, table, tile } from "./table.ts"

/** Person-days as people: five days are one. */
const people = (days: number): string => (days / 5).toFixed(1)

/** Coloured by the number that is shown, so that two cells of one number look alike. */
const heatOf = (value: number): string =>
  value > 100 ? "h5" : value >= 85 ? "h4" : value >= 60 ? "h3" : value >= 30 ? "h2" : "h1"

const heat = ({ percent }: WeekFigures) =>
  percent === null
    ? html`<td class="h">–</td>`
    : html`<td class="h ${heatOf(Math.round(percent))}">${Math.round(percent)}</td>`

const utilisation = (report: BenchReport, known: NonNullable<BenchReport["utilisation"]>) => html`
<section class="card"><h3>Utilisation by role and week</h3>
<p class="muted">In percent of the working days on which the people of a title are there. Time away counts neither as available nor as allocated.</p>
<div class="wide" role="region" tabindex="0" aria-label="Table of utilisation"><table class="heat"><thead><tr><th scope="col">Role</th><th scope="col" class="n">People</th><th scope="col" class="n">All weeks</th>${report.weeks.map(
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

const charts = (report: BenchReport) => html`<div class="pair">
<section class="card"><h3>Utilisation</h3><p class="muted">Allocated of available working days, everybody.</p>${new Markup(utilisationChart(report))}</section>
<section class="card"><h3>Bench forecast</h3><p class="muted">People with nothing to do, in whole people, by title.</p>${new Markup(forecastChart(report))}
${key(forecastRows(report).map(({ role }, i) => [`c${i + 1}`, role]))}</section>
</div>`

const unfilled = (report: BenchReport, known: NonNullable<BenchReport["unfilled"]>) => html`
<section class="card long"><h3>Unfilled roles</h3><p class="muted">People missing on projects that are won, week by week. On paper the first 40 of the list.</p>
${new Markup(unfilledChart(report))}
${key(demandRows(report).map(({ role }, i) => [`c${i + 1}`, role]))}
${table(
  "unfilled roles",
  ["Role", "Project", "From", "To", "Needs"],
  known.gaps.map((gap) => [
    gap.role,
    gap.project,
    date(gap.start),
    date(gap.end),
    number(gap.percent, `${gap.percent} %`)
  ]),
  [4]
)}</section>`

const over = (known: NonNullable<BenchReport["overAllocations"]>) => html`
<section class="card"><h3>Promised twice</h3><p class="muted">More than a whole person is allocated.</p>${
  known.length === 0
    ? html`<p>Nobody.</p>`
    : table(
        "people promised twice",
        ["Person", "Title", "Peak", "From", "To", "Projects"],
        known.map((row) => [
          row.person,
          row.title,
          number(row.percent, `${row.percent} %`),
          date(row.start),
          date(row.end),
          row.projects.join(", ")
        ]),
        [2]
      )
}</section>`

/** In words, and marked when it is over. */
const left = (days: number) =>
  days < 0
    ? { shown: html`<span class="tag bad">${-days} days ago</span>`, by: days }
    : { shown: `in ${days} days`, by: days }

const certifications = (known: NonNullable<BenchReport["certifications"]>) => html`
<section class="card"><h3>Certifications</h3><p class="muted">Those that have run out, or will within these weeks.</p>${
  known.length === 0
    ? html`<p>None.</p>`
    : table(
        "certifications",
        ["Person", "Title", "Certification", "Expires", "When"],
        known.map((row) => [row.person, row.title, row.certification, date(row.expires), left(row.days)])
      )
}</section>`

const persons = (report: BenchReport) => {
  const free = ({ figures }: PersonRow) => figures?.freeDays ?? -1
  const rows = report.people.filter(({ active }) => active).sort((a, b) => free(b) - free(a))
  return html`<section class="card long"><h3>People</h3>
<p class="muted">Over all ${report.weeks.length} weeks, the most free first. On paper the first 40; the whole list is in people.csv.</p>${table(
    "people",
    ["Person", "Title", "Utilisation", "Free days", "Free from", "Peak"],
    rows.map((row) => [
      row.name,
      row.title,
      number(row.figures?.percent ?? null, percent(row.figures?.percent ?? null)),
      number(row.figures && Math.round(row.figures.freeDays)),
      date(row.freeFrom),
      number(row.peakPercent, percent(row.peakPercent))
    ]),
    [2, 3, 5]
  )}</section>`
}

const lists = (report: BenchReport) => html`
<section class="card wrap"><h3>What was read</h3><p class="muted">From ${report.source}.</p>${table(
  "lists",
  ["List", "Entries", "Outcome"],
  report.lists.map(({ error, items, list }) => [
    list,
    number(error === null ? items : null),
    error === null ? html`<span class="tag good">read</span>` : html`<span class="tag bad">failed</span> ${error}`
  ]),
  [1]
)}</section>`

/** The part's markup. */
export const benchPart = (report: BenchReport): Markup => {
  const { certifications: papers, overAllocations, unfilled: open, utilisation: busy } = report
  const [first] = busy?.overall ?? []
  const week = shortDay(parseDay(report.weeks[0]) ?? 0)
  return html`<section id="bench" class="part"><h2>${report.accounts.map(({ name }) => name).join(", ") || "People and projects"}</h2>
<p class="muted">${report.weeks.length} weeks from ${day(report.weeks[0] ?? null)}.</p>
${
  !report.complete &&
  html`<p class="note bad">Part of this report is missing: ${report.lists
    .filter(({ error }) => error !== null)
    .map(({ list }) => list)
    .join(", ")} could not be read. What rests on it is left out.</p>`
}
<div class="tiles">
${busy && first && [tile(percent(first.percent), `utilisation, week of ${week}`), tile(percent(busy.period.percent), `utilisation over ${report.weeks.length} weeks`), tile(people(first.freeDays), "people free that week")]}
${open && tile(String(open.roles), "unfilled roles")}
${overAllocations && tile(String(new Set(overAllocations.map(({ person }) => person)).size), "people promised twice")}
${papers && tile(String(papers.length), "certifications that run out")}
</div>
${busy && [charts(report), utilisation(report, busy)]}
${open && unfilled(report, open)}
<div class="pair">${overAllocations && over(overAllocations)}${papers && certifications(papers)}</div>
${busy && persons(report)}
${lists(report)}</section>`
}
