/** The live page's document and style. Its script fills the places that have an id. */
import { html, type Markup } from "../report/markup.ts"
import { style } from "../report/style.ts"

/** A button, and what it does to a simulator. */
export interface Action {
  readonly id: string
  readonly name: string
  /** What is said once it is done. */
  readonly done: string
  /** What will be seen. */
  readonly hint: string
}

const button = ({ hint, id, name }: Action): Markup =>
  html`<div><button type="button" class="do" data-do="${id}" aria-describedby="${id}-hint">${name}</button><p class="muted" id="${id}-hint">${hint}</p></div>`

/** The document. Without actions there is nothing to press: the services are real. */
export const document = (actions: ReadonlyArray<Action>): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
<title>Nightly, live</title>
<script type="module" src="/main.js"></script>
</head>
<body><main>
<header class="top"><div><h1>Nightly, live</h1><p class="muted" id="run">Connecting …</p></div>
<div class="buttons"><button type="button" id="pause" aria-pressed="false">Hold the pictures</button> <button type="button" id="theme" hidden>Colours: auto</button></div></header>
<p role="alert" id="connection"></p>
${
  actions.length > 0 &&
  html`<section class="card" aria-labelledby="do"><h2 id="do">Get in its way</h2><div class="actions">${actions.map(button)}</div><p class="muted" role="status" id="pressed"></p></section>`
}
<section class="card" aria-labelledby="sessions"><div class="top"><h2 id="sessions">Sessions</h2><ul class="health" id="health" aria-label="State of the sessions"></ul></div>
<div class="wide" role="region" tabindex="0" aria-label="Session timeline" id="timeline"></div><div id="legend"></div></section>
<section aria-labelledby="steps-head"><h2 id="steps-head" class="part">Steps</h2><ul class="steps" id="steps"></ul></section>
<div class="split"><section class="card" aria-labelledby="requests"><h2 id="requests">Requests</h2>
<dl><div><dt>per second</dt><dd id="rate-now">0</dd></div><div><dt>in all</dt><dd id="total">0</dd></div><div><dt>refused (401)</dt><dd id="refused">0</dd></div></dl>
<div id="rate"></div><ul class="legend" id="services"></ul></section>
<section class="card" aria-labelledby="log-head"><h2 id="log-head">What happened</h2><div id="log" role="log" aria-labelledby="log-head" tabindex="0"></div></section></div>
</main></body>
</html>
`.text

export const liveStyle = `${style}
#connection { margin-top: 12px; color: var(--bad); } #connection:empty { display: none; }
.actions { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 16px; margin-top: 10px; }
.do { border-color: var(--c1); color: var(--c1); font-weight: 600; } .do:disabled { opacity: .5; cursor: default; } .do + p { margin-top: 6px; }
.health { list-style: none; display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 0; padding: 0; font-size: 13.5px; }
#pressed { min-height: 1.6em; margin: 8px 0 -8px; }
#timeline { min-height: 300px; margin-top: 8px; }
.steps progress { width: 100%; height: 8px; margin-top: 12px; accent-color: var(--c1); } .step p { min-height: 3em; }
.split { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 20px; } @media (max-width: 860px) { .split { display: block; } }
dl { display: flex; gap: 28px; margin: 8px 0 14px; } dl div { display: flex; flex-direction: column-reverse; } dd { margin: 0; font-size: 24px; font-weight: 600; } dt { color: var(--ink-2); font-size: 13px; }
#rate .timeline { min-width: 0; }
#log { margin-top: 8px; height: 236px; overflow-y: auto; font-size: 13.5px; } #log p { padding: 2px 0; } #log time { color: var(--ink-2); margin-right: 8px; }`
