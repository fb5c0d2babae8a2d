/**
 * OpenAPI documents in, typed endpoints and a session contract out. The command line in `keyturn` is this library.
 */
export { type Config, defineConfig } from "./config.ts"
export {
  type Diagnostic,
  formatDiagnostic,
  GenerateError,
  type Position,
  placeOf,
  type Severity
} from "./diagnostic.ts"
export { differencesOf } from "./differences.ts"
export { type ApiOptions, type Generated, generateApi, type RunOptions, writeGenerated } from "./generate.ts"
export { extendedDocument, type Inspection, inspectDocument } from "./inspect.ts"
export { loadConfig } from "./load-config.ts"
export type { TypesOptions } from "./openapi-typescript.ts"
export type { PackageOptions } from "./package-files.ts"
export type { Proposal } from "./propose.ts"
export type { OutputFile } from "./write.ts"
