/** The part about the sessions: how the run stayed signed in. */
import { html, type Markup } from "../markup.ts"
import type { Report, SessionReport } from "../report.ts"
import { number, table } from "./table.ts"
import { type Line, legend, timeline } from "./timeline.ts"

const seconds = (millis: number): string => `${(millis / 1000).toFixed(2)} s`

const lineOf = ({ api, entries, how }: SessionReport): Line => ({ name: api, how, moments: entries })

/** What the axis says: seconds, or minutes where a run is long. */
const label = (after: number): string =>
  after < 120_000 ? `${Number((after / 1000).toFixed(2))} s` : `${Number((after / 60_000).toFixed(1))} min`

const summary = ({ api, entries }: SessionReport): string => {
  const count = (pattern: RegExp) => entries.filter(({ kind }) => pattern.test(kind)).length
  return `${api}: ${count(/^signed-in/)} sign-ins, ${count(/^renewed/)} renewals, ${count(/^adopted/)} taken over, ${count(/^(refused|ended)/)} refusals`
}

/** The part's markup. */
export const sessionsPart = ({ run, sessions }: Report): Markup => {
  const rows = sessions.flatMap(({ api, entries }) => entries.map((entry) => ({ api, ...entry })))
  const to = Math.max(1, Date.parse(run.finishedAt) - Date.parse(run.startedAt), ...rows.map(({ after }) => after))
  return html`<section class="card" id="sessions"><h2>Sessions</h2>
<p class="muted">How the run stayed signed in: which token was in use when, and what happened to it. A red line is the time without one that works.</p>
<div class="wide" role="region" tabindex="0" aria-label="Session timeline">${timeline(
    `Session timeline. ${sessions.map(summary).join("; ")}`,
    sessions.map(lineOf),
    { from: 0, to: to * 1.01, label }
  )}</div>
${legend(rows.map(({ kind }) => kind))}
<details><summary>The same as a list (${rows.length})</summary>${table(
    "session events",
    ["After", "Service", "Process", "What happened", "Token"],
    rows
      .sort((a, b) => a.after - b.after)
      .map((row) => [
        number(row.after, seconds(row.after)),
        row.api,
        number(row.process),
        row.times > 1 ? `${row.text} (${row.times} requests)` : row.text,
        number(row.generation)
      ]),
    [0, 2, 4]
  )}<p class="muted">Tokens are shown by the first digits of their hash.</p></details></section>`
}
