import { assert, describe, it } from "@effect/vitest"
import { generateApi } from "../src/index.ts"
import { documents, raw, type TriedDocument } from "./documents.ts"
import { temporary } from "./temporary.ts"

/** The same document with the members of every object in another order. */
const shuffled = (value: unknown, random: () => number): unknown => {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, random))
  if (typeof value !== "object" || value === null) return value
  const entries = Object.entries(value).map(([key, member]) => [random(), key, shuffled(member, random)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => a - b).map(([, key, member]) => [key, member]))
}

const generator = (seed: number) => () => {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
  return seed / 2 ** 31
}

const generate = async (document: TriedDocument, value: unknown) => {
  using folder = temporary({ "openapi.json": JSON.stringify(value) })
  const { files } = await generateApi(
    {
      document: "openapi.json",
      name: document.name,
      out: "out",
      package: { name: "p" },
      overlays: document.overlays ?? []
    },
    { cwd: folder.path }
  )
  return Object.fromEntries(files.map(({ path, text }) => [path.slice(folder.path.length), text]))
}

describe("the output does not depend on the order of keys in the input", () => {
  for (const document of documents) {
    // GitHub's takes long, and the document in several files cannot be put into one by shuffling.
    if (["github", "multi"].includes(document.name)) continue
    it(document.name, async () => {
      const value = raw(document)
      const files = await generate(document, value)
      for (const seed of [1, 2]) {
        assert.deepStrictEqual(await generate(document, shuffled(value, generator(seed))), files)
      }
    })
  }
})
