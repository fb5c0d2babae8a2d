/** Makes the pages that are not written for the site: the reference, and the repository's own documents. */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { type Addresses, addressesOf, relink } from "./links.ts"
import { type Page, referencePages } from "./reference.ts"
import { packages, pages, root } from "./workspace.ts"

/** The repository's documents, by path, and their addresses. */
const documents = (): Addresses =>
  new Map([
    ...globSync("docs/*.md", { cwd: root }).map((path) => [path, `/project/${basename(path, ".md")}`] as const),
    ...globSync("docs/adr/*.md", { cwd: root }).map(
      (path) => [path, `/project/decisions/${basename(path, ".md")}`] as const
    ),
    ["docs/adr", "/project/decisions/"],
    ["CONTRIBUTING.md", "/project/contributing"]
  ])

const titleOf = (text: string): string => /^# (.*)$/m.exec(text)?.[1] ?? ""

const decisions = (): Page => {
  const records = globSync("docs/adr/*.md", { cwd: root }).sort()
  const lines = records.map((path) => {
    const [, number = "", title = ""] = /^(\d+)\.\s*(.*)$/.exec(titleOf(readFileSync(join(root, path), "utf8"))) ?? []
    return `| ${number} | [${title}](/project/decisions/${basename(path, ".md")}) |`
  })
  return {
    path: "project/decisions/index.md",
    text: `# Decisions\n\nWhat a newcomer would ask about: what, why, and what it replaces. A record is superseded, never rewritten.\n\n| | |\n| --- | --- |\n${lines.join("\n")}\n`
  }
}

/** Every page that is made. */
export const gathered = (): ReadonlyArray<Page> => {
  const all = packages()
  const known = documents()
  const addresses = addressesOf(all, known)
  const copies = [...known].flatMap(([from, address]) => {
    if (!from.endsWith(".md")) return []
    const to = `${address.slice(1)}.md`
    return { path: to, text: relink({ text: readFileSync(join(root, from), "utf8"), from, to }, addresses) }
  })
  return [...copies, decisions(), ...referencePages(all, addresses)]
}

/** Writes them below `pages`, in place of those of the last time. */
export const gather = (): ReadonlyArray<Page> => {
  for (const folder of ["reference", "project"]) rmSync(join(pages, folder), { recursive: true, force: true })
  const made = gathered()
  for (const { path, text } of made) {
    mkdirSync(dirname(join(pages, path)), { recursive: true })
    writeFileSync(join(pages, path), text)
  }
  return made
}
