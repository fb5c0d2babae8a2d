/**
 * The look of the report and of the live page. Every colour is one for light and one for dark; which of the two applies is
 * the reader's system's choice, or that of the button at the top.
 */
import { timelineStyle } from "./page/timeline.ts"

const colours: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  page: ["#f4f5f7", "#0e1217"],
  card: ["#ffffff", "#171d25"],
  ink: ["#1b2430", "#e8ecf1"],
  "ink-2": ["#526070", "#9aa7b7"],
  line: ["#e1e5ea", "#2a333f"],
  c1: ["#2462cc", "#6ea0ff"],
  c2: ["#0d8f80", "#3fcfbd"],
  c3: ["#c26d00", "#f2ab4c"],
  c4: ["#7c4fe0", "#ae90ff"],
  c5: ["#d6487e", "#f47ba6"],
  c6: ["#6b8e23", "#a5c85a"],
  c7: ["#98a2b3", "#7a8798"],
  t1: ["#bcd3fa", "#2b4a7c"],
  t0: ["#b5e4dd", "#1e5650"],
  good: ["#14783f", "#4cc98a"],
  bad: ["#c23128", "#ff7a6e"],
  "good-soft": ["#e2f4ea", "#16332a"],
  "bad-soft": ["#fdeae8", "#3d1f20"],
  soft: ["#eef3fd", "#1b2635"],
  h1: ["#eef3fd", "#1b2635"],
  h2: ["#d5e2fb", "#203654"],
  h3: ["#a9c6f7", "#294d80"],
  h4: ["#6f9fee", "#3566ad"],
  h5: ["#f6c28b", "#8a5418"],
  "on-h3": ["#0b1f44", "#ffffff"],
  "on-h5": ["#4a2500", "#ffffff"]
}

export const style = `
:root { color-scheme: light dark;
${Object.entries(colours)
  .map(([name, [light, dark]]) => `  --${name}: light-dark(${light}, ${dark});`)
  .join("\n")} }
:root[data-theme=light] { color-scheme: light; } :root[data-theme=dark] { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 1240px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0; letter-spacing: -0.02em; }
h2 { font-size: 17px; margin: 0 0 4px; } h3 { font-size: 15px; margin: 0; }
p { margin: 0; }
a { color: var(--c1); }
:focus-visible { outline: 2px solid var(--c1); outline-offset: 2px; }
.top { display: flex; flex-wrap: wrap; gap: 12px 24px; justify-content: space-between; align-items: start; }
button, input { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 6px 12px; }
button { cursor: pointer; } button:hover { border-color: var(--ink-2); }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 14px; font-size: 14px; }
.muted { color: var(--ink-2); font-size: 13.5px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px; margin-top: 20px; }
.part { margin-top: 36px; } .part > h2 { font-size: 21px; letter-spacing: -0.01em; }
.card > .muted { margin-bottom: 14px; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 0 20px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 16px; margin-top: 20px; }
.tile, .step { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; }
.tile b { display: block; font-size: 28px; line-height: 1.25; letter-spacing: -0.02em; }
.steps { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 250px), 1fr)); gap: 16px; margin: 20px 0 0; padding: 0; list-style: none; }
.step > div { display: flex; gap: 10px; justify-content: space-between; align-items: baseline; }
.step p { margin-top: 8px; } .step ul { margin: 6px 0 0; padding-left: 18px; font-size: 13.5px; }
.note { border-radius: 10px; padding: 12px 16px; margin-top: 20px; background: var(--soft); }
.note.bad { background: var(--bad-soft); }
svg { display: block; width: 100%; height: auto; }
.scroll { overflow: auto; max-height: 440px; } .wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: left; padding: 6px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { color: var(--ink-2); font-weight: 600; background: var(--card); position: sticky; top: 0; z-index: 1; }
thead th button { all: unset; cursor: pointer; } thead th button:focus-visible { outline: 2px solid var(--c1); }
thead th button::after { content: "↕"; opacity: .45; margin-left: 5px; }
th[aria-sort=ascending] button::after { content: "↑"; opacity: 1; } th[aria-sort=descending] button::after { content: "↓"; opacity: 1; }
tbody th { font-weight: 500; }
tr:last-child > * { border-bottom: 0; }
.n { text-align: right; }
.filter { display: flex; flex-wrap: wrap; gap: 6px 12px; align-items: center; margin-bottom: 10px; font-size: 13.5px; color: var(--ink-2); }
.filter input { padding: 4px 10px; margin-left: 8px; }
.heat th.w { text-align: center; padding: 6px 4px; }
.heat td.h { text-align: center; border: 2px solid var(--card); border-radius: 6px; padding: 5px 2px; min-width: 44px; }
.h1 { background: var(--h1); } .h2 { background: var(--h2); } .h3 { background: var(--h3); color: var(--on-h3); }
.h4 { background: var(--h4); color: var(--on-h3); } .h5 { background: var(--h5); color: var(--on-h5); }
.key { display: flex; gap: 4px 16px; flex-wrap: wrap; margin: 12px 0; font-size: 12.5px; color: var(--ink-2); }
.key span::before { content: ""; display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px;
  vertical-align: -1px; background: var(--k); border: 1px solid var(--line); }
.tag { border-radius: 99px; padding: 2px 9px; font-size: 12.5px; white-space: nowrap; background: var(--soft); color: var(--ink-2); }
.tag.good { background: var(--good-soft); color: var(--good); } .tag.bad { background: var(--bad-soft); color: var(--bad); }
.wrap td { white-space: normal; overflow-wrap: anywhere; }
details { margin-top: 12px; } summary { cursor: pointer; color: var(--ink-2); padding: 6px 0; }
${timelineStyle}
@media print {
  :root, :root[data-theme] { color-scheme: light; }
  body { background: #fff; font-size: 11px; } main { max-width: none; padding: 0; } nav, button, .filter { display: none; } .muted, table, .legend, .key { font-size: 10px; }
  .pair { grid-template-columns: 1fr 1fr; } .steps { grid-template-columns: repeat(4, 1fr); } .heat td.h { min-width: 0; }
  thead th button { display: inline; } thead th button::after { content: none; } thead th { position: static; }
  .card, .tile, .step { border-color: #ccc; } .tile, .step, svg, tr { break-inside: avoid; } h2 { break-after: avoid; }
  .scroll { max-height: none; overflow: visible; } .timeline { min-width: 0; }
  .long tbody tr:nth-child(n + 41) { display: none; }
  .heat td.h, .tag, .note, .timeline, .legend, .key { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}`
