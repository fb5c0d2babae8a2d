/**
 * What a config file imports: `import { defineConfig } from "keyturn"`.
 */
export { type Config, defineConfig } from "@keyturn/codegen/config"
