/** A browser project, bundled and served beside the API that it calls, as a site behind one reverse proxy. */
import { readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { Readable } from "node:stream"
import type { ReadableStream } from "node:stream/web"
import type { Installed } from "./consumer.ts"

/** Each as its own documentation says to run it; gives the page. */
const bundlers = {
  esbuild: async (at: Installed, out: string) => {
    const flags = ["--bundle", "--minify", "--format=esm", "--target=es2022", `--outdir=${out}`]
    await at.run("browser", "../node_modules/.bin/esbuild", ["main.ts", ...flags])
    return readFileSync(join(at.folder, "browser/index.html"), "utf8").replace("./main.ts", "./main.js")
  },
  vite: async (at: Installed, out: string) => {
    await at.run("browser", "../node_modules/.bin/vite", ["build", "--outDir", out, "--target", "es2022"])
    return readFileSync(join(out, "index.html"), "utf8")
  }
}

/** Bundles the project `browser`, and serves it with the API at `api` below the same origin. */
export const bundleWith = async (
  bundler: keyof typeof bundlers,
  at: Installed,
  api: string
): Promise<AsyncDisposable & { readonly url: string }> => {
  const out = join(at.folder, `out-${bundler}`)
  const page = await bundlers[bundler](at, out)
  const server = createServer(async (request, response) => {
    const path = request.url ?? "/"
    if (path === "/") return response.setHeader("content-type", "text/html").end(page)
    if (path.endsWith(".js")) {
      return response.setHeader("content-type", "text/javascript").end(readFileSync(join(out, path)))
    }
    const { authorization } = request.headers
    const body = (await request.toArray()).join("")
    const answer = await fetch(new URL(path, api), {
      method: request.method ?? "GET",
      headers: { ...(authorization === undefined ? {} : { authorization }), accept: "application/json" },
      ...(body === "" ? {} : { body })
    })
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" })
    if (answer.body === null) return response.end()
    return Readable.fromWeb(answer.body as ReadableStream).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(out, { recursive: true, force: true })
    }
  }
}
