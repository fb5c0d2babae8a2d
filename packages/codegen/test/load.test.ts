import { readFileSync } from "node:fs"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { type Generated, GenerateError, generateApi } from "../src/index.ts"

const fixture = (path: string) => readFileSync(fileURLToPath(new URL(`fixtures/multi/${path}`, import.meta.url)))

/** Generates from a server's document; `@` in a text stands for the server's address. */
const fromServer = async (listener: RequestListener, path = "/openapi.yaml", signal?: AbortSignal) => {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const document = path.startsWith("http") ? path.replace("HOST", base.slice("http://".length)) : base + path
    return await generateApi({ document, out: "out" }, { cwd: "/", ...(signal === undefined ? {} : { signal }) })
  } catch (error) {
    if (!(error instanceof GenerateError)) throw error
    return error.diagnostics.map(({ file, rule, message }) => `${file} ${rule}: ${message}`.replaceAll(base, "@"))
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const text = (generated: unknown, name: string): string =>
  (generated as Generated).files.find(({ path }) => path.endsWith(name))?.text ?? ""

describe("a document from a URL", () => {
  it("brings along the files it refers to, and takes its own address as the server when it names none", async () => {
    const generated = await fromServer((request, response) => {
      const file = fixture((request.url ?? "").slice(1))
        .toString()
        .replace(/^servers.*\n/m, "")
      response.end(file)
    })
    assert.match(text(generated, "types.ts"), /parent\?: components\["schemas"\]\["pet"\]/)
    assert.match(text(generated, "contract.ts"), /servers: \[\{ url: "http:\/\/127\.0\.0\.1:\d+" \}\]/)
    assert.match(text(generated, "contract.ts"), /name: "127-0-0-1"/)
  })

  it("is refused as an HTML page, with what to do", async () => {
    const said = await fromServer((_, response) => response.end("<!DOCTYPE html><title>Docs</title>"))
    assert.deepStrictEqual(said, ["@/openapi.yaml unreachable-document: @/openapi.yaml answered an HTML page"])
  })

  it("is refused by its status", async () => {
    const said = await fromServer((_, response) => response.writeHead(404).end())
    assert.deepStrictEqual(said, ["@/openapi.yaml unreachable-document: @/openapi.yaml answered 404 Not Found"])
  })

  it("sends user information as a header, and shows neither it nor a token in an error", async () => {
    let authorization: string | undefined
    const said = await fromServer((request, response) => {
      authorization = request.headers.authorization
      response.writeHead(403).end()
    }, "http://ada:pa%20ss@HOST/o.json?access_token=secret1&v=2")
    assert.strictEqual(authorization, `Basic ${Buffer.from("ada:pa ss").toString("base64")}`)
    assert.notMatch(JSON.stringify(said), /secret1|pa%20ss|pa ss/)
  })

  it("is given up when it does not end, at the same limit as a file", async () => {
    const block = Buffer.alloc(8 * 1024 * 1024, " ")
    const said = await fromServer((_, response) => {
      const pour = (): void => {
        while (response.write(block)) if (response.destroyed) return
        response.once("drain", pour)
      }
      pour()
    })
    assert.deepStrictEqual(said, ["@/openapi.yaml document-size: the document is larger than 100 MB"])
  })

  it("stops loading when it is told to", async () => {
    const controller = new AbortController()
    const error = await fromServer(() => controller.abort(), "/slow.yaml", controller.signal).catch((error) => error)
    assert.strictEqual(error.name, "AbortError")
  })
})
