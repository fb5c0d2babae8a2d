import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createClient } from "redis"

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

/** A Redis of our own, that can be stopped, frozen and configured without disturbing anybody. */
export const startRedis = async (...args: ReadonlyArray<string>) => {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), "keyturn-redis-"))
  const url = `redis://127.0.0.1:${port}`
  let server: ChildProcess | undefined
  const admin = async (...command: ReadonlyArray<string>): Promise<unknown> => {
    const client = createClient({ url, socket: { reconnectStrategy: (n) => (n < 200 ? 20 : false) } })
    client.on("error", () => {})
    await client.connect()
    try {
      return await client.sendCommand([...command])
    } finally {
      client.destroy()
    }
  }
  const start = async () => {
    server = spawn(
      "redis-server",
      ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes", "--save", "", ...args],
      { stdio: "ignore" }
    )
    await admin("PING")
  }
  const stop = async () => {
    const stopping = server
    server = undefined
    if (stopping === undefined) return
    stopping.kill("SIGKILL")
    await once(stopping, "exit")
  }
  await start()
  return {
    url,
    port,
    admin,
    start,
    stop,
    signal: (signal: NodeJS.Signals) => server?.kill(signal),
    [Symbol.asyncDispose]: async () => {
      await stop()
      rmSync(folder, { recursive: true })
    }
  }
}
