/** `report.html`: one file with nothing from elsewhere. Its one script, which sorts and filters, may be missing. */
import { createHash } from "node:crypto"
import { html, Markup } from "./markup.ts"
import { benchPart } from "./page/bench.ts"
import { alluraPart, bitsPart, publishPart } from "./page/others.ts"
import { script } from "./page/script.ts"
import { sessionsPart } from "./page/sessions.ts"
import { instant } from "./page/table.ts"
import type { Report, StepReport } from "./report.ts"
import { style } from "./style.ts"

const hash = createHash("sha256").update(script).digest("base64")

/** No request leaves the page, and no script runs in it but the one below. */
const policy = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`

const tones: Readonly<Record<StepReport["status"], string>> = {
  done: "good",
  partial: "bad",
  failed: "bad",
  skipped: ""
}

const took = (millis: number): string =>
  millis < 1000 ? `${Math.round(millis)} ms` : `${(millis / 1000).toFixed(1)} s`

const step = ({ problems, requests, status, step, text, took: millis }: StepReport) => html`
<li class="step"><div><h3>${step}</h3><span class="tag ${tones[status]}">${status}</span></div>
<p>${text}</p>${problems.length > 0 && html`<ul>${problems.map((problem) => html`<li>${problem}</li>`)}</ul>`}
${status !== "skipped" && html`<p class="muted">${took(millis)}, ${requests} requests</p>`}</li>`

/** The page's text. */
export const page = (report: Report): string => {
  const { allura, bench, bits, publish, run } = report
  const parts = [
    ["sessions", "Sessions", true],
    ["bench", "People and projects", bench !== null],
    ["allura", "Backup", allura !== null],
    ["bits", "Applications", bits !== null],
    ["publish", "Publication", publish !== null]
  ] as const
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="data:,">
<title>Nightly report, ${instant(run.finishedAt)}</title>
<style>${new Markup(style)}</style>
</head>
<body><main>
<header class="top"><div><h1>Nightly report <span class="tag ${run.complete ? "good" : "bad"}">${run.complete ? "complete" : "incomplete"}</span></h1>
<p class="muted">${instant(run.finishedAt)}, ${took(Date.parse(run.finishedAt) - Date.parse(run.startedAt))}${run.workers > 1 && `, ${run.workers} processes`}${
    run.resumed && ", went on where an earlier run was stopped"
  }</p></div>
<button type="button" id="theme" hidden>Colours: auto</button></header>
<nav aria-label="Parts">${parts.filter(([, , there]) => there).map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav>
<h2 class="sr">Steps</h2><ul class="steps">${report.steps.map(step)}</ul>
${sessionsPart(report)}
${run.demo !== null && html`<p class="note">${run.demo}</p>`}
${bench && benchPart(bench)}
${allura && alluraPart(allura)}
${bits && bitsPart(bits)}
${publish && publishPart(publish)}
</main>
<script>${new Markup(script)}</script></body>
</html>
`.text
}
