import { assert, describe, it } from "@effect/vitest"
import { parse } from "yaml"
import { Loader } from "../src/load.ts"
import { Origins } from "../src/origins.ts"
import { applyOverlay } from "../src/overlay.ts"
import type { JsonObject } from "../src/tree.ts"
import { temporary } from "./temporary.ts"

/** The document after the actions, and what was said of them. */
const apply = async (document: string, actions: string, version = "1.1.0") => {
  using folder = temporary({
    "document.yaml": document,
    "overlay.yaml": `overlay: ${version}\ninfo: { title: O, version: "1" }\nactions:\n${actions}`
  })
  const loader = new Loader(folder.path)
  const target = await loader.load(`${folder.path}/document.yaml`)
  const root = target.value as JsonObject
  const origins = new Origins(target.source)
  const diagnostics = applyOverlay(root, await loader.load(`${folder.path}/overlay.yaml`), origins)
  const where = (...pointer: ReadonlyArray<string>) => {
    const { source, pointer: written } = origins.locate(root, pointer)
    const { start, end } = source.span(written)
    return `${source.name}:${source.position(start, end).line}`
  }
  return { root, said: diagnostics.map(({ severity, message }) => `${severity}: ${message}`), where }
}

describe("an overlay", () => {
  it("merges objects, concatenates arrays inside them, and replaces primitives", async () => {
    const { root, said } = await apply(
      "info: { title: A, tags: [x], contact: { name: N } }",
      "  - target: $.info\n    update: { title: B, tags: [y], contact: { url: U }, new: 1 }\n"
    )
    assert.deepStrictEqual(said, [])
    assert.deepStrictEqual(root, parse("info: { title: B, tags: [x, y], contact: { name: N, url: U }, new: 1 }"))
  })

  it("appends one value to an array, or concatenates a list with it", async () => {
    const { root } = await apply(
      "a: [{ n: 1 }]\nb: [1]",
      "  - target: $.a\n    update: { n: 2 }\n  - target: $.b\n    update: [2, 3]\n"
    )
    assert.deepStrictEqual(root, { a: [{ n: 1 }, { n: 2 }], b: [1, 2, 3] })
  })

  it("replaces primitives that a target selects, as Overlay 1.1 has it", async () => {
    const { root } = await apply("a: { b: old }", "  - target: $.a.b\n    update: new\n")
    assert.deepStrictEqual(root, { a: { b: "new" } })
  })

  it("removes what a target selects, several of an array at once and in any order", async () => {
    const { root } = await apply(
      "list: [a, b, c, d]\nmap: { x: 1, y: 2 }",
      "  - target: $.list[2,0]\n    remove: true\n  - target: $.map.x\n    remove: true\n  - target: $.list[?@ == 'd']\n    remove: true\n"
    )
    assert.deepStrictEqual(root, { list: ["b"], map: { y: 2 } })
  })

  it("copies one node into others", async () => {
    const { root, said } = await apply(
      "from: { deep: { a: 1 } }\nto: [{ b: 2 }, {}]",
      "  - target: $.to.*\n    copy: $.from.deep\n"
    )
    assert.deepStrictEqual(said, [])
    assert.deepStrictEqual(root, { from: { deep: { a: 1 } }, to: [{ b: 2, a: 1 }, { a: 1 }] })
  })

  it("applies its actions in order, each to the result of the one before", async () => {
    const { root } = await apply(
      "a: { old: 1 }",
      "  - target: $.a\n    remove: true\n  - target: $\n    update: { a: { new: 1 } }\n  - target: $.a\n    update: { newer: 2 }\n"
    )
    assert.deepStrictEqual(root, { a: { new: 1, newer: 2 } })
  })

  it("selects by RFC 9535 filters and by keys of any characters", async () => {
    const { root } = await apply(
      `paths: { "/it's": { get: { x-traits: [paged] } }, /b: { get: {} } }`,
      `  - target: "$.paths[?(@.get['x-traits'][?(@ == 'paged')])].get"\n    update: { paged: true }\n  - target: "$.paths['/it\\\\'s'].get"\n    update: { quoted: true }\n`
    )
    assert.deepStrictEqual(root, {
      paths: { "/it's": { get: { "x-traits": ["paged"], paged: true, quoted: true } }, "/b": { get: {} } }
    })
  })

  it("warns of a target that matches nothing, with its place, and goes on", async () => {
    const { root, said } = await apply(
      "a: 1",
      "  - target: $.b\n    remove: true\n  - target: $.a\n    update: 2\n",
      "1.0.0"
    )
    assert.deepStrictEqual(said, ["warning: this target matches nothing"])
    assert.deepStrictEqual(root, { a: 2 })
  })

  it("does not set a prototype by a key called __proto__", async () => {
    const { root } = await apply("a: {}", "  - target: $.a\n    update: { __proto__: { evil: true } }\n")
    assert.strictEqual(Object.getPrototypeOf(root.a), Object.prototype)
    assert.isUndefined((root.a as JsonObject).evil)
  })

  it("leaves every part knowing which text it came from", async () => {
    const { where } = await apply(
      "a:\n  b: 1\nlist:\n  - x: 1\n  - x: 2\n  - x: 3\n",
      "  - target: $.a\n    update:\n      c: { d: 1 }\n  - target: $.list[0]\n    remove: true\n  - target: $.list\n    copy: $.a\n"
    )
    assert.strictEqual(where("a", "b"), "document.yaml:2")
    assert.strictEqual(where("a", "c", "d"), "overlay.yaml:6")
    assert.strictEqual(where("list", "0", "x"), "document.yaml:5")
    assert.strictEqual(where("list", "1", "x"), "document.yaml:6")
    assert.strictEqual(where("list", "2", "b"), "document.yaml:2")
  })
})
