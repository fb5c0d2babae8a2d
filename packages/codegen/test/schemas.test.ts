import { assert, describe, it } from "@effect/vitest"
import { fieldsOf } from "../src/schemas.ts"

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

describe("the fields of a body", () => {
  it("are found once where a parent is one of its children, who are all of the parent", () => {
    let looks = 0
    const children = Array.from({ length: 10 }, (_, i) => `Child${i}`)
    const parent = {
      // With each child looked at again below every other, this would never end.
      get required() {
        if (++looks > children.length) throw new Error("looked at over and over")
        return ["kind"]
      },
      properties: { kind: { type: "string" } },
      oneOf: children.map(ref)
    }
    const all = Object.fromEntries(
      children.map((name) => [name, { allOf: [ref("Parent"), { required: [name], properties: { [name]: {} } }] }])
    )
    const root = { components: { schemas: { Parent: parent, ...all } } }
    for (const name of ["Parent", "Child3"]) {
      looks = 0
      const { closed, fields } = fieldsOf(root, ref(name))
      assert.sameMembers([...fields.keys()], ["kind", ...children])
      assert.isTrue(closed)
      assert.isTrue(fields.get("kind")?.required)
      assert.strictEqual(fields.get("Child3")?.required, name === "Child3")
    }
  })

  it("are none where a schema is an alternative to itself and nothing else", () => {
    const root = { components: { schemas: { Self: { oneOf: [ref("Self")] } } } }
    assert.deepStrictEqual([...fieldsOf(root, ref("Self")).fields], [])
  })
})
