/**
 * What a check found: how the files on disk differ from what would be generated.
 */
import { relative } from "node:path"
import type { Generated } from "./generate.ts"
import { changedFiles, readIfThere } from "./write.ts"

const linesOfContext = 2
const mostLinesShown = 60
/** Beyond this many line pairs, the alignment of two changed regions is not worth its time: both are shown whole. */
const mostPairs = 4_000_000

/** The differences in unified form, at most 60 lines a file; the empty text when there are none. */
export const differencesOf = (generated: ReadonlyArray<Generated>, cwd: string): string =>
  changedFiles(generated.flatMap(({ files }) => files))
    .map(({ path, text }) => {
      const name = relative(cwd, path)
      const old = readIfThere(path)
      if (old === undefined) return `${name}: missing`
      const lines = hunks(old.split("\n"), text.split("\n"))
      const hidden = lines.length - mostLinesShown
      const shown = hidden > 0 ? [...lines.slice(0, mostLinesShown), `… ${hidden} more lines`] : lines
      return [`--- ${name} (on disk)`, `+++ ${name} (generated)`, ...shown].join("\n")
    })
    .join("\n\n")

type Edit = readonly [kind: " " | "-" | "+", line: string]

const hunks = (old: ReadonlyArray<string>, fresh: ReadonlyArray<string>): ReadonlyArray<string> => {
  let start = 0
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start++
  let end = 0
  while (end < old.length - start && end < fresh.length - start && old.at(-1 - end) === fresh.at(-1 - end)) end++
  const edits = align(old.slice(start, old.length - end), fresh.slice(start, fresh.length - end))
  const before: ReadonlyArray<Edit> = old.slice(Math.max(0, start - linesOfContext), start).map((line) => [" ", line])
  const after: ReadonlyArray<Edit> = old
    .slice(old.length - end, old.length - end + linesOfContext)
    .map((line) => [" ", line])
  const all = [...before, ...edits, ...after]
  const near = all.map((_, index) =>
    all.slice(Math.max(0, index - linesOfContext), index + linesOfContext + 1).some(([kind]) => kind !== " ")
  )
  const lines: Array<string> = []
  let oldLine = start - before.length + 1
  for (const [index, [kind, line]] of all.entries()) {
    if (near[index]) {
      if (!near[index - 1]) lines.push(`@@ line ${oldLine} @@`)
      lines.push(`${kind}${line}`)
    }
    if (kind !== "+") oldLine++
  }
  return lines
}

/** The shortest edit by lines: the longest common subsequence. */
const align = (old: ReadonlyArray<string>, fresh: ReadonlyArray<string>): ReadonlyArray<Edit> => {
  if (old.length * fresh.length > mostPairs) {
    return [...old.map((line): Edit => ["-", line]), ...fresh.map((line): Edit => ["+", line])]
  }
  const width = fresh.length + 1
  const common = new Uint32Array((old.length + 1) * width)
  const at = (i: number, j: number) => common[i * width + j] as number
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      common[i * width + j] = old[i] === fresh[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const edits: Array<Edit> = []
  let i = 0
  let j = 0
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      edits.push([" ", old[i] as string])
      i++
      j++
    } else if (j >= fresh.length || (i < old.length && at(i + 1, j) >= at(i, j + 1))) {
      edits.push(["-", old[i++] as string])
    } else {
      edits.push(["+", fresh[j++] as string])
    }
  }
  return edits
}
