import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

/** A way to a local port on which packets can get lost, as behind a firewall that forgot a connection. */
export const makeWay = async (port: number) => {
  const pairs = new Set<readonly [Socket, Socket]>()
  const server = createServer((from) => {
    const to = connect(port, "127.0.0.1")
    from.on("error", () => {}).pipe(to)
    to.on("error", () => {}).pipe(from)
    pairs.add([from, to])
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `redis://127.0.0.1:${(server.address() as { port: number }).port}`,
    /** The connections that exist carry nothing from now on, and nobody is told. New ones work. */
    swallow: () => {
      for (const [from, to] of pairs) {
        from.unpipe(to).resume()
        to.unpipe(from).resume()
      }
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      for (const pair of pairs) for (const socket of pair) socket.destroy()
    }
  }
}
