/** Examples that say what they print are run, and print that. All `ts` examples are compiled by `.config/readme.test.ts`. */
import { execFileSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { here, pages } from "../src/workspace.ts"

interface Example {
  readonly name: string
  readonly code: string
  readonly prints: string
}

const examples: ReadonlyArray<Example> = globSync("**/*.md", {
  cwd: pages,
  exclude: ["reference/**", "project/**"]
})
  .sort()
  .flatMap((page) =>
    [
      ...readFileSync(join(pages, page), "utf8").matchAll(
        /^```ts\n([^`]*(?:`(?!``)[^`]*)*)```\n\nIt prints:\n\n```text\n([\s\S]*?)```/gm
      )
    ].map(([, code = "", prints = ""], i) => ({ name: `${page}, ${i + 1}`, code, prints }))
  )

const folder = join(here, ".examples/run")
let printed: ReadonlyArray<string> = []

/** One process for all of them, one after the other: most of what a process costs is to begin. */
const runner = `
import { format } from "node:util"
const printed = []
let lines
console.log = (...said) => lines.push(format(...said))
for (let i = 0; i < ${examples.length}; i++) {
  lines = []
  try {
    await import(\`./\${i}.ts\`)
  } catch (error) {
    lines.push(String(error?.stack ?? error))
  }
  printed.push(lines.map((line) => line + "\\n").join(""))
}
process.stdout.write(JSON.stringify(printed))
`

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [i, { code }] of examples.entries()) writeFileSync(join(folder, `${i}.ts`), code)
  writeFileSync(join(folder, "runner.mjs"), runner)
  printed = JSON.parse(
    execFileSync(process.execPath, ["runner.mjs"], { cwd: folder, encoding: "utf8", timeout: 120_000 })
  )
}, 150_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("on the docs site", () => {
  it("the start, the guides and the concepts have examples that run", () => assert.isAtLeast(examples.length, 10))

  for (const [i, { name, prints }] of examples.entries()) {
    it(`the example of ${name} prints what the page says`, () => assert.strictEqual(printed[i], prints))
  }
})
