/** What a module exports, read from its declarations: names, comments and code. */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import ts from "typescript-5"

/** One exported name. */
export interface Exported {
  readonly name: string
  /** Its comment, as Markdown, without examples. */
  readonly text: string
  readonly examples: ReadonlyArray<string>
  /** The declarations, with the comments of their members. */
  readonly code: string
  /** What kind of thing it is, for people. */
  readonly kind: "class" | "function" | "interface" | "type" | "constant" | "module"
  /** The module's own exports, when it is one. */
  readonly members: ReadonlyArray<Exported>
  /** Where it comes from, when that is another package: its specifier and its name there. */
  readonly from: { readonly specifier: string; readonly name: string } | undefined
}

/** A module: its own comment and what it exports. */
export interface Module {
  readonly text: string
  readonly examples: ReadonlyArray<string>
  readonly exports: ReadonlyArray<Exported>
}

const sources = new Map<string, ts.SourceFile>()

const sourceOf = (path: string): ts.SourceFile => {
  let source = sources.get(path)
  if (source === undefined) {
    if (!existsSync(path)) throw new Error(`${path} is missing: run \`pnpm build\` first.`)
    source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true)
    sources.set(path, source)
  }
  return source
}

/** A comment as Markdown, and its examples as code. */
const readComment = (comment: string): Pick<Exported, "text" | "examples"> => {
  const inner = comment
    .replace(/^\/\*\*?|\*\/$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim()
  const [text = "", ...rest] = inner.split(/^@example\s*$/m)
  const examples = rest.flatMap((part) =>
    [...part.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code.trim())
  )
  return { text: text.trim(), examples }
}

const commentsBefore = (source: ts.SourceFile, node: ts.Node): ReadonlyArray<string> =>
  (ts.getLeadingCommentRanges(source.text, node.pos) ?? [])
    .map(({ end, pos }) => source.text.slice(pos, end))
    .filter((comment) => comment.startsWith("/**"))

const kindOf = (node: ts.Statement): Exported["kind"] => {
  if (ts.isClassDeclaration(node)) return "class"
  if (ts.isFunctionDeclaration(node)) return "function"
  if (ts.isInterfaceDeclaration(node)) return "interface"
  if (ts.isTypeAliasDeclaration(node)) return "type"
  const type = ts.isVariableStatement(node) ? node.declarationList.declarations[0]?.type : undefined
  return type !== undefined && ts.isFunctionTypeNode(type) ? "function" : "constant"
}

const namesOf = (node: ts.Statement): ReadonlyArray<string> => {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations.map(({ name }) => name.getText())
  const { name } = node as ts.Statement & { readonly name?: ts.Identifier }
  return name === undefined ? [] : [name.text]
}

/**
 * The code of a declaration: four spaces become two, and what every export begins with goes. The compiler names the base
 * of a tagged error for want of a better word; it is what the source says.
 */
const codeOf = (node: ts.Statement, name: string, declared: string): string =>
  node
    .getText()
    .replace(/^(export )?(declare )?/, "")
    .replace(`extends ${declared}_base<`, `extends Data.TaggedError("${declared}")<`)
    .replace(/^( {4})+/gm, (spaces) => " ".repeat(spaces.length / 2))
    .replace(new RegExp(`\\b${declared}\\b`), name)

/** A declared name of a module, whether exported or not. */
const declared = (path: string, name: string, as: string): Exported | undefined => {
  const source = sourceOf(path)
  const nodes = source.statements.filter((node) => namesOf(node).includes(name))
  const [first] = nodes
  if (first === undefined) return undefined
  const comments = nodes.flatMap((node) => commentsBefore(source, node).slice(-1)).map(readComment)
  // A type and a value of one name are one thing to whoever imports it.
  const named = nodes.find((node) => kindOf(node) !== "type" && kindOf(node) !== "interface") ?? first
  return {
    name: as,
    text: comments.map(({ text }) => text).join("\n\n"),
    examples: comments.flatMap(({ examples }) => examples),
    code: nodes.map((node) => codeOf(node, as, name)).join("\n\n"),
    kind: kindOf(named),
    members: [],
    from: undefined
  }
}

const isExported = (node: ts.Statement): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)

const targetOf = (path: string, specifier: string): string =>
  join(dirname(path), specifier.replace(/\.[jt]s$/, ".d.ts"))

const foreign = (name: string, specifier: string, original: string): Exported => ({
  name,
  text: "",
  examples: [],
  code: "",
  kind: "type",
  members: [],
  from: { specifier, name: original }
})

const nameless: Omit<Exported, "name" | "text" | "examples" | "members"> = { code: "", kind: "module", from: undefined }

const exportsOfStatement = (path: string, node: ts.Statement): ReadonlyArray<Exported> => {
  if (!ts.isExportDeclaration(node)) {
    return isExported(node) ? namesOf(node).flatMap((name) => declared(path, name, name) ?? []) : []
  }
  const specifier =
    node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier.text : undefined
  const near = specifier?.startsWith(".") === true ? targetOf(path, specifier) : undefined
  const { exportClause } = node
  if (exportClause === undefined) return near === undefined ? [] : moduleOf(near).exports
  if (ts.isNamespaceExport(exportClause)) {
    if (near === undefined) return [foreign(exportClause.name.text, specifier ?? "", "")]
    const { examples, exports, text } = moduleOf(near)
    return [{ ...nameless, name: exportClause.name.text, text, examples, members: exports }]
  }
  return exportClause.elements.flatMap(({ name, propertyName }) => {
    const original = (propertyName ?? name).text
    if (specifier !== undefined && near === undefined) return foreign(name.text, specifier, original)
    const found = near === undefined ? declared(path, original, name.text) : find(near, original, name.text)
    return found ?? []
  })
}

const find = (path: string, name: string, as: string): Exported | undefined => {
  const found = moduleOf(path).exports.find((one) => one.name === name)
  if (found === undefined || as === name) return found
  return { ...found, name: as, code: found.code.replace(new RegExp(`\\b${name}\\b`), as) }
}

const modules = new Map<string, Module>()

/** What a declaration file says and exports. */
export const moduleOf = (path: string): Module => {
  const known = modules.get(path)
  if (known !== undefined) return known
  const source = sourceOf(path)
  const [first] = source.statements
  const leading = first === undefined ? [] : commentsBefore(source, first)
  // The file's comment is one that no declaration takes for itself.
  const own = leading.length > 1 || (first && (ts.isImportDeclaration(first) || ts.isExportDeclaration(first)))
  const seen = new Map<string, Exported>()
  for (const node of source.statements) {
    for (const one of exportsOfStatement(path, node)) if (!seen.has(one.name)) seen.set(one.name, one)
  }
  const module = { ...readComment(own ? (leading[0] ?? "") : ""), exports: [...seen.values()] }
  modules.set(path, module)
  return module
}
