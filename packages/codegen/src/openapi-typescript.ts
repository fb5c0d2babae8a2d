/**
 * The one module that knows openapi-typescript, and through it the compiler API of TypeScript 5.9. Both are pinned and
 * private to this package: TypeScript 7 has no such API, and neither tool is to meet the one that checks a user's code.
 *
 * The tool's own command reads, lints and bundles the document again; only its transform is used here.
 */
import { createRequire } from "node:module"
import type * as Tool from "openapi-typescript"
import type { OpenAPI3, OpenAPITSOptions } from "openapi-typescript"
import type Compiler from "typescript"
import { recursive } from "./recursion.ts"
import { valuesOf } from "./schemas.ts"
import { get, isObject, type JsonObject, listOf, localPointer, resolve } from "./tree.ts"

/** The options of openapi-typescript that shape the types, under its own names and with its own defaults. */
export type TypesOptions = Pick<
  OpenAPITSOptions,
  | "additionalProperties"
  | "arrayLength"
  | "defaultNonNullable"
  | "emptyObjectsUnknown"
  | "excludeDeprecated"
  | "exportType"
  | "immutable"
  | "pathParamsAsTypes"
  | "propertiesRequiredByDefault"
  | "rootTypes"
  | "rootTypesNoSchemaPrefix"
>

const require = createRequire(import.meta.url)

/** What the tool depends on: its TypeScript, not the workspace's. */
const ofTool = (name: string) => createRequire(require.resolve("openapi-typescript"))(name)

type Transform = Pick<typeof Tool, "astToString" | "resolveRef" | "scanDiscriminators" | "transformSchema"> & {
  readonly compiler: typeof Compiler
}

/**
 * The parts of the tool that make types, without its entry: that one also loads a bundler and a linter of its own. They
 * are required, not imported, because Node would read all nine megabytes of the compiler for the names that it exports
 * before it even runs them. Both together take longer than the types of a small document.
 */
const loadTransform = (): Transform => {
  const part = (path: string) => require(`openapi-typescript/dist/${path}.cjs`)
  const { resolveRef, scanDiscriminators } = part("lib/utils")
  return {
    astToString: part("lib/ts").astToString,
    compiler: ofTool("typescript"),
    resolveRef,
    scanDiscriminators,
    transformSchema: part("transform/index")
  }
}

/** `paths`, `components` and `operations` of a document in one file, as TypeScript. */
export const typesModule = (document: JsonObject, options: TypesOptions): string => {
  const { astToString, compiler, resolveRef, scanDiscriminators, transformSchema } = loadTransform()
  const schema = document as unknown as OpenAPI3
  const context = {
    additionalProperties: false,
    alphabetize: false,
    arrayLength: false,
    conditionalEnums: false,
    dedupeEnums: false,
    defaultNonNullable: true,
    emptyObjectsUnknown: false,
    enum: false,
    enumValues: false,
    excludeDeprecated: false,
    exportType: false,
    generatePathParams: false,
    immutable: false,
    makePathsEnum: false,
    pathParamsAsTypes: false,
    propertiesRequiredByDefault: false,
    readWriteMarkers: false,
    rootTypes: false,
    rootTypesKeepCasing: false,
    rootTypesNoSchemaPrefix: false,
    ...options,
    discriminators: discriminatorsOf(schema, scanDiscriminators),
    injectFooter: [],
    inject: undefined,
    postTransform: undefined,
    silent: true,
    transform: undefined,
    transformProperty: undefined,
    resolve: <T>($ref: string): T | undefined => resolveRef<T>(schema, $ref, { silent: true })
  }
  const nodes = transformSchema(schema, context as unknown as Parameters<typeof transformSchema>[1])
  const aliases = takeRecursive(compiler, nodes, recursive(document))
  // An array of what is being declared is allowed where that has the declaration's own name.
  const recursives = [...aliases].reduce(
    (text, [name, { name: alias }]) => text.replaceAll(`components["schemas"]["${name}"]`, alias.text),
    astToString([...aliases.values()])
  )
  return (astToString(nodes) + recursives).replace(/^type WithRequired<[^;]*;\n\};$/m, withRequired)
}

/**
 * A schema that is made of itself, such as any JSON value, compiles as a type alias of its own: a member's type is not allowed to
 * lead back to it. Takes such types out of `components`, which then refers to them.
 */
const takeRecursive = (
  { factory, isInterfaceDeclaration, isPropertySignature, isTypeAliasDeclaration, isTypeLiteralNode }: typeof Compiler,
  nodes: ReadonlyArray<Compiler.Node>,
  names: ReadonlySet<string>
): ReadonlyMap<string, Compiler.TypeAliasDeclaration> => {
  const aliases = new Map<string, Compiler.TypeAliasDeclaration>()
  const membersOf = (node: Compiler.Node | undefined): ReadonlyArray<Compiler.Node> => {
    if (node === undefined) return []
    if (isInterfaceDeclaration(node) || isTypeLiteralNode(node)) return node.members
    return isTypeAliasDeclaration(node) || isPropertySignature(node) ? membersOf(node.type) : []
  }
  const nameOf = (node: Compiler.Node) => (node as { readonly name?: { readonly text?: string } }).name?.text
  const named = (nodes: ReadonlyArray<Compiler.Node>, name: string) => nodes.find((node) => nameOf(node) === name)
  const schemas = names.size === 0 ? [] : membersOf(named(membersOf(named(nodes, "components")), "schemas"))
  for (const member of schemas) {
    const name = nameOf(member)
    if (name === undefined || !names.has(name) || !isPropertySignature(member) || member.type === undefined) continue
    const alias = `Recursive${aliases.size + 1}`
    aliases.set(name, factory.createTypeAliasDeclaration(undefined, alias, undefined, member.type))
    Object.assign(member, { type: factory.createTypeReferenceNode(alias) })
  }
  return aliases
}

/**
 * The discriminators of a document. The tool gives each schema that is all of another the property that tells it apart, with the
 * schema's name for a value; where the schema itself says what the property is, that is right, and both would not agree.
 */
const discriminatorsOf = (schema: OpenAPI3, scan: Transform["scanDiscriminators"]) => {
  const found = scan(schema, { silent: true })
  for (const [reference, { propertyName }] of Object.entries(found.objects)) {
    const { value } = get(schema, localPointer(reference) ?? [])
    if (!isObject(value) || value.discriminator !== undefined) continue
    const said = (part: unknown) =>
      isObject(part) && isObject(part.properties) ? part.properties[propertyName] : undefined
    const listed = listOf(value.allOf).some((part) => {
      const property = resolve(schema, said(part), []).value
      return isObject(property) && valuesOf(property) !== undefined
    })
    if (said(value) !== undefined || listed) found.refsHandled.push(reference)
  }
  return found
}

/** The tool's helper for `required` beside an `allOf`, also for a part that may be null and so has no keys by itself. */
const withRequired = `type WithRequired<T, K extends PropertyKey> = T & {
    [P in K & keyof NonNullable<T>]-?: NonNullable<T>[P];
};`

/** The version of the private TypeScript that openapi-typescript works with. */
export const compilerVersion = (): string => (ofTool("typescript") as typeof Compiler).version
