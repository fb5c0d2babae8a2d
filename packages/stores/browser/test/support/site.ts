/** A site on this machine, and an API on another origin that lets it call: what real pages have to do with. */
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { getRequestListener } from "@hono/node-server"
import { bench } from "@keyturn/simulators"
import { rolldown } from "rolldown"

const listen = async (listener: RequestListener) => {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    }
  }
}

const bundle = async (): Promise<string> => {
  const build = await rolldown({
    input: fileURLToPath(new URL("./program.ts", import.meta.url)),
    platform: "browser",
    logLevel: "silent"
  })
  const { output } = await build.generate({ format: "esm", codeSplitting: false })
  await build.close()
  return output[0].code
}

/** Serves the tests' program, on a page of its own and in a sandbox, for as long as the tests run. */
export const startSite = async () => {
  const program = await bundle()
  const page = '<!doctype html><title>Keyturn</title><script type="module" src="/program.js"></script>'
  const sandboxed = `<!doctype html><title>Keyturn</title><iframe sandbox="allow-scripts" src="/"></iframe>`
  return listen((request, response) => {
    if (request.url === "/favicon.ico") return response.writeHead(204).end()
    const script = request.url === "/program.js"
    response.writeHead(200, {
      "content-type": script ? "text/javascript" : "text/html",
      // A sandboxed page has no origin, and fetches its module from everywhere's point of view.
      "access-control-allow-origin": "*"
    })
    return response.end(script ? program : request.url === "/sandboxed" ? sandboxed : page)
  })
}

/** A Bench simulator that pages of any origin may call (https://fetch.spec.whatwg.org/#http-cors-protocol). */
export const startBench = async (options: Parameters<typeof bench.create>[0] = {}) => {
  const server = bench.create(options)
  const { url, close } = await listen(
    getRequestListener(async (request) => {
      const preflight = request.method === "OPTIONS"
      const answer = preflight ? new Response(null, { status: 204 }) : await server.fetch(request)
      answer.headers.set("access-control-allow-origin", "*")
      answer.headers.set("access-control-allow-headers", "authorization, content-type")
      answer.headers.set("access-control-expose-headers", "date, www-authenticate")
      return answer
    })
  )
  return {
    ...server,
    url,
    [Symbol.asyncDispose]: async () => {
      await close()
      await server.close()
    }
  }
}
