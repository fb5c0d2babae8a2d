import type * as Fs from "node:fs"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { vi } from "vitest"
import { WriteFault, writeTogether } from "../src/write.ts"
import { temporary } from "./temporary.ts"

// A rename that fails after others went well: a real file system does so only when something else meddles with it.
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof Fs>()
  const renameSync: typeof Fs.renameSync = (from, to) => {
    if (String(to).endsWith("/third")) throw Object.assign(new Error("no"), { code: "EACCES" })
    fs.renameSync(from, to)
  }
  return { ...fs, renameSync }
})

it("when the last file cannot be put in place, replaced ones are restored and new ones removed", () => {
  using folder = temporary({ first: "old" })
  const files = ["first", "second", "third"].map((name) => ({ path: join(folder.path, name), text: "new" }))
  assert.throws(() => writeTogether(files), WriteFault, "permission denied")
  assert.deepStrictEqual(folder.list(), ["first"])
  assert.strictEqual(readFileSync(join(folder.path, "first"), "utf8"), "old")
})
