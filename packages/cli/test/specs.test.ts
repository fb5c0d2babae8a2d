import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { differencesOf, generateApi, loadConfig } from "@keyturn/codegen"

const config = await loadConfig(fileURLToPath(new URL("../../../specs/keyturn.config.ts", import.meta.url)))
if (typeof config === "string") throw new Error(config)

describe("the endpoints packages", () => {
  for (const api of config.apis) {
    it(`${api.name}: what is on disk is what its document generates`, async () => {
      const generated = await generateApi(api, { cwd: config.cwd })
      assert.strictEqual(differencesOf([generated], config.cwd), "", "run `pnpm generate`")
    })
  }
})
