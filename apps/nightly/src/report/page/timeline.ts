/**
 * The timeline of sessions as a picture: which token was in use when, and what happened to it. It runs in the report and in
 * the live page alike, so it knows nothing but its arguments.
 */
import type { Entry, Kind } from "../../timeline.ts"
import { html, type Markup } from "../markup.ts"

/** Something that happened. `after` is milliseconds on the picture's time. */
export type Moment = Pick<Entry, "kind" | "text" | "generation" | "times"> & {
  readonly after: number
  readonly process: number
}

/** The session of one credential. */
export interface Line {
  readonly name: string
  /** The kind of credential. */
  readonly how: string
  /** In order. */
  readonly moments: ReadonlyArray<Moment>
}

/** The stretch of time that is shown, in milliseconds, and what the axis says of an instant. */
export interface Window {
  readonly from: number
  readonly to: number
  readonly label: (after: number) => string
}

/** The look and the name of each kind: told apart by shape, not by colour alone. */
export const marks: Readonly<Record<Kind, { readonly name: string; readonly colour: string; readonly shape: string }>> =
  {
    "signed-in": { name: "signed in", colour: "good", shape: "M-6.5 0a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0-13 0" },
    "renewed-on-schedule": { name: "renewed on schedule", colour: "c1", shape: "M0-7L7 5H-7Z" },
    "renewed-after-refusal": { name: "renewed after a refusal", colour: "c4", shape: "M0-8L7 0H3V7H-3V0H-7Z" },
    adopted: { name: "took over a stored token", colour: "c2", shape: "M0-7.5L7.5 0L0 7.5L-7.5 0Z" },
    refused: {
      name: "refused (401)",
      colour: "bad",
      shape: "M-6-3.5L-3.5-6L0-2.5L3.5-6L6-3.5L2.5 0L6 3.5L3.5 6L0 2.5L-3.5 6L-6 3.5L-2.5 0Z"
    },
    "ended-early": { name: "ended before its time", colour: "bad", shape: "M2-8L-6 1.5H-1L-2.5 8L6-2H1Z" },
    "sent-again": { name: "sent again", colour: "c3", shape: "M-6-6.5L1 0L-6 6.5ZM0-6.5L7 0L0 6.5Z" },
    trouble: { name: "trouble", colour: "bad", shape: "M0-8L8 6.5H-8ZM-1.2-3V2H1.2V-3ZM-1.2 3.2V5.4H1.2V3.2Z" },
    "signed-out": { name: "signed out", colour: "ink-2", shape: "M-6-6H6V6H-6Z" }
  }

const WIDTH = 1140
const LEFT = 196
const RIGHT = 22
const BAR = 16
/** Between the middles of two marks that stand on one another, and the least between two on one level. */
const LEVEL = 19
const APART = 17

const obtained = (kind: Kind) => kind === "signed-in" || kind === "adopted" || kind.startsWith("renewed")

interface Stretch {
  readonly from: number
  readonly to: number
  /** The generation of the token in use; null while there was none that works. */
  readonly token: number | null
}

/** What was in use when, in one process. */
export const stretches = (moments: ReadonlyArray<Moment>, { from, to }: Window): ReadonlyArray<Stretch> => {
  const found: Array<Stretch> = []
  const [first] = moments
  let open: { from: number; token: number | null } | undefined =
    first !== undefined && !obtained(first.kind) && first.kind !== "trouble"
      ? { from, token: first.generation }
      : undefined
  const change = (at: number, next: { token: number | null } | undefined) => {
    if (open !== undefined && at > from && open.from < to) {
      found.push({ from: Math.max(from, open.from), to: Math.min(to, at), token: open.token })
    }
    open = next && { from: at, token: next.token }
  }
  for (const { after, generation, kind } of moments) {
    // The same token again, as another run takes it over, is the same stretch.
    if (obtained(kind) && open?.token !== generation) change(after, { token: generation })
    else if (kind === "signed-out") change(after, undefined)
    // A refusal of a token that was replaced meanwhile says nothing of the new one.
    else if ((kind === "refused" || kind === "ended-early") && open?.token === generation)
      change(after, { token: null })
  }
  change(to, undefined)
  return found
}

/** The instants that the axis names: whole steps, not too many. */
const ticks = ({ from, to }: Window): ReadonlyArray<number> => {
  const steps = [10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 36e5]
  const step = steps.find((one) => (to - from) / one <= 9) ?? 864e5
  const first = Math.ceil(from / step) * step
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step)
}

/** Puts marks that would cover each other on top of one another. */
const levelsOf = (xs: ReadonlyArray<number>): ReadonlyArray<number> => {
  const ends: Array<number> = []
  return xs.map((x) => {
    const free = ends.findIndex((end) => x - end >= APART)
    const level = free === -1 ? ends.length : free
    ends[level] = x
    return level
  })
}

const round = (value: number) => Math.round(value * 10) / 10

/** Something that was done from outside, drawn across all lines. */
export interface Note {
  readonly after: number
  readonly text: string
}

/** The picture. `title` is what it is called for those who do not see it. */
export const timeline = (
  title: string,
  lines: ReadonlyArray<Line>,
  window: Window,
  notes: ReadonlyArray<Note> = []
): Markup => {
  const x = (after: number) =>
    round(LEFT + ((after - window.from) / Math.max(1, window.to - window.from)) * (WIDTH - LEFT - RIGHT))
  let y = notes.length > 0 ? 40 : 6
  const rows: Array<Markup> = []
  const row = (name: Markup, moments: ReadonlyArray<Moment>) => {
    const shown = moments.filter(({ after }) => after >= window.from && after <= window.to)
    const levels = levelsOf(shown.map(({ after }) => x(after)))
    const top = y + 12 + (shown.length === 0 ? 0 : (Math.max(...levels) + 1) * LEVEL)
    const middle = top + BAR / 2
    rows.push(html`<g transform="translate(0 ${middle})">${name}</g>`)
    for (const { from, to, token } of stretches(moments, window)) {
      const width = round(x(to) - x(from))
      rows.push(
        token === null
          ? html`<rect class="gap" x="${x(from)}" y="${top + 5}" width="${Math.max(2, width)}" height="${BAR - 10}"/>`
          : html`<rect class="t${token % 2}" x="${x(from)}" y="${top}" width="${Math.max(2, width)}" height="${BAR}" rx="4"/>`
      )
      if (token !== null && width > 58)
        rows.push(html`<text class="on" x="${round(x(from) + 8)}" y="${middle + 4}">token ${token}</text>`)
    }
    shown.forEach(({ after, kind, text, times }, i) => {
      const { colour, shape } = marks[kind]
      const at = top - 11 - (levels[i] as number) * LEVEL
      rows.push(html`<g><title>${window.label(after)}: ${text}${times > 1 && ` (${times} requests)`}</title>
<path class="stem" d="M${x(after)} ${at + 8}V${top}"/><path transform="translate(${x(after)} ${at})" d="${shape}" fill="var(--${colour})" fill-rule="evenodd"/>${
        times > 1 && html`<text class="times" x="${x(after) + 10}" y="${at + 4}">×${times}</text>`
      }</g>`)
    })
    y = top + BAR + 13
  }
  for (const { how, moments, name } of lines) {
    const processes = [...new Set(moments.map(({ process }) => process))].sort((a, b) => a - b)
    const begin = y
    const main = html`<text class="name" y="-3">${name}</text><text y="13">${how}</text>`
    if (processes.length < 2) row(main, moments)
    else
      for (const [i, process] of processes.entries()) {
        row(
          html`${i === 0 && html`<text class="name" y="4">${name}</text><text y="20">${how}</text>`}<text x="${LEFT - 14}" y="4" text-anchor="end">${process === 0 ? "first process" : `worker ${process}`}</text>`,
          moments.filter((moment) => moment.process === process)
        )
      }
    if (moments.length === 0) rows.push(html`<text x="${LEFT + 8}" y="${y - 17}">nothing happened</text>`)
    rows.push(html`<path class="rule" d="M0 ${y}H${WIDTH}"/>`)
    y += Math.max(4, 44 - (y - begin))
  }
  const axis = ticks(window).map(
    (tick) =>
      html`<path class="rule" d="M${x(tick)} 0V${y}"/><text x="${x(tick)}" y="${y + 16}" text-anchor="middle">${window.label(tick)}</text>`
  )
  // Their words stand on three levels, so that those of two neighbours do not cover each other.
  const across = notes.map(({ after, text }, i) => {
    if (after < window.from || after > window.to) return false
    const at = x(after)
    const level = 10 + (i % 3) * 13
    return html`<path class="note-line" d="M${at} ${level - 8}V${y}"/><text class="note-text" x="${at > WIDTH / 2 ? at - 5 : at + 5}" y="${level}" text-anchor="${at > WIDTH / 2 ? "end" : "start"}">${text}</text>`
  })
  return html`<svg class="timeline" role="img" aria-label="${title}" viewBox="0 0 ${WIDTH} ${y + 24}">${axis}${across}${rows}</svg>`
}

/** What the marks mean: all of them, or those that happened. */
export const legend = (kinds: Iterable<Kind> = Object.keys(marks) as ReadonlyArray<Kind>): Markup => {
  const shown = new Set(kinds)
  return html`<ul class="legend">${(Object.keys(marks) as ReadonlyArray<Kind>)
    .filter((kind) => shown.has(kind))
    .map(
      (kind) =>
        html`<li><svg viewBox="-9 -9 18 18" aria-hidden="true"><path d="${marks[kind].shape}" fill="var(--${marks[kind].colour})" fill-rule="evenodd"/></svg>${marks[kind].name}</li>`
    )}</ul>`
}

/** The picture's style: classes inside `.timeline` and `.legend`. */
export const timelineStyle = `
.timeline { min-width: 720px; font-size: 12px; }
.timeline text { fill: var(--ink-2); } .timeline .name { fill: var(--ink); font-weight: 600; font-size: 13.5px; }
.timeline .t1 { fill: var(--t1); } .timeline .t0 { fill: var(--t0); } .timeline .on { fill: var(--ink); font-size: 11px; }
.timeline .gap { fill: var(--bad); } .timeline .rule { stroke: var(--line); fill: none; } .timeline .stem { stroke: var(--ink-2); opacity: .45; }
.timeline .times { font-size: 11px; }
.timeline .note-line { stroke: var(--c4); stroke-dasharray: 4 3; } .timeline .note-text { fill: var(--c4); font-size: 11px; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 12px 0 0; padding: 0; font-size: 12.5px; color: var(--ink-2); }
.legend svg { display: inline-block; width: 16px; height: 16px; vertical-align: -3px; margin-right: 6px; }`
