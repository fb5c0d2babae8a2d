/**
 * The public surface of a package as text: the declarations that its exports lead to, without comments. It is committed, so
 * that a change to it is seen and meant.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import ts from "typescript-5"
import { type Package, publicPackages, root } from "./packages.ts"

/** Where the accepted reports are. */
export const reportsFolder = join(root, "apps/publishing/reports")

/** A package's accepted report. */
export const reportOf = ({ name }: Package): string => join(reportsFolder, `${name.replace("@keyturn/", "")}.api.md`)

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed })

/** Generated from a document, which is the place to look at changes. */
const isGenerated = ({ folder }: Package, path: string): boolean =>
  folder.includes("/endpoints/") && !path.endsWith("/index.d.ts")

const declarationsOf = (entry: Package, exported: string | Readonly<Record<string, string>>): string | undefined => {
  const path = typeof exported === "string" ? undefined : exported.types
  return path === undefined ? undefined : join(entry.folder, path)
}

/** The declaration files that one leads to, itself included, in the order in which they are met. */
const reachable = (path: string, found: Map<string, ts.SourceFile>): void => {
  if (found.has(path) || !existsSync(path)) return
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true)
  found.set(path, source)
  const { importedFiles } = ts.preProcessFile(source.text)
  for (const { fileName } of importedFiles) {
    if (fileName.startsWith(".")) reachable(join(dirname(path), fileName.replace(/\.[jt]s$/, ".d.ts")), found)
  }
}

/** The report of a package as it is built now. */
export const makeReport = (one: Package): string => {
  const published = (one.manifest.publishConfig?.exports ?? one.manifest.exports ?? {}) as NonNullable<
    Package["manifest"]["exports"]
  >
  const found = new Map<string, ts.SourceFile>()
  const entries = Object.entries(published).map(([subpath, target]) => {
    const declarations = declarationsOf(one, target)
    if (declarations !== undefined) reachable(declarations, found)
    const leads = declarations === undefined ? String(target) : relative(one.folder, declarations)
    return `- \`${subpath}\`: ${leads}`
  })
  const modules = [...found]
    .filter(([path]) => !isGenerated(one, path))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, source]) => {
      // What a module imports is not what it offers.
      const offered = source.statements.filter((statement) => !ts.isImportDeclaration(statement))
      const code = offered.map((one) => printer.printNode(ts.EmitHint.Unspecified, one, source)).join("\n")
      return `## ${relative(one.folder, path)}\n\n\`\`\`ts\n${code}\n\`\`\`\n`
    })
  return `# ${one.name}\n\n${entries.join("\n")}\n\n${modules.join("\n")}`
}

/** Accepts what is built now: `pnpm api:accept`. */
export const acceptReports = (): ReadonlyArray<string> => {
  mkdirSync(reportsFolder, { recursive: true })
  return publicPackages().flatMap((one) => {
    const [path, report] = [reportOf(one), makeReport(one)]
    if (existsSync(path) && readFileSync(path, "utf8") === report) return []
    writeFileSync(path, report)
    return relative(root, path)
  })
}

if (import.meta.main) {
  const changed = acceptReports()
  console.log(changed.length === 0 ? "The reports say what is built." : `Accepted: ${changed.join(", ")}`)
}
