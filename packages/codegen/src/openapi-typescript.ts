/**
 * The one module that knows openapi-typescript, and through it the compiler API of TypeScript 5.9. Both are pinned and
 * private to this package: TypeScript 7 has no such API, and neither tool is to meet the one that checks a user's code.
 *
 * The tool's own command reads, lints and bundles the document again; only its transform is used here.
 */
import { createRequire } from "node:module"
import type * as Tool from "openapi-typescript"
import type { OpenAPI3, OpenAPITSOptions } from "openapi-typescript"
import { valuesOf } from "./schemas.ts"
import { get, isObject, type JsonObject, localPointer, resolve } from "./tree.ts"

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

type Transform = Pick<typeof Tool, "astToString" | "resolveRef" | "scanDiscriminators" | "transformSchema">

/**
 * The parts of the tool that make types, without its entry: that one also loads a bundler and a linter of its own. They
 * are required, not imported, because Node would read all nine megabytes of the compiler for the names that it exports
 * before it even runs them. Both together take longer than the types of a small document.
 */
const loadTransform = (): Transform => {
  const require = createRequire(import.meta.url)
  const part = (path: string) => require(`openapi-typescript/dist/${path}.cjs`)
  const { resolveRef, scanDiscriminators } = part("lib/utils")
  return {
    astToString: part("lib/ts").astToString,
    resolveRef,
    scanDiscriminators,
    transformSchema: part("transform/index")
  }
}

/** `paths`, `components` and `operations` of a document in one file, as TypeScript. */
export const typesModule = (document: JsonObject, options: TypesOptions): string => {
  const { astToString, resolveRef, scanDiscriminators, transformSchema } = loadTransform()
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
  return astToString(transformSchema(schema, context as unknown as Parameters<typeof transformSchema>[1])).replace(
    /^type WithRequired<[^;]*;\n\};$/m,
    withRequired
  )
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
    const parts = Array.isArray(value.allOf) ? value.allOf : []
    const listed = parts.some((part) => {
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
export const compilerVersion = (): string => {
  const tool = createRequire(import.meta.url).resolve("openapi-typescript")
  return (createRequire(tool)("typescript") as { version: string }).version
}
