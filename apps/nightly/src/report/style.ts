/** The page's look: one set of variables for light and one for dark, and a plain print. */
const light = `
  --page: #f4f5f7; --card: #ffffff; --ink: #1b2430; --ink-2: #566273; --line: #e1e5ea;
  --c1: #2f6fde; --c2: #12a594; --c3: #e08b1c; --c4: #8b5cf6; --c5: #d6487e; --c6: #6b8e23; --c7: #98a2b3;
  --good: #178a4c; --bad: #cf3a2f; --good-soft: #e2f4ea; --bad-soft: #fdeae8;
  --h1: #eef3fd; --h2: #d5e2fb; --h3: #a9c6f7; --h4: #6f9fee; --h5: #f6c28b; --on-h4: #0b1f44; --on-h5: #4a2500;`

const dark = `
  --page: #0e1217; --card: #171d25; --ink: #e8ecf1; --ink-2: #9aa7b7; --line: #2a333f;
  --c1: #6ea0ff; --c2: #3fcfbd; --c3: #f2ab4c; --c4: #ae90ff; --c5: #f47ba6; --c6: #a5c85a; --c7: #7a8798;
  --good: #4cc98a; --bad: #ff7a6e; --good-soft: #16332a; --bad-soft: #3d1f20;
  --h1: #1b2635; --h2: #203654; --h3: #294d80; --h4: #3c70bd; --h5: #9a5f1d; --on-h4: #ffffff; --on-h5: #ffffff;`

export const style = `
:root { color-scheme: light dark;${light} }
@media (prefers-color-scheme: dark) { :root {${dark} } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 1240px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0; letter-spacing: -0.02em; }
h2 { font-size: 17px; margin: 0 0 4px; }
p { margin: 0; }
.muted { color: var(--ink-2); font-size: 13.5px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px; margin-top: 20px; }
.card > .muted { margin-bottom: 14px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 0 20px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 16px; margin-top: 24px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; }
.tile b { display: block; font-size: 28px; line-height: 1.25; letter-spacing: -0.02em; }
.note { border-radius: 10px; padding: 12px 16px; margin-top: 20px; background: var(--h1); }
.note.bad { background: var(--bad-soft); }
svg { display: block; width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: left; padding: 6px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { color: var(--ink-2); font-weight: 600; }
tbody th { font-weight: 500; }
tr:last-child > * { border-bottom: 0; }
.n { text-align: right; }
.n:first-child { width: 1%; }
.heat th.w { text-align: center; padding: 6px 4px; }
.heat td.h { text-align: center; border: 2px solid var(--card); border-radius: 6px; padding: 5px 2px; min-width: 44px; }
.h1 { background: var(--h1); } .h2 { background: var(--h2); } .h3 { background: var(--h3); color: var(--on-h4); }
.h4 { background: var(--h4); color: var(--on-h4); } .h5 { background: var(--h5); color: var(--on-h5); }
@media (prefers-color-scheme: dark) { .h3 { color: #fff; } }
.key { display: flex; gap: 4px 16px; flex-wrap: wrap; margin: 12px 0; font-size: 12.5px; color: var(--ink-2); }
.key span::before { content: ""; display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px;
  vertical-align: -1px; background: var(--k); border: 1px solid var(--line); }
.tag { border-radius: 99px; padding: 2px 9px; font-size: 12.5px; background: var(--good-soft); color: var(--good); }
.tag.bad { background: var(--bad-soft); color: var(--bad); }
.wrap td { white-space: normal; }
details { margin-top: 8px; } summary { cursor: pointer; color: var(--ink-2); padding: 6px 0; }
@media print {
  :root {${light} }
  body { background: #fff; font-size: 11px; } main { max-width: none; padding: 0; }
  .card, .tile { break-inside: avoid; border-color: #ccc; }
  .heat td.h, .tag, .note { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}`
