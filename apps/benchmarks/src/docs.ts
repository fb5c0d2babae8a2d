/** The figures in `docs/benchmarks.md`: written from the results, so that they cannot say anything else. */
import { better, type Line, type Result } from "./result.ts"
import { cells, figure, head, tables } from "./table.ts"

const cell = (text: string): string => text.replaceAll("|", "\\|")
const row = (values: ReadonlyArray<string>): string => `| ${values.map(cell).join(" | ")} |`
const table = (headings: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [row(headings), `|${headings.map((_, i) => (i === 0 ? "---" : "--:")).join("|")}|`, ...rows.map(row)].join("\n")

/** Where a peer is better than all of ours, and by how much. Who has no figure for a part of a group's work has not done it. */
const won = (result: Result): ReadonlyArray<string> =>
  tables(result).flatMap(([heading, lines]) => {
    const failed = ({ contender, group }: Line) =>
      result.lines.some((one) => one.group === group && one.contender === contender && !Number.isFinite(one.median))
    const best = (role: Line["role"]) => lines.filter((line) => line.role === role && !failed(line)).sort(better)[0]
    const [ours, peer] = [best("ours"), best("peer")]
    if (ours === undefined || peer === undefined || better(ours, peer) <= 0) return []
    return [`${heading}: ${peer.contender} ${figure(peer.median)}, ${ours.contender} ${figure(ours.median)}`]
  })

const list = (items: ReadonlyArray<string>): string => items.map((item) => `- ${item}`).join("\n")

/** What the page says of one result. */
export const section = (result: Result): string => {
  const { at, machine, name, notes, quick, seconds, verdicts } = result
  const busy = machine.load > machine.cores / 2
  const losses = won(result)
  return [
    `Measured ${at.slice(0, 16).replace("T", " ")} UTC in ${Math.round(seconds)} s on ${machine.cpu}, ${machine.cores} cores, ${machine.memory}, Node ${machine.node}; load ${figure(machine.load)}.${busy ? " **The machine was busy: only counts and sizes mean much.**" : ""}${quick ? " **A quick run: the figures are coarse.**" : ""}`,
    `![${name}: ${result.question}](images/benchmarks/${name}.svg)`,
    verdicts.length === 0
      ? ""
      : table(
          ["bar", "measured", "limit", "verdict"],
          verdicts.map(({ limit, measured: { high, low, value }, name, result, tolerated, unit }) => [
            name,
            `${figure(value)}${low === high ? "" : ` (${figure(low)}–${figure(high)})`} ${unit}`.trim(),
            `${figure(tolerated ?? limit)} ${unit}`.trim(),
            result
          ])
        ),
    losses.length === 0 ? "No peer was better anywhere in this run." : `A peer was better here:\n\n${list(losses)}`,
    list(notes),
    `<details><summary>All figures</summary>\n\n${tables(result)
      .map(([heading, lines]) => `**${heading}**\n\n${table(head, lines.map(cells))}`)
      .join("\n\n")}\n\n</details>`
  ]
    .filter((part) => part !== "")
    .join("\n\n")
}

const block = (name: string, text: string): string => `<!-- result: ${name} -->\n\n${text}\n\n<!-- end -->`

/** The page with the sections of the given results; a result's place is marked in it, and stays. */
export const documented = (page: string, results: ReadonlyMap<string, Result>): string =>
  page.replace(/<!-- result: (\S+) -->[\s\S]*?<!-- end -->/g, (_, name: string) => {
    const result = results.get(name)
    return block(name, result === undefined ? "Not measured yet." : section(result))
  })
