import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { parse } from "yaml"
import { frameOf } from "../src/diagnostic.ts"
import { checkJson, JsonSyntaxError, spanInJson } from "../src/json-position.ts"
import { Source } from "../src/source.ts"
import { yamlSpans } from "../src/yaml-position.ts"

/** Every pointer into a value, with what it points at. */
const pointers = (
  value: unknown,
  at: ReadonlyArray<string> = []
): ReadonlyArray<readonly [ReadonlyArray<string>, unknown]> => [
  [at, value],
  ...(typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, child]) => pointers(child, [...at, key]))
    : [])
]

describe("a pointer into a text", () => {
  const tricky =
    ' {"a/b~c": [1, -2.5e+3, {"\\u0064\\"": "}],{[", "": null}], "e": {}, "f": [[], true, false], "a": {"a": {"a": "x"}}} '
  const swagger = readFileSync(fileURLToPath(new URL("fixtures/pets-swagger2.json", import.meta.url)), "utf8")

  for (const [name, text] of [
    ["a tricky one", tricky],
    ["a whole document", swagger]
  ] as const) {
    it(`in JSON is the span of exactly that value (${name})`, () => {
      for (const [pointer, value] of pointers(JSON.parse(text))) {
        const { start, end, key } = spanInJson(text, pointer)
        assert.deepStrictEqual(JSON.parse(text.slice(start, end)), value, pointer.join("/"))
        if (key !== undefined) assert.strictEqual(JSON.parse(text.slice(key.start, key.end)), pointer.at(-1))
      }
    })
  }

  it("in YAML is the span of exactly that value, through aliases and merge keys too", () => {
    const text = "a: &a\n  b: [1, two]\n  c: 'three'\nd: *a\ne:\n  <<: *a\n  f: \"x\\ny\"\n200: ok\n"
    const spans = yamlSpans(text)
    for (const [pointer, value] of pointers(parse(text, { merge: true }))) {
      if (typeof value === "object") continue
      const { start, end } = spans(pointer)
      assert.deepStrictEqual(parse(text.slice(start, end)), value, pointer.join("/"))
    }
  })

  it("that leads nowhere is the span of the deepest value on its way", () => {
    const { start, end } = spanInJson('{"a":{"b":1}}', ["a", "x", "y"])
    assert.deepStrictEqual([start, end], [5, 12])
  })
})

describe("JSON that breaks the grammar", () => {
  for (const [text, offset] of [
    ['{"a":1,}', 7],
    ["[1 2]", 3],
    ['{"a" 1}', 5],
    ['["a\nb"]', 1],
    ["[01]", 2],
    ["[nul]", 1],
    ['{"a":1} x', 8],
    ['"\\x"', 0],
    ["[", 1]
  ] as const) {
    it(`is told where: ${JSON.stringify(text)}`, () => {
      assert.throws(() => JSON.parse(text))
      try {
        checkJson(text)
        assert.fail("was taken as JSON")
      } catch (error) {
        assert.instanceOf(error, JsonSyntaxError)
        assert.strictEqual((error as JsonSyntaxError).offset, offset)
      }
    })
  }
})

describe("a frame", () => {
  it("of a minified document shows the part that matters, with the mark under it", () => {
    const text = `{"x":"${"a".repeat(5000)}","wrong":1,"y":"${"b".repeat(5000)}"}`
    const source = new Source("/x.json", "x.json", text, true)
    const { start, end } = source.span(["wrong"])
    const position = source.position(start, end)
    const [line, mark] = frameOf(source.lineAt, position).split("\n") as [string, string]
    assert.isBelow(line.length, 130)
    assert.strictEqual(line[mark.indexOf("^")], "1")
    assert.include(line, '"wrong":1')
  })

  it("counts lines and columns from 1, also after CRLF", () => {
    const source = new Source("/x.yaml", "x.yaml", "a: 1\r\nb: 2\r\n", false)
    const { start, end } = source.span(["b"])
    assert.deepStrictEqual(source.position(start, end), { line: 2, column: 4, length: 1 })
    assert.strictEqual(source.lineAt(2), "b: 2")
  })
})
