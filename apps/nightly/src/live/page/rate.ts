/** Requests by second, as a picture of the last minute. */
import { html, type Markup } from "../../report/markup.ts"
import type { Api } from "../../run-events.ts"
import { SPAN, type State } from "./state.ts"

/** The services, and the colours of their bars. */
export const colours: ReadonlyArray<readonly [api: Api, colour: string]> = [
  ["bench", "c1"],
  ["allura", "c2"],
  ["bits", "c3"],
  ["pink", "c5"]
]

const WIDTH = 560
const HEIGHT = 150
const LEFT = 34

/** How many requests were answered in the last whole second. */
export const perSecond = (state: State, now: number): number => {
  const second = Math.floor(now / 1000) - 1
  const found = state.seconds.find((one) => one.second === second)
  return Object.values(found?.counts ?? {}).reduce((sum, count) => sum + count, 0)
}

/** The picture; `now` is milliseconds since the epoch. */
export const rate = (state: State, now: number): Markup => {
  const first = Math.floor(now / 1000) - SPAN + 1
  const shown = state.seconds.filter(({ second }) => second >= first)
  const sums = shown.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0))
  const most = Math.max(10, ...sums)
  const top = Math.ceil(most / 10) * 10
  const width = (WIDTH - LEFT) / SPAN
  const y = (count: number) => Math.round((HEIGHT - 4 - (count / top) * (HEIGHT - 16)) * 10) / 10
  const bars = shown.map(({ counts, second }) => {
    let below = 0
    const x = Math.round((LEFT + (second - first) * width + 1) * 10) / 10
    return colours.map(([api, colour]) => {
      const count = counts[api] ?? 0
      if (count === 0) return false
      below += count
      return html`<rect x="${x}" y="${y(below)}" width="${Math.round((width - 2) * 10) / 10}" height="${Math.round((y(below - count) - y(below)) * 10) / 10}" fill="var(--${colour})"><title>${api}: ${count} requests</title></rect>`
    })
  })
  const lines = [0, top / 2, top].map(
    (count) =>
      html`<path class="rule" d="M${LEFT} ${y(count)}H${WIDTH}"/><text x="${LEFT - 8}" y="${y(count) + 4}" text-anchor="end">${count}</text>`
  )
  return html`<svg class="timeline" role="img" aria-label="Requests per second in the last minute, at most ${most}" viewBox="0 0 ${WIDTH} ${HEIGHT}">${lines}${bars}</svg>`
}
