import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Debian keeps it where only root looks. */
const program = ["pgbouncer", "/usr/sbin/pgbouncer"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).error === undefined
)
if (program === undefined) {
  if (process.env.CI === "true") throw new Error("There is no pgbouncer, and CI must test with one.")
  console.warn("NOT TESTED: there is no pgbouncer to start.")
}

/** Whether the tests that need PgBouncer cannot run. */
export const missing = program === undefined

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, "close")
  return port
}

const isUp = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false))
    socket.on("connect", () => socket.destroy())
  })

/** A PgBouncer of our own in front of the database of `url`, in transaction mode, with two connections for everybody. */
export const startPgBouncer = async (url: string) => {
  const { hostname, password, pathname, port: databasePort, username } = new URL(url)
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), "keyturn-pgbouncer-"))
  const file = join(folder, "pgbouncer.ini")
  const target = `host=${hostname} port=${databasePort || 5432} user=${username}${password === "" ? "" : ` password=${password}`}`
  writeFileSync(
    file,
    `[databases]
pooled = ${target} dbname=${pathname.slice(1)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
`
  )
  chmodSync(folder, 0o755)
  // It refuses to run as root, which may run it as somebody else.
  const args = process.getuid?.() === 0 ? ["-u", "nobody", file] : [file]
  const child: ChildProcess = spawn(program as string, ["-q", ...args], { stdio: "ignore" })
  for (let tries = 0; !(await isUp(port)); tries++) {
    if (tries > 400 || child.exitCode !== null) throw new Error("PgBouncer did not start.")
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return {
    url: `postgres://${username || "postgres"}@127.0.0.1:${port}/pooled`,
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, "exit")
      child.kill("SIGKILL")
      await exited
      rmSync(folder, { recursive: true })
    }
  }
}
