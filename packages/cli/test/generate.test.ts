import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { vi } from "vitest"
import { keyturn } from "./command.ts"

// Each run starts a process of its own; on a busy machine several of them take a while.
vi.setConfig({ testTimeout: 120_000 })

const document = (title = "T") =>
  `openapi: 3.1.0\ninfo: { title: ${title}, version: "1" }\npaths:\n  /a: { get: { operationId: a, responses: { "204": { description: A. } } } }\n`

const broken = `openapi: 3.1.0\ninfo: { title: T, version: "1" }\nsecurity: [{ key: [] }]\npaths: {}\n`

const folder = (files: Readonly<Record<string, string>>) => {
  const path = mkdtempSync(join(tmpdir(), "keyturn-cli-"))
  const put = (name: string, text: string) => {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  for (const [name, text] of Object.entries(files)) put(name, text)
  return { path, put, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

const config = (apis: string) =>
  `import { defineConfig } from ${JSON.stringify(fileURLToPath(new URL("../src/index.ts", import.meta.url)))}\nexport default defineConfig({ apis: { ${apis} } })\n`

describe("keyturn --help", () => {
  it("names the commands, and loads neither parser nor compiler for it", async () => {
    using cwd = folder({})
    const { code, stdout } = await keyturn(cwd.path, "--help").done
    assert.strictEqual(code, 0)
    assert.match(stdout, /generate\s+Generate typed endpoints/)
    assert.match(stdout, /init\s+Write a keyturn.config.ts/)
  })
})

describe("keyturn generate", () => {
  it("makes a client from a URL in one command", async () => {
    using cwd = folder({})
    const server = createServer((_, response) => response.end(document()))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/openapi.yaml`
      const { code, stdout, stderr } = await keyturn(cwd.path, "generate", url, "--out", "src/api").done
      const next = "The modules import what is not installed: npm install openapi-fetch @keyturn/contract\n"
      assert.deepStrictEqual([code, stdout], [0, `6 files written.\n${next}`], stderr)
      assert.match(stderr, /^✓ 127-0-0-1: 1 operation in http/)
      assert.isTrue(existsSync(join(cwd.path, "src/api/index.ts")))
    } finally {
      server.close()
    }
  })

  it("makes a package around the modules on --package", async () => {
    using cwd = folder({ "openapi.yaml": document() })
    const { code } = await keyturn(cwd.path, "generate", "openapi.yaml", "--out", "p", "--package", "@acme/t").done
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(readdirSync(join(cwd.path, "p")).sort(), [
      "README.md",
      "package.json",
      "src",
      "tsconfig.json"
    ])
    assert.strictEqual(JSON.parse(readFileSync(join(cwd.path, "p/package.json"), "utf8")).name, "@acme/t")
    assert.match(readFileSync(join(cwd.path, "p/README.md"), "utf8"), /\| `a` +\| `GET \/a` +\|/)
  })

  it("frames an error at its place, exits 1, and writes nothing of any API", async () => {
    using cwd = folder({
      "good.yaml": document(),
      "bad.yaml": broken,
      "keyturn.config.ts": config(
        `good: { document: "good.yaml", out: "good" }, bad: { document: "bad.yaml", out: "bad" }`
      )
    })
    const { code, stdout, stderr } = await keyturn(cwd.path, "generate").done
    assert.strictEqual(code, 1)
    assert.strictEqual(stdout, "")
    assert.include(
      stderr,
      `bad.yaml:3:14 error security-defined
  there is no security scheme "key"

    2 | info: { title: T, version: "1" }
  > 3 | security: [{ key: [] }]
      |              ^^^

  hint: declare it under components.securitySchemes

1 error. Nothing was written.`
    )
    assert.deepStrictEqual(readdirSync(cwd.path).sort(), ["bad.yaml", "good.yaml", "keyturn.config.ts"])
  })

  it("prints one JSON object on --json, and nothing else", async () => {
    using cwd = folder({ "bad.yaml": broken })
    const { code, stdout, stderr } = await keyturn(cwd.path, "generate", "bad.yaml", "--out", "api", "--json").done
    assert.deepStrictEqual([code, stderr], [1, ""])
    const { ok, written, diagnostics } = JSON.parse(stdout)
    assert.deepStrictEqual([ok, written], [false, []])
    assert.deepStrictEqual(diagnostics[0].position, { line: 3, column: 14, length: 3 })
  })

  it("checks without writing: silent success, then a diff and exit code 1", async () => {
    using cwd = folder({
      "openapi.yaml": document(),
      "keyturn.config.ts": config(`t: { document: "openapi.yaml", out: "api" }`)
    })
    assert.strictEqual((await keyturn(cwd.path, "generate").done).code, 0)
    assert.strictEqual((await keyturn(cwd.path, "generate", "--check").done).code, 0)
    cwd.put("openapi.yaml", document("New"))
    const { code, stderr } = await keyturn(cwd.path, "generate", "--check").done
    assert.strictEqual(code, 1)
    assert.match(
      stderr,
      /--- api\/index\.ts \(on disk\)\n\+\+\+ api\/index\.ts \(generated\)\n@@ line 1 @@\n.*\n-\/\*\* T 1 \*\/\n\+\/\*\* New 1 \*\//
    )
    assert.match(readFileSync(join(cwd.path, "api/index.ts"), "utf8"), /\/\*\* T 1 \*\//)
  })

  it("watches: generates again after a change, tells of a mistake, goes on, and ends on Ctrl-C", async () => {
    using cwd = folder({ "openapi.yaml": document() })
    const run = keyturn(cwd.path, "generate", "openapi.yaml", "--out", "api", "--watch")
    await run.until(/files written[\s\S]*Watching 1 file/)
    cwd.put("openapi.yaml", broken)
    await run.until(/openapi.yaml changed[\s\S]*security-defined[\s\S]*Watching 1 file/)
    cwd.put("openapi.yaml", document("New"))
    await run.until(/changed[\s\S]*changed[\s\S]*Watching 1 file/)
    run.child.kill("SIGINT")
    const { code, stderr } = await run.done
    assert.strictEqual(code, 130)
    assert.notMatch(stderr, /AbortError|\bat /)
    assert.match(readFileSync(join(cwd.path, "api/index.ts"), "utf8"), /\/\*\* New 1 \*\//)
  })

  it("watches the config file too, and lives through a mistake in it", async () => {
    const named = (title: string) => config(`${title}: { document: "openapi.yaml", out: "${title}" }`)
    using cwd = folder({ "openapi.yaml": document(), "keyturn.config.ts": named("one") })
    const run = keyturn(cwd.path, "generate", "--watch")
    await run.until(/Watching 2 files/)
    cwd.put("keyturn.config.ts", "export default (\n")
    await run.until(/does not load[\s\S]*Watching 2 files/)
    cwd.put("keyturn.config.ts", named("two"))
    await run.until(/✓ two[\s\S]*Watching 2 files/)
    run.child.kill("SIGINT")
    assert.strictEqual((await run.done).code, 130)
    assert.isTrue(existsSync(join(cwd.path, "two/index.ts")))
  })

  it("takes the document that an overlay extends, from the overlay's folder", async () => {
    using cwd = folder({
      "apis/t.yaml": document(),
      "apis/o.yaml": `overlay: 1.1.0\ninfo: { title: O, version: "1" }\nextends: ./t.yaml\nactions: [{ target: $.info, update: { title: Extended } }]\n`
    })
    const { code, stderr } = await keyturn(cwd.path, "generate", "--overlay", "apis/o.yaml", "--out", "api").done
    assert.strictEqual(code, 0, stderr)
    assert.match(readFileSync(join(cwd.path, "api/index.ts"), "utf8"), /\/\*\* Extended 1 \*\//)
  })

  it("writes nothing when Ctrl-C comes in the middle", async () => {
    using cwd = folder({})
    const server = createServer(() => run.child.kill("SIGINT"))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/openapi.yaml`
    const run = keyturn(cwd.path, "generate", url, "--out", "api")
    const { code, stderr } = await run.done
    server.closeAllConnections()
    server.close()
    assert.strictEqual(code, 130)
    assert.notMatch(stderr, /\bat .*:\d+:\d+/)
    assert.deepStrictEqual(readdirSync(cwd.path), [])
  })

  it("tells how it is used when it is used wrongly, with exit code 2", async () => {
    using cwd = folder({ "empty.config.ts": "export default {}\n", "broken.config.ts": "export default (\n" })
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
      [[], /there is no keyturn\.config\.ts here: name a document and --out, or run `keyturn init`/],
      [["a.yaml"], /--out DIR is missing/],
      [["--out", "x"], /--out goes with a document/],
      [["--config", "no.ts"], /there is no file no\.ts/],
      [["--config", "empty.config.ts"], /must export default defineConfig/],
      [["--config", "broken.config.ts"], /does not load/],
      [["a.yaml", "--out", "x", "--check", "--watch"], /exclude each other/]
    ]
    for (const [args, message] of cases) {
      const { code, stderr } = await keyturn(cwd.path, "generate", ...args).done
      assert.match(stderr, message)
      assert.strictEqual(code, 2, stderr)
    }
  })
})
