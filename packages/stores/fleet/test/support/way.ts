import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

/** The network between the fleet and a local port. */
export interface Way extends AsyncDisposable {
  readonly port: number
  /** Ends every connection and refuses new ones, for so many milliseconds. */
  readonly sever: (milliseconds: number) => Promise<void>
  /** Carries nothing for so many milliseconds, and then goes on where it stopped: what TCP makes of a cable that is pulled. */
  readonly stall: (milliseconds: number) => Promise<void>
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Opens a way to a port of this machine. */
export const openWay = async (to: () => number): Promise<Way> => {
  const pairs = new Set<readonly [Socket, Socket]>()
  let stalled = false
  const server = createServer((from) => {
    const onward = connect(to(), "127.0.0.1")
    const pair = [from, onward] as const
    pairs.add(pair)
    for (const [a, b] of [
      [from, onward],
      [onward, from]
    ] as const) {
      a.setNoDelay(true)
      a.on("data", (bytes) => {
        if (!b.write(bytes)) a.pause()
      })
      b.on("drain", () => stalled || a.resume())
      a.on("error", () => {}).on("end", () => b.end())
      a.on("close", () => {
        pairs.delete(pair)
        b.destroy()
      })
    }
    if (stalled) for (const socket of pair) socket.pause()
  })
  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1")
    await once(server, "listening")
    return (server.address() as { port: number }).port
  }
  const close = async () => {
    const closed = once(server, "close")
    server.close()
    for (const [from] of pairs) from.destroy()
    await closed
  }
  const port = await listen(0)
  const each = (what: "pause" | "resume") => {
    for (const pair of pairs) for (const socket of pair) socket[what]()
  }
  return {
    port,
    sever: async (milliseconds) => {
      await close()
      await sleep(milliseconds)
      await listen(port)
    },
    stall: async (milliseconds) => {
      stalled = true
      each("pause")
      await sleep(milliseconds)
      stalled = false
      each("resume")
    },
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await close()
    }
  }
}
