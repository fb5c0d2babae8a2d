/** Servers of our own, which may be killed without disturbing anybody. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A server that runs. */
export interface OwnServer extends AsyncDisposable {
  readonly port: number
  /** SIGKILL, or as near to it as the server allows, and up again after so many milliseconds. */
  readonly crash: (down: number) => Promise<void>
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, "close")
  return port
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Resolves when something listens there. */
const listening = async (port: number): Promise<void> => {
  for (let tries = 0; tries < 400; tries++) {
    const socket = connect(port, "127.0.0.1")
    const up = await new Promise<boolean>((resolve) =>
      socket.on("connect", () => resolve(true)).on("error", () => resolve(false))
    )
    socket.destroy()
    if (up) return
    await sleep(25)
  }
  throw new Error(`Nothing listens at port ${port}.`)
}

/** A process that is started again and again with the same arguments. */
const own = async (port: number, folder: string, start: () => ChildProcess, signal: NodeJS.Signals) => {
  let child = start()
  await listening(port)
  const stop = async () => {
    const exited = once(child, "exit")
    child.kill(signal)
    await exited
  }
  return {
    port,
    crash: async (down: number) => {
      await stop()
      await sleep(down)
      child = start()
      await listening(port)
    },
    [Symbol.asyncDispose]: async () => {
      await stop()
      rmSync(folder, { recursive: true })
    }
  }
}

/** A Redis that keeps what it has acknowledged. */
export const ownRedis = async (): Promise<OwnServer> => {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), "keyturn-redis-"))
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes", "--save", ""]
  return own(port, folder, () => spawn("redis-server", args, { stdio: "ignore" }), "SIGKILL")
}

/** PostgreSQL does not run as root: there it runs as its own user. */
const asPostgres = (command: string): readonly [string, ReadonlyArray<string>] =>
  process.getuid?.() === 0
    ? ["setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", command]]
    : [command, []]

/** A program of PostgreSQL: where Debian keeps the newest, or on the path. */
export const postgresProgram = (name: string): string => {
  const root = "/usr/lib/postgresql"
  const [newest] = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  return newest === undefined ? name : join(root, newest, "bin", name)
}

/** A PostgreSQL with its defaults. SIGQUIT is its immediate shutdown: it recovers from its log when it comes up again. */
export const ownPostgres = async (): Promise<OwnServer> => {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), "keyturn-postgres-"))
  chmodSync(folder, 0o777)
  const data = join(folder, "data")
  const [initdb, before] = asPostgres(postgresProgram("initdb"))
  execFileSync(initdb, [...before, "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"], { stdio: "ignore" })
  const [postgres, first] = asPostgres(postgresProgram("postgres"))
  const args = ["-D", data, "-p", `${port}`, "-k", folder, "-h", "127.0.0.1"]
  return own(port, folder, () => spawn(postgres, [...first, ...args], { stdio: "ignore" }), "SIGQUIT")
}
