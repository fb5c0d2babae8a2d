import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { BenchSimulator } from "@keyturn/simulators"

type Items = ReadonlyArray<Record<string, unknown>>

/**
 * A server in front of a simulator: it keeps every token that passes, and may change what lists hold. A path's fixed part
 * names a list: `Persons`.
 */
export const recording = async (
  simulator: BenchSimulator,
  change: (list: string, items: Items) => unknown = (_, items) => items
) => {
  const tokens = new Set<string>()
  const server = createServer(async (request, response) => {
    const parts: Array<Buffer> = []
    for await (const part of request) parts.push(part)
    const body = Buffer.concat(parts)
    const answer = await simulator.fetch(`${simulator.url}${request.url}`, {
      method: request.method as string,
      headers: Object.entries(request.headers).flatMap(([name, value]) =>
        typeof value === "string" && !/^(host|connection|content-length|transfer-encoding)$/.test(name)
          ? [[name, value]]
          : []
      ) as Array<[string, string]>,
      ...(body.length > 0 && { body })
    })
    let text = await answer.text()
    if (answer.ok && text !== "") {
      const value = JSON.parse(text) as Record<string, string> | Items
      if (Array.isArray(value)) {
        const list = new URL(request.url as string, "http://x").pathname.split("/").at(-1) as string
        text = JSON.stringify(change(list, value))
      } else {
        for (const name of ["access_token", "refresh_token"])
          if (name in value) tokens.add((value as Record<string, string>)[name] as string)
      }
    }
    const headers = Object.fromEntries([...answer.headers].filter(([name]) => name !== "content-length"))
    response.writeHead(answer.status, headers).end(text === "" ? undefined : text)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: simulator.credentials,
    /** Every access and refresh token issued so far. */
    tokens,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    }
  }
}
