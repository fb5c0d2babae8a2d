import { chmodSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { GenerateError, generateApi, writeGenerated } from "../src/index.ts"
import { WriteFault, writeTogether } from "../src/write.ts"
import { temporary } from "./temporary.ts"

const document = `openapi: 3.1.0\ninfo: { title: T, version: "1" }\npaths: {}\n`

const faultOf = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  return assert.fail("nothing was thrown")
}

describe("generated files are replaced together", () => {
  it("and nothing is left beside them", async () => {
    using folder = temporary({ "openapi.yaml": document })
    const generated = await generateApi({ document: "openapi.yaml", out: "api" }, { cwd: folder.path })
    writeGenerated([generated], folder.path)
    assert.deepStrictEqual(
      folder.list(),
      ["contract.ts", "credentials.ts", "index.ts", "openapi.json", "operations.ts", "types.ts"]
        .map((name) => `api/${name}`)
        .concat("openapi.yaml")
    )
  })

  it("an unchanged file is not touched", async () => {
    using folder = temporary({ "openapi.yaml": document })
    const api = { document: "openapi.yaml", out: "api" }
    writeGenerated([await generateApi(api, { cwd: folder.path })], folder.path)
    const before = statSync(join(folder.path, "api/types.ts")).mtimeMs
    assert.deepStrictEqual(writeGenerated([await generateApi(api, { cwd: folder.path })], folder.path), [])
    assert.strictEqual(statSync(join(folder.path, "api/types.ts")).mtimeMs, before)
  })

  it("when one cannot be put in place, the ones before it are as they were", () => {
    using folder = temporary({ a: "old a" })
    mkdirSync(join(folder.path, "c"))
    writeFileSync(join(folder.path, "c", "in the way"), "")
    const files = ["a", "b", "c"].map((name) => ({ path: join(folder.path, name), text: `new ${name}` }))
    const fault = faultOf(() => writeTogether(files))
    assert.instanceOf(fault, WriteFault)
    assert.deepStrictEqual(folder.list(), ["a", "c/in the way"])
    assert.strictEqual(readFileSync(join(folder.path, "a"), "utf8"), "old a")
  })

  it("a folder that cannot be made is told by name, and folders made for it are gone", async () => {
    using folder = temporary({ "openapi.yaml": document, file: "" })
    const generated = await generateApi({ document: "openapi.yaml", out: "file/api" }, { cwd: folder.path })
    const error = faultOf(() => writeGenerated([generated], folder.path))
    assert.instanceOf(error, GenerateError)
    assert.match(
      (error as GenerateError).message,
      /unwritable-output: cannot write file\/api\/.*a part of this path is a file/
    )
    assert.deepStrictEqual(folder.list(), ["file", "openapi.yaml"])
  })

  it.skipIf(process.getuid?.() === 0)("a folder without permission to write is told by name", async () => {
    using folder = temporary({ "openapi.yaml": document })
    mkdirSync(join(folder.path, "api"))
    chmodSync(join(folder.path, "api"), 0o500)
    const generated = await generateApi({ document: "openapi.yaml", out: "api" }, { cwd: folder.path })
    assert.match(String(faultOf(() => writeGenerated([generated], folder.path))), /permission denied/)
  })
})

describe("a file too large to be a description", () => {
  it("is refused by its size, unread", async () => {
    using folder = temporary({ "openapi.json": "{" })
    truncateSync(join(folder.path, "openapi.json"), 200 * 1024 * 1024)
    const start = performance.now()
    const error = await generateApi({ document: "openapi.json", out: "api" }, { cwd: folder.path }).catch(
      (error) => error
    )
    assert.match(String(error), /openapi.json document-size: the document is larger than 100 MB/)
    assert.isBelow(performance.now() - start, 1000)
  })
})

describe("a document nested beyond reason", () => {
  it("is refused in words", async () => {
    using folder = temporary({ "openapi.json": `{"openapi":"3.1.0","x":${"[".repeat(200_000)}${"]".repeat(200_000)}}` })
    const error = await generateApi({ document: "openapi.json", out: "api" }, { cwd: folder.path }).catch(
      (error) => error
    )
    assert.match(String(error), /openapi.json document-depth: the document is nested too deeply/)
  })
})
