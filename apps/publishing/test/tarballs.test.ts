import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { makeReport, reportOf } from "../src/api-report.ts"
import { problemsOf } from "../src/lint.ts"
import { packAll, publicPackages, root } from "../src/packages.ts"

const packages = publicPackages()

describe("what is published", () => {
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "keyturn-tarballs-"))
    await packAll(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it.each(packages)(
    "$name: publint, are-the-types-wrong and the house find nothing wrong with its tarball",
    async (one) => {
      assert.deepStrictEqual(await problemsOf(one, folder), [])
    }
  )

  it.each(packages)("$name has the public surface that was accepted", (one) => {
    assert.isTrue(existsSync(reportOf(one)), `there is no report of ${one.name}: pnpm api:accept`)
    assert.strictEqual(
      makeReport(one),
      readFileSync(reportOf(one), "utf8"),
      "the public surface has changed: if that is meant, add a changeset and run pnpm api:accept"
    )
  })

  it("brings along what docs/supply.md gives a reason for, and nothing else", () => {
    const table = readFileSync(join(root, "docs/supply.md"), "utf8").match(/^\| `.*$/gm) ?? []
    const reasons = table.flatMap((row) =>
      [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name)
    )
    const dependencies = packages.flatMap(({ manifest }) =>
      Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    )
    const ours = new Set(packages.filter(({ name }) => !name.startsWith("@keyturn/store-")).map(({ name }) => name))
    const theirs = new Set(dependencies.filter((name) => !ours.has(name) && name !== "@keyturn/store-file"))
    assert.deepStrictEqual([...theirs].sort(), [...reasons].sort())
  })
})
