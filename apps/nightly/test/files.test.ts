import { mkdirSync, readFileSync, readlinkSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { cell, csv } from "../src/report/csv.ts"
import * as Folder from "../src/report/folder.ts"
import { html } from "../src/report/markup.ts"
import { scratch } from "./support/program.ts"

const files = { "a.html": "new a", "b.csv": "new b", "c.json": "new c" }

const publish = (path: string, at: number, what: Readonly<Record<string, string>> = files, keep = 7) =>
  Effect.gen(function* () {
    const folder = yield* Folder.open(path)
    return yield* folder.publish(Folder.nameAt(at), what, keep)
  })

describe("the report's folder", () => {
  it.effect("is made, and has the newest report under one name", () =>
    Effect.gen(function* () {
      using folder = scratch()
      const path = join(folder.path, "deep", "out")
      yield* publish(path, 0)
      const written = yield* publish(path, 1000, { ...files, "a.html": "newer" })
      assert.deepStrictEqual(
        written.map((file) => [file.slice(path.length + 1), readFileSync(file, "utf8")]),
        [
          ["latest/a.html", "newer"],
          ["latest/b.csv", "new b"],
          ["latest/c.json", "new c"]
        ]
      )
      assert.strictEqual(readlinkSync(join(path, "latest")), "1970-01-01T00-00-01-000Z")
    })
  )

  it.effect("gets rid of what a killed run left, once nobody can be at it any more", () =>
    Effect.gen(function* () {
      using folder = scratch()
      const [old, fresh] = ["0000", "1111"].map((id) => `.new-${id}0000-0000-4000-8000-000000000000`) as [
        string,
        string
      ]
      for (const name of [old, fresh]) mkdirSync(join(folder.path, name))
      utimesSync(join(folder.path, old), 0, 0)
      yield* publish(folder.path, 0)
      assert.deepStrictEqual(folder.names(), [fresh, "1970-01-01T00-00-00-000Z", "latest"])
    })
  )

  it.effect("keeps so many reports, and what is not one", () =>
    Effect.gen(function* () {
      using folder = scratch()
      writeFileSync(join(folder.path, "2026-notes.txt"), "mine")
      for (const at of [0, 1000, 2000, 3000]) yield* publish(folder.path, at, files, 2)
      assert.deepStrictEqual(folder.names(), [
        "1970-01-01T00-00-02-000Z",
        "1970-01-01T00-00-03-000Z",
        "2026-notes.txt",
        "latest"
      ])
    })
  )

  it.effect("shows a whole report at every moment: whoever looks while one takes the other's place", () =>
    Effect.gen(function* () {
      using folder = scratch()
      const report = (n: number) => ({ "a.html": `${n}`, "b.csv": `${n}`, "c.json": `${n}` })
      yield* publish(folder.path, 0, report(0))
      let seen = 0
      let looking = true
      const watch = Effect.promise(async () => {
        while (looking) {
          // As a reader does who opened the folder: all three through one look at the link.
          const own = join(folder.path, readlinkSync(join(folder.path, "latest")))
          const texts = Object.keys(files).map((name) => readFileSync(join(own, name), "utf8"))
          assert.lengthOf(new Set(texts), 1)
          seen++
          await new Promise(setImmediate)
        }
      })
      const write = Effect.gen(function* () {
        for (let n = 1; n <= 40; n++) yield* publish(folder.path, n * 1000, report(n), 99)
        looking = false
      })
      yield* Effect.all([watch, write], { concurrency: "unbounded" })
      assert.isAbove(seen, 10)
      assert.strictEqual(folder.read("a.html"), "40")
    })
  )

  it.effect("is as it was when the new report cannot be put in its place", () =>
    Effect.gen(function* () {
      using folder = scratch()
      yield* publish(folder.path, 0)
      const before = folder.names()
      // A folder of that name and with something in it is there already.
      mkdirSync(join(folder.path, Folder.nameAt(1000)))
      writeFileSync(join(folder.path, Folder.nameAt(1000), "x"), "")
      const error = yield* Effect.flip(publish(folder.path, 1000, { "a.html": "newer" }))
      assert.strictEqual(error._tag, "OutputUnwritable")
      assert.strictEqual(folder.read("a.html"), "new a")
      assert.deepStrictEqual(folder.names(), [before[0] as string, Folder.nameAt(1000), "latest"])
    })
  )

  it.effect("is refused when something that is no link of ours is called latest, and that is left alone", () =>
    Effect.gen(function* () {
      using folder = scratch()
      mkdirSync(join(folder.path, "latest"))
      const error = yield* Effect.flip(publish(folder.path, 0))
      assert.match(error.message, /latest is there and is no link of ours/)
      assert.deepStrictEqual(folder.names(), ["latest"])
    })
  )

  it.effect("can be read by others, as the umask says", () =>
    Effect.gen(function* () {
      using folder = scratch()
      const [file = ""] = yield* publish(folder.path, 0)
      assert.strictEqual(statSync(join(file, "..")).mode & 0o777, 0o777 & ~process.umask())
    })
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
