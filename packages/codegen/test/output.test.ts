import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { createRequire } from "node:module"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { generateApi, writeGenerated } from "../src/index.ts"
import { compilerVersion } from "../src/openapi-typescript.ts"
import { documents } from "./documents.ts"

// Inside the package, so that the output finds its dependencies as an installed one would.
const out = fileURLToPath(new URL("out/documents", import.meta.url))
const workspaceCompiler = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url))
const privateCompiler = createRequire(import.meta.url).resolve("typescript/bin/tsc")

const versionOf = (compiler: string): string =>
  execFileSync(process.execPath, [compiler, "--version"], { encoding: "utf8" }).replace("Version ", "").trim()

const tsconfig = {
  compilerOptions: {
    target: "ES2022",
    lib: ["ES2022", "DOM", "DOM.Iterable"],
    module: "NodeNext",
    moduleResolution: "NodeNext",
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    noEmit: true
  },
  include: ["*/*.ts"]
}

/** A client of the generated modules, calling one operation; a wrong path beside it must not compile. */
const caller = (call: string) => `import { contract, createClient, operations } from "./index.ts"
import type { CredentialsOf, PathsOf } from "@keyturn/contract"

const client = createClient({ baseUrl: process.env["BASE_URL"] as string })
declare const process: { readonly env: Record<string, string | undefined> }
${call}
// @ts-expect-error: no document declares this path
export const wrong = () => client.GET("/no-such-path-anywhere")
export type Paths = PathsOf<typeof contract>
export type Credentials = CredentialsOf<typeof contract>
export const methods = Object.keys(operations).length
`

beforeAll(async () => {
  rmSync(out, { recursive: true, force: true })
  for (const { name, path, overlays = [], call } of documents) {
    const folder = join(out, name)
    writeGenerated([await generateApi({ document: path, name, out: folder, overlays }, { cwd: "/" })])
    writeFileSync(join(folder, "call.ts"), caller(call))
  }
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, "package.json"), '{ "type": "module" }')
  writeFileSync(join(out, "tsconfig.json"), JSON.stringify(tsconfig))
}, 180_000)

afterAll(() => rmSync(out, { recursive: true, force: true }))

describe("what is generated", () => {
  for (const [compiler, version] of [
    [workspaceCompiler, /^7\./],
    [privateCompiler, /^5\.9\./]
  ] as const) {
    it(`compiles with TypeScript ${version.source}, every document of it`, { timeout: 180_000 }, () => {
      assert.match(versionOf(compiler), version)
      const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", out], { encoding: "utf8" })
      assert.strictEqual(stdout, "")
      assert.strictEqual(status, 0)
    })
  }

  for (const { name, operation, answer } of documents) {
    it(`calls ${name}'s ${operation} and reads its answer`, async () => {
      const [method, template] = operation.split(" ") as [string, string]
      const pattern = new RegExp(`^${template.replace(/\{[^}]+\}/g, "[^/]+")}$`)
      let asked = ""
      const server = createServer((request, response) => {
        asked = `${request.method} ${request.url}`
        const known = request.method === method && pattern.test(request.url ?? "")
        response.writeHead(known ? 200 : 404, { "content-type": "application/json" })
        response.end(JSON.stringify(known ? answer : { message: "wrong operation" }))
      })
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      try {
        process.env.BASE_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
        const module = await import(pathToFileURL(join(out, name, "call.ts")).href)
        assert.deepStrictEqual(module.result, answer, asked)
      } finally {
        server.close()
      }
    })
  }

  it("holds no logic: nothing but data, types, and the one line that makes a client", () => {
    for (const { name } of documents) {
      for (const file of ["contract.ts", "credentials.ts", "operations.ts", "types.ts"]) {
        const text = readFileSync(join(out, name, file), "utf8")
          .replace(/"(?:[^"\\]|\\.)*"/g, '""')
          .replace(/\/\*[\s\S]*?\*\//g, "")
        assert.notMatch(text, /=>|\bfunction\b|\bif\s*\(|\breturn\b/, `${name}/${file}`)
      }
    }
  })
})

describe("openapi-typescript", () => {
  it("works with a private TypeScript 5.9, which is not the workspace's", () => {
    assert.match(compilerVersion(), /^5\.9\./)
    assert.notStrictEqual(compilerVersion(), versionOf(workspaceCompiler))
  })
})
