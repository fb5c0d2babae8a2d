/** The reference: a page for each package, and for each module of a large one, made from the declarations. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type Exported, type Module, moduleOf } from "./declarations.ts"
import { type Addresses, relink } from "./links.ts"
import { addressOf, entryAddress, hasPages, type Package, root } from "./workspace.ts"

/** A page that is made: its path below `pages`, and its text. */
export interface Page {
  readonly path: string
  readonly text: string
}

/** Text of a comment, outside of code: what looks like a tag is text. */
const prose = (text: string): string =>
  text.replace(/`[^`]*`|[<{]/g, (found) => (found === "<" ? "&lt;" : found === "{" ? "&#123;" : found))

const specifierOf = ({ name }: Package, subpath: string): string => `${name}${subpath.slice(1)}`

/** Names differ by case alone, and from headings of a readme by what they begin with. */
const anchorOf = (name: string): string => `api-${name}`

/** The longest declaration that anybody reads, in characters: a contract is as long as its API. */
const LONGEST = 6000

const fence = (code: string): string => `\`\`\`ts\n${code}\n\`\`\``

const show = (one: Exported, level: number, packages: ReadonlyArray<Package>): string => {
  const heading = `${"#".repeat(level)} ${one.name} {#${anchorOf(one.name)}}`
  const parts = [heading, `<small>${one.kind}</small>`, prose(one.text)]
  if (one.code.length > LONGEST) parts.push("Its declaration is as long as the API's document.")
  else if (one.code !== "") parts.push(fence(one.code))
  for (const example of one.examples) parts.push(`**Example**\n\n${fence(example)}`)
  const members = one.members.map((member) => named(one, member))
  if (members.length > 0) parts.push(showModule({ text: "", examples: [], exports: members }, level + 1, packages))
  return parts.filter((part) => part !== "").join("\n\n")
}

/** A member of a module is called by both names. */
const named = (module: Exported, member: Exported): Exported => ({ ...member, name: `${module.name}.${member.name}` })

const order: ReadonlyArray<Exported["kind"]> = ["function", "class", "constant", "module", "interface", "type"]

/** The page of a module of ours: `@keyturn/auth/Session`. */
const pageOf = (packages: ReadonlyArray<Package>, specifier: string): string | undefined => {
  for (const one of packages) {
    for (const subpath of one.entries.keys())
      if (specifierOf(one, subpath) === specifier) return entryAddress(one, subpath)
  }
  return undefined
}

/** What a module hands on from another package is documented there. */
const showForeign = (all: ReadonlyArray<Exported>, packages: ReadonlyArray<Package>): string => {
  const lines = all.map(({ from, name }) => {
    const page = pageOf(packages, from?.specifier ?? "")
    const label = page === undefined ? `\`${name}\`` : `[\`${name}\`](${page}#${anchorOf(from?.name ?? "")})`
    return `- <span id="${anchorOf(name)}">${label}</span> of \`${from?.specifier}\``
  })
  return lines.length === 0 ? "" : `From other packages:\n\n${lines.join("\n")}`
}

const showModule = ({ exports }: Module, level: number, packages: ReadonlyArray<Package>): string => {
  const foreign = exports.filter(({ from }) => from !== undefined)
  const own = exports.filter(({ from }) => from === undefined)
  return [
    ...own.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind)).map((one) => show(one, level, packages)),
    showForeign(foreign, packages)
  ].join("\n\n")
}

const without = ({ exports, ...rest }: Module, shown: (one: Exported) => boolean): Module => ({
  ...rest,
  exports: exports.filter((one) => !shown(one))
})

/** What is generated from an API's document: its types are as long as the document, and said there. */
const isGenerated = (one: Package, subpath: string): boolean =>
  one.folder.startsWith("packages/endpoints/") && subpath !== "."

const packagePage = (one: Package, packages: ReadonlyArray<Package>, addresses: Addresses): Page => {
  const path = `reference/${one.slug}/index.md`
  const from = `${one.folder}/README.md`
  const readme = existsSync(join(root, from)) ? readFileSync(join(root, from), "utf8") : ""
  const text = relink({ text: readme, from, to: path }, addresses)
  const parts = [text.trim() === "" ? `# ${one.name}\n\n${one.description}` : text.trim()]
  if (hasPages(one)) {
    const rows = [...one.entries].map(([subpath, file]) => {
      const summary = prose(moduleOf(file).text.split(/\n\n|(?<=\.)\s/)[0] ?? "").replace(/\s+/g, " ")
      return `| [\`${specifierOf(one, subpath)}\`](${subpath === "." ? "#exports" : entryAddress(one, subpath)}) | ${summary} |`
    })
    parts.push(`## Modules\n\n| module | what it is |\n| --- | --- |\n${rows.join("\n")}`)
    const main = one.entries.get(".")
    const elsewhere = ({ name }: Exported): boolean => one.entries.has(`./${name}`)
    if (main !== undefined) parts.push(`## Exports\n\n${showModule(without(moduleOf(main), elsewhere), 3, packages)}`)
  } else {
    const shown = new Set<string>()
    for (const [subpath, file] of one.entries) {
      if (isGenerated(one, subpath)) continue
      const module = moduleOf(file)
      const title = subpath === "." ? "Exports" : `Exports of ${specifierOf(one, subpath)}`
      const fresh = showModule(
        without(module, ({ name }) => shown.has(name)),
        3,
        packages
      )
      const again = module.exports
        .filter(({ name }) => shown.has(name))
        .map(({ name }) => `[\`${name}\`](#${anchorOf(name)})`)
      parts.push(`## ${title}`, prose(module.text), fresh, again.length === 0 ? "" : `Also: ${again.join(", ")}.`)
      for (const { name } of module.exports) shown.add(name)
    }
  }
  return {
    path,
    text: `${parts.join("\n\n")}\n`
  }
}

const modulePages = (one: Package, packages: ReadonlyArray<Package>): ReadonlyArray<Page> =>
  !hasPages(one)
    ? []
    : [...one.entries].flatMap(([subpath, file]) => {
        if (subpath === ".") return []
        const module = moduleOf(file)
        const parts = [`# ${specifierOf(one, subpath)}`, `Of [\`${one.name}\`](${addressOf(one)}).`, prose(module.text)]
        for (const example of module.examples) parts.push(fence(example))
        parts.push(showModule(module, 2, packages))
        return { path: `reference/${one.slug}/${subpath.slice(2)}.md`, text: `${parts.join("\n\n")}\n` }
      })

const overview = (packages: ReadonlyArray<Package>): Page => ({
  path: "reference/index.md",
  text: `# Reference

Made from the sources: every name that a package exports, with its comment and its declaration.

| package | what it is |
| --- | --- |
${packages.map((one) => `| [\`${one.name}\`](${addressOf(one)}) | ${one.description} |`).join("\n")}

Names that are not here are not for use from outside, and may change in any version. What *is* here changes by
semantic versioning: a report of each package's surface is in the repository (\`apps/publishing/reports\`), and a change
that nobody meant fails the tests.
`
})

/** All pages of the reference. */
export const referencePages = (packages: ReadonlyArray<Package>, addresses: Addresses): ReadonlyArray<Page> => [
  overview(packages),
  ...packages.flatMap((one) => [packagePage(one, packages, addresses), ...modulePages(one, packages)])
]
