/** Tables and small pieces that all parts of the page are made of. */
import { longDay, parseDay } from "../../calendar.ts"
import { html, Markup } from "../markup.ts"

export const day = (text: string | null): string => (text === null ? "" : longDay(parseDay(text) ?? 0))

export const percent = (value: number | null): string => (value === null ? "–" : `${Math.round(value)} %`)

/** `2026-11-21T03:00:05Z` as `21 Nov 2026, 03:00 UTC`. */
export const instant = (text: string): string => `${day(text)}, ${text.slice(11, 16)} UTC`

/** A cell: what is shown, and what it is sorted by when that is not the text. */
export type Cell = string | Markup | { readonly shown: string | Markup; readonly by: number | string | null }

/** A number, to the right, sorted as a number. */
export const number = (value: number | null, shown?: string): Cell => ({
  shown: shown ?? (value === null ? "–" : String(value)),
  by: value
})

/** A day, sorted by date. */
export const date = (text: string | null): Cell => ({ shown: day(text), by: text === null ? null : Date.parse(text) })

const partsOf = (cell: Cell) =>
  typeof cell === "string" || cell instanceof Markup ? { shown: cell, by: undefined } : cell

/**
 * A table of rows, whose first cell names the row. `name` says what the rows are: "people". A script makes it sort, and
 * filter when it is long.
 */
export const table = (
  name: string,
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<Cell>>,
  numbers: ReadonlyArray<number> = []
): Markup => {
  const right = (i: number) => numbers.includes(i) && new Markup(' class="n"')
  const cellOf = (cell: Cell, i: number) => {
    const { by, shown } = partsOf(cell)
    const value = by !== undefined && html` data-v="${by ?? ""}"`
    return i === 0 ? html`<th scope="row"${right(i)}${value}>${shown}</th>` : html`<td${right(i)}${value}>${shown}</td>`
  }
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table of ${name}"><table data-sort="${name}">
<thead><tr>${head.map((text, i) => html`<th scope="col"${right(i)}>${text}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cellOf)}</tr>\n`)}</tbody></table></div>`
}

export const tile = (value: string, name: string): Markup =>
  html`<div class="tile"><b>${value}</b><span class="muted">${name}</span></div>`

/** What the colours mean. */
export const key = (entries: ReadonlyArray<readonly [colour: string, text: string]>): Markup =>
  html`<div class="key">${entries.map(([colour, text]) => html`<span style="--k:var(--${colour})">${text}</span>`)}</div>`
