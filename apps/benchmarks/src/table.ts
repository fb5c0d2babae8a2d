/** Results as text. */
import { better, type Line, type Result } from "./result.ts"
import type { Verdict } from "./verdict.ts"

/** A number with three figures that matter. */
export const figure = (value: number): string => {
  if (!Number.isFinite(value)) return "–"
  if (Number.isInteger(value)) return value.toLocaleString("en-US")
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString("en-US")
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

/** Rows as columns of equal width; the first column left, the others right. */
export const columns = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths: Array<number> = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

const relation = (estimate: Line["toFloor"]): string =>
  estimate === undefined || !Number.isFinite(estimate.value) ? "" : `× ${estimate.value.toFixed(2)}`

/** The headings of a table. */
export const head = ["", "median", "p99", "min", "spread", "to floor", "to best peer"]

/** A line's cells, in the order of `head`. */
export const cells = (line: Line): ReadonlyArray<string> => [
  line.contender,
  figure(line.median),
  figure(line.p99),
  figure(line.min),
  `${Math.round(line.spread * 100)}%`,
  relation(line.toFloor),
  relation(line.toBestPeer)
]

/** The tables of a result: a heading and its lines, the best first. */
export const tables = ({ lines }: Result): ReadonlyArray<readonly [heading: string, lines: ReadonlyArray<Line>]> =>
  [...Map.groupBy(lines, ({ group, metric, unit }) => `${group}: ${metric}${unit === "" ? "" : ` (${unit})`}`)].map(
    ([heading, lines]) => [heading, [...lines].sort(better)]
  )

/** A verdict in a sentence. */
export const sentence = ({ limit, measured, name, result, tolerated, unit }: Verdict): string => {
  const { high, low, value } = measured
  const withUnit = (number: number): string => `${figure(number)} ${unit}`.trimEnd()
  const interval = low === high ? "" : ` (${figure(low)}–${figure(high)})`
  const bar = `${withUnit(limit)}${tolerated === undefined ? "" : `, ${figure(tolerated)} within noise`}`
  return `${result.toUpperCase()}: ${name}: ${figure(value)}${`${interval} ${unit}`.trimEnd()}; bar ≤ ${bar}`
}

/** A result as it is printed. */
export const print = (result: Result): string =>
  [
    `${result.name}: ${result.question}${result.quick ? " (quick: figures are coarse)" : ""}`,
    ...tables(result).map(([heading, lines]) => `${heading}\n${columns([head, ...lines.map(cells)])}`),
    result.notes.map((note) => `Note: ${note}`).join("\n"),
    result.verdicts.map(sentence).join("\n")
  ]
    .filter((part) => part !== "")
    .join("\n\n")
