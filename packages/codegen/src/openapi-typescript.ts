/**
 * The one module that knows openapi-typescript, and through it the compiler API of TypeScript 5.9. Both are pinned and
 * private to this package: TypeScript 7 has no such API, and neither tool is to meet the one that checks a user's code.
 *
 * The tool's own command reads, lints and bundles the document again; only its transform is used here.
 */
import { createRequire } from "node:module"
import type { OpenAPI3, OpenAPITSOptions } from "openapi-typescript"
import type { JsonObject } from "./tree.ts"

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

/** `paths`, `components` and `operations` of a document in one file, as TypeScript. */
export const typesModule = async (document: JsonObject, options: TypesOptions): Promise<string> => {
  const { astToString, resolveRef, scanDiscriminators, transformSchema } = await import("openapi-typescript")
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
    discriminators: scanDiscriminators(schema, { silent: true }),
    injectFooter: [],
    inject: undefined,
    postTransform: undefined,
    silent: true,
    transform: undefined,
    transformProperty: undefined,
    resolve: <T>($ref: string): T | undefined => resolveRef<T>(schema, $ref, { silent: true })
  }
  return astToString(transformSchema(schema, context as unknown as Parameters<typeof transformSchema>[1]))
}

/** The version of the private TypeScript that openapi-typescript works with. */
export const compilerVersion = (): string => {
  const tool = createRequire(import.meta.url).resolve("openapi-typescript")
  return (createRequire(tool)("typescript") as { version: string }).version
}
