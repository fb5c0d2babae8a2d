import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, it } from "@effect/vitest"
import { storeContract } from "@keyturn/auth/testing"
import { fileStore } from "@keyturn/store-file"

const folder = mkdtempSync(join(tmpdir(), "keyturn-"))
afterAll(() => rmSync(folder, { recursive: true }))

describe("the file store", () => {
  for (const { name, run } of storeContract(() => fileStore({ path: join(folder, "sessions.db") }))) it(name, run)
})

describe("the file store, encrypted", () => {
  const key = new Uint8Array(32).fill(7)
  for (const { name, run } of storeContract(() => fileStore({ path: join(folder, "sealed.db"), key }))) it(name, run)
})
