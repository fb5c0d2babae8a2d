import { execFileSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const root = new URL("..", import.meta.url)
// Below the docs site, which depends on everything that an example may import.
const scratch = new URL("apps/docs/.examples/compiled/", root)

/** Where a package's modules are, for the compiler: what `exports` says in its manifest. */
const paths = (): Record<string, ReadonlyArray<string>> => {
  const found: Record<string, ReadonlyArray<string>> = {}
  for (const manifest of globSync(["packages/*/package.json", "packages/*/*/package.json"], { cwd: root })) {
    const { name, exports = {} } = JSON.parse(readFileSync(new URL(manifest, root), "utf8")) as {
      name: string
      exports?: Record<string, string>
    }
    for (const [entry, file] of Object.entries(exports)) {
      if (typeof file === "string")
        found[name + entry.slice(1)] = [fileURLToPath(new URL(file, new URL(manifest, root)))]
    }
  }
  return found
}

/** The TypeScript examples of a page. A fence marked `ts ignore` is not a program. */
const examplesOf = (page: string): ReadonlyArray<string> =>
  [...readFileSync(new URL(page, root), "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1] as string)

/** A generated package's readme shows the shape of a program before it says what the credentials are. */
const givenTo = (page: string): string =>
  page.startsWith("packages/endpoints/") ? "declare const credentials: never\n" : ""

const pages = [
  "README.md",
  ...globSync("docs/*.md", { cwd: root }),
  ...globSync(
    [
      "packages/*/README.md",
      "packages/endpoints/*/README.md",
      "packages/{grants,stores}/*/README.md",
      "specs/*/README.md"
    ],
    { cwd: root }
  ),
  ...globSync("apps/docs/pages/**/*.md", { cwd: root, exclude: ["**/pages/reference/**", "**/pages/project/**"] })
]

describe("the examples of", () => {
  it(`${pages.join(", ")} compile`, () => {
    rmSync(scratch, { recursive: true, force: true })
    mkdirSync(scratch, { recursive: true })
    let count = 0
    for (const page of pages) {
      for (const [i, example] of examplesOf(page).entries()) {
        writeFileSync(
          new URL(`${page.replace(/\W+/g, "-")}-${i}.ts`, scratch),
          `${givenTo(page)}${example}\nexport {}\n`
        )
        count++
      }
    }
    assert.isAtLeast(count, 2)
    writeFileSync(
      new URL("tsconfig.json", scratch),
      JSON.stringify({
        extends: fileURLToPath(new URL(".config/tsconfig.test.json", root)),
        compilerOptions: { composite: false, incremental: false, noUnusedLocals: false, paths: paths() },
        include: ["*.ts"]
      })
    )
    const tsc = fileURLToPath(new URL("node_modules/typescript/bin/tsc", root))
    try {
      execFileSync(process.execPath, [tsc, "-p", fileURLToPath(scratch)], { encoding: "utf8" })
    } catch (error) {
      assert.fail((error as { stdout: string }).stdout)
    }
  }, 60_000)
})
