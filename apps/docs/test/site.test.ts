/** The site as it is built: its links, what it loads, and what is on it. */
import { execFileSync } from "node:child_process"
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, posix } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { moduleOf } from "../src/declarations.ts"
import { addressOf, entryAddress, here, packages } from "../src/workspace.ts"

const out = mkdtempSync(join(tmpdir(), "keyturn-docs-"))
const pages = new Map<string, string>()

/** A page's address, from its file: clean, as links are. */
const addressOfFile = (file: string): string => `/${file.replace(/(index)?\.html$/, "")}`

beforeAll(() => {
  execFileSync(process.execPath, ["src/main.ts", "build", out], { cwd: here, stdio: "pipe" })
  for (const file of globSync("**/*.html", { cwd: out })) {
    pages.set(addressOfFile(file), readFileSync(join(out, file), "utf8"))
  }
}, 300_000)

afterAll(() => rmSync(out, { recursive: true, force: true }))

const attributes = (html: string, name: string): ReadonlyArray<string> =>
  [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, "g"))].map(([, value = ""]) => value)

describe("the docs site", () => {
  it("has every page that it should", () => {
    for (const address of ["/", "/start", "/security", "/comparison", "/concepts/renewal", "/project/supply"]) {
      assert.isTrue(pages.has(address), address)
    }
  })

  it("has links that lead somewhere, to pages and to places in them", () => {
    const broken: Array<string> = []
    for (const [address, html] of pages) {
      for (const href of attributes(html, "href")) {
        if (/^(https?:|mailto:|data:)/.test(href)) continue
        const [path = "", anchor] = href.replaceAll("&amp;", "&").split("#")
        const target =
          path === "" ? address : posix.resolve(posix.dirname(address), path) + (path.endsWith("/") ? "/" : "")
        const page = pages.get(target.replace(/\/+$/, "/"))
        const isFile = /\.\w+$/.test(target) && globSync(target.slice(1), { cwd: out }).length === 1
        const there = page?.includes(`id="${decodeURIComponent(anchor ?? "")}"`)
        if (page === undefined ? !isFile : anchor !== undefined && anchor !== "" && !there)
          broken.push(`${address}: ${href}`)
      }
    }
    assert.deepStrictEqual(broken, [])
  })

  it("loads nothing from elsewhere", () => {
    const foreign = (value: string) => /^(https?:)?\/\//.test(value)
    for (const [address, html] of pages) {
      const loaded = [
        ...attributes(html, "src"),
        ...[...html.matchAll(/<link\s[^>]*>/g)].flatMap(([link]) => attributes(link, "href"))
      ]
      assert.deepStrictEqual(loaded.filter(foreign), [], address)
    }
    for (const file of globSync("**/*.css", { cwd: out })) {
      const urls = [...readFileSync(join(out, file), "utf8").matchAll(/url\(["']?([^)"']*)/g)].map(
        ([, url = ""]) => url
      )
      assert.deepStrictEqual(urls.filter(foreign), [], file)
    }
  })

  it("can be read without scripts: text, code and diagrams are in the page", () => {
    const renewal = pages.get("/concepts/renewal") ?? ""
    assert.include(renewal, "<svg")
    assert.include(renewal, "Take the lease")
    assert.include(pages.get("/start") ?? "", "advance")
    for (const [address, html] of pages) {
      if (address !== "/404") assert.match(html, /<h1/, `${address} has a title`)
    }
  })

  it("documents every name that a package exports", () => {
    const missing = packages().flatMap((one) =>
      [...one.entries].flatMap(([subpath, file]) => {
        if (one.folder.startsWith("packages/endpoints/") && subpath !== ".") return []
        const html = pages.get(entryAddress(one, subpath)) ?? ""
        const index = pages.get(addressOf(one)) ?? ""
        return moduleOf(file)
          .exports.filter(({ name }) => !html.includes(`id="api-${name}"`) && !index.includes(`${one.name}/${name}`))
          .map(({ name }) => `${one.name}${subpath.slice(1)}: ${name}`)
      })
    )
    assert.deepStrictEqual(missing, [])
  })
})
