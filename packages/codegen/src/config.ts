/**
 * `keyturn.config.ts`: every API of a project, generated together.
 */
import type { ApiOptions } from "./generate.ts"

/** The APIs to generate, by name. */
export interface Config {
  readonly apis: Readonly<Record<string, Omit<ApiOptions, "name">>>
}

/**
 * Types a config file.
 *
 * @example
 * ```ts
 * // keyturn.config.ts
 * import { defineConfig } from "@keyturn/codegen"
 *
 * export default defineConfig({
 *   apis: { pets: { document: "pets.yaml", out: "src/pets" } }
 * })
 * ```
 */
export const defineConfig = (config: Config): Config => config
