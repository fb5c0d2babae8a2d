/** Makes `generated/bits`, which `hey-api.ts` uses: `npx openapi-ts -f examples/openapi-ts.config.ts` in this package. */
import { fileURLToPath } from "node:url"
import { defineConfig } from "@hey-api/openapi-ts"

export default defineConfig({
  input: fileURLToPath(import.meta.resolve("@keyturn/bits/openapi.json")),
  output: { path: fileURLToPath(new URL("generated/bits", import.meta.url)), module: { extension: ".ts" } }
})
