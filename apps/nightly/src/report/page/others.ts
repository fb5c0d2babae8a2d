/** The parts about the backup, the applications and the publication. */
import { html, type Markup } from "../markup.ts"
import type { AlluraReport, BitsReport, PublishReport } from "../report.ts"
import { instant, number, table, tile } from "./table.ts"

const size = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`

const time = (text: string) => ({ shown: instant(text), by: Date.parse(text) })

/** The backup of a project. */
export const alluraPart = (report: AlluraReport): Markup => html`
<section class="card" id="allura"><h2>Backup of ${report.project}</h2>
<p class="muted">From ${report.source}. ${
  report.copy === null
    ? "There is no new copy."
    : `${report.copy.file}, ${size(report.copy.bytes)}, checked: it was opened, and each tool looked for in it.`
}${report.left.length > 0 && ` Allura does not export ${report.left.join(", ")}.`}</p>
<div class="pair"><div>${table(
  "tools",
  ["Tool", "Kind", "In the copy"],
  report.tools.map(({ kind, mountPoint, saved }) => [
    mountPoint,
    kind,
    saved ? html`<span class="tag good">saved</span>` : html`<span class="tag bad">missing</span>`
  ])
)}</div><div>${table(
  "copies",
  ["Copy", "Size", "Made"],
  report.copies.map(({ at, bytes, file }) => [file, number(bytes, size(bytes)), time(at)]),
  [1]
)}${report.removed.length > 0 && html`<p class="muted">Old copies that were removed: ${report.removed.join(", ")}.</p>`}</div></div></section>`

/** What the statuses of Bits mean to a reader. */
const words = (status: string): string => status.toLowerCase().replaceAll("_", " ")

/** The last characters of an id: what tells two apart. */
const short = (id: string): Markup => html`<span title="${id}">…${id.slice(-12)}</span>`

/** The applications, reconciled. */
export const bitsPart = (report: BitsReport): Markup => html`
<section class="card" id="bits"><h2>Applications</h2>
<p class="muted">${report.asked} applications at ${report.source}, held against our own list.</p>
<div class="tiles">${report.counts.map(({ applications, status }) => tile(String(applications), words(status)))}</div>
<div class="pair"><div><h3>Waiting for more than ${report.patience} days</h3>${
  report.waiting.length === 0
    ? html`<p>None.</p>`
    : table(
        "waiting applications",
        ["Organization", "Application", "Status", "Days"],
        report.waiting.map(({ days, id, organization, status }) => [
          organization ?? "–",
          short(id),
          words(status),
          number(Math.floor(days))
        ]),
        [3]
      )
}</div><div><h3>Decided without our knowing</h3>${
  report.decided.length === 0
    ? html`<p>None: every decision reached us.</p>`
    : table(
        "missed decisions",
        ["Application", "Was", "Is"],
        report.decided.map(({ id, status, was }) => [short(id), words(was), words(status)])
      )
}</div></div></section>`

/** Where the report went. */
export const publishPart = (report: PublishReport): Markup => html`
<section class="card" id="publish"><h2>Published</h2>
<p>“${report.title}” at ${report.source}, as ${report.as}, ${instant(report.createdAt)}.${
  report.already && " An earlier try of this run had done so already."
}</p><p class="muted">Report ${report.id}</p></section>`
