/** All results as one page that needs nothing else. */
import type { Result } from "./result.ts"
import { cells, head, sentence, tables } from "./table.ts"

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0) as number};`)

const row = (tag: "th" | "td", values: ReadonlyArray<string>): string =>
  `<tr>${values.map((value) => `<${tag}>${escaped(value)}</${tag}>`).join("")}</tr>`

const section = (result: Result, svg: string): string => `<section id="${result.name}">
<h2>${escaped(result.name)}</h2>
<p>${escaped(result.question)}${result.quick ? " <em>A quick run: the figures are coarse.</em>" : ""}</p>
<ul class="verdicts">${result.verdicts.map((verdict) => `<li class="${verdict.result.replaceAll(" ", "-")}">${escaped(sentence(verdict))}</li>`).join("")}</ul>
${svg}
${tables(result)
  .map(
    ([heading, lines]) =>
      `<table><caption>${escaped(heading)}</caption>${row("th", head)}${lines.map((line) => row("td", cells(line))).join("")}</table>`
  )
  .join("\n")}
<ul>${result.notes.map((note) => `<li>${escaped(note)}</li>`).join("")}</ul>
<p class="origin">${escaped(`${result.at}, ${Math.round(result.seconds)} s; ${result.machine.cpu}, ${result.machine.cores} cores, ${result.machine.memory}, ${result.machine.system}, Node ${result.machine.node}, load ${result.machine.load}`)}<br>${escaped(
  Object.entries(result.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")
)}</p>
</section>`

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem;color:#0f172a}
table{border-collapse:collapse;margin:1rem 0;font-size:13px}caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{padding:.15rem .7rem;text-align:right;border-bottom:1px solid #e2e8f0}th:first-child,td:first-child{text-align:left}
svg{max-width:100%;height:auto}.verdicts{list-style:none;padding:0}.verdicts li{padding:.2rem .6rem;border-left:4px solid}
.met{border-color:#16a34a}.missed{border-color:#dc2626}.within-noise{border-color:#ca8a04}.origin{color:#64748b;font-size:12px}`

/** The page of several results, each with its chart. */
export const report = (results: ReadonlyArray<readonly [Result, svg: string]>): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Keyturn, measured</title>
<style>${style}</style>
<h1>Keyturn, measured</h1>
<nav>${results.map(([{ name }]) => `<a href="#${name}">${escaped(name)}</a>`).join(" · ")}</nav>
${results.map(([result, svg]) => section(result, svg)).join("\n")}
</html>
`
