import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

/** A way to the server that can be cut: connections are ended, and new ones refused, until it is mended. */
export const makeProxy = async (url: string) => {
  const { hostname, port: databasePort } = new URL(url)
  const sockets = new Set<Socket>()
  const server = createServer((from) => {
    const to = connect(Number(databasePort || 5432), hostname)
    for (const [a, b] of [
      [from, to],
      [to, from]
    ] as const) {
      sockets.add(a)
      a.pipe(b)
      a.on("error", () => {}).on("close", () => {
        sockets.delete(a)
        b.destroy()
      })
    }
  })
  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1")
    await once(server, "listening")
    return (server.address() as { port: number }).port
  }
  const cut = async () => {
    const closed = once(server, "close")
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  const port = await listen(0)
  const through = new URL(url)
  through.host = `127.0.0.1:${port}`
  return {
    url: through.href,
    cut,
    mend: () => listen(port),
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await cut()
    }
  }
}
