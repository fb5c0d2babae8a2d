// Regenerates packages/endpoints from specs: `pnpm generate`.
import { readFileSync } from "node:fs"
import { type Config, defineConfig } from "../packages/codegen/src/config.ts"

/** A package of this workspace: others import its sources, the published one its build. */
const endpoints = (name: string): Config["apis"][string] => ({
  document: `${name}/openapi.yaml`,
  out: `../packages/endpoints/${name}`,
  package: {
    name: `@keyturn/${name}`,
    readme: readFileSync(new URL(`${name}/README.md`, import.meta.url), "utf8"),
    manifest: {
      license: "MIT",
      engines: { node: ">=22.19" },
      exports: {
        ".": "./src/generated/index.ts",
        "./types": "./src/generated/types.ts",
        "./openapi.json": "./src/generated/openapi.json"
      },
      publishConfig: {
        access: "public",
        provenance: true,
        exports: {
          ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
          "./types": { types: "./dist/types.d.ts", default: "./dist/types.js" },
          "./openapi.json": "./src/generated/openapi.json"
        }
      },
      scripts: undefined,
      dependencies: { "@keyturn/contract": "workspace:^", "openapi-fetch": "catalog:" },
      devDependencies: undefined
    },
    tsconfig: {
      extends: "../../../tsconfig.base.json",
      compilerOptions: { rootDir: "src/generated", outDir: "dist" },
      include: ["src"],
      references: [{ path: "../../contract" }]
    }
  }
})

export default defineConfig({
  apis: {
    allura: endpoints("allura"),
    bench: endpoints("bench"),
    bits: endpoints("bits"),
    pink: endpoints("pink")
  }
})
