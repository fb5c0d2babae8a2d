import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as PlatformError from "effect/PlatformError"
import { cell, csv } from "../src/report/csv.ts"
import * as Folder from "../src/report/folder.ts"
import { html } from "../src/report/markup.ts"
import { scratch } from "./support/program.ts"

const names = ["a.html", "b.csv", "c.json"]
const files = { "a.html": "new a", "b.csv": "new b", "c.json": "new c" }

const publish = (path: string) =>
  Effect.gen(function* () {
    const folder = yield* Folder.open(path, names)
    return yield* folder.publish(files)
  }).pipe(Effect.scoped)

describe("the report's folder", () => {
  it.effect("is made, and gets all the files and nothing else", () =>
    Effect.gen(function* () {
      using folder = scratch()
      const path = join(folder.path, "deep", "out")
      const written = yield* publish(path)
      assert.deepStrictEqual(
        written,
        names.map((name) => join(path, name))
      )
      assert.deepStrictEqual(
        written.map((file) => readFileSync(file, "utf8")),
        ["new a", "new b", "new c"]
      )
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("is as it was when one of the files cannot be put in its place", () =>
    Effect.gen(function* () {
      using folder = scratch()
      writeFileSync(join(folder.path, "a.html"), "old a")
      const fs = yield* FileSystem.FileSystem
      const full = PlatformError.systemError({
        _tag: "Unknown",
        module: "FileSystem",
        method: "rename",
        cause: { code: "ENOSPC" }
      })
      const failing = {
        ...fs,
        rename: (from: string, to: string) => (to.endsWith("c.json") ? Effect.fail(full) : fs.rename(from, to))
      }
      const error = yield* Effect.flip(Effect.provideService(publish(folder.path), FileSystem.FileSystem, failing))
      assert.strictEqual(error._tag, "OutputUnwritable")
      assert.match(error.message, /the disk is full/)
      assert.deepStrictEqual(folder.names(), ["a.html"])
      assert.strictEqual(folder.read("a.html"), "old a")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("is refused when something that is no file stands in a file's place, and that is left alone", () =>
    Effect.gen(function* () {
      using folder = scratch()
      mkdirSync(join(folder.path, "b.csv"))
      const error = yield* Effect.flip(publish(folder.path))
      assert.match(error.message, /b\.csv is there and is not a file/)
      assert.deepStrictEqual(folder.names(), ["b.csv"])
    }).pipe(Effect.provide(NodeServices.layer))
  )
})

describe("a cell of the table", () => {
  it("is quoted when it holds what separates cells", () => {
    assert.strictEqual(cell('Moore, "Mo"'), '"Moore, ""Mo"""')
    assert.strictEqual(cell("two\nlines"), '"two\nlines"')
    assert.strictEqual(cell("plain"), "plain")
  })

  it("is no formula to a spreadsheet, even behind blanks and control characters", () => {
    for (const text of ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\u0000=1", "\uFF1D1"]) {
      assert.match(cell(text), /^"?'/, JSON.stringify(text))
    }
    assert.strictEqual(cell("O'Neil-Smith"), "O'Neil-Smith")
  })

  it("is a number as it is, and nothing when there is none", () => {
    assert.deepStrictEqual([cell(-2.5), cell(true), cell(null)], ["-2.5", "true", ""])
  })

  it("ends its line with CRLF", () => {
    assert.match(csv([]), /^account,id,number,name,.*\r\n$/)
  })
})

describe("a page", () => {
  it("escapes every value that is not markup already, in lists too", () => {
    const name = `<img src=x onerror="alert('&')">`
    const escaped = "&lt;img src=x onerror=&quot;alert(&#39;&amp;&#39;)&quot;&gt;"
    assert.strictEqual(
      html`<p title="${name}">${[name, html`<b>${name}</b>`]}${null}${false}${0}</p>`.text,
      `<p title="${escaped}">${escaped}<b>${escaped}</b>0</p>`
    )
  })
})
