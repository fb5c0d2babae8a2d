import { connect } from "node:net"

/** Where Redis is: `REDIS_URL`, or the standard port of this machine. */
export const url = process.env.REDIS_URL ?? "redis://127.0.0.1:6379"

const reachable = await new Promise<boolean>((resolve) => {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port || 6379), timeout: 2000 })
  socket
    .on("connect", () => resolve(true))
    .on("error", () => resolve(false))
    .on("timeout", () => resolve(false))
  socket.on("connect", () => socket.destroy())
})
if (!reachable) {
  if (process.env.CI === "true") throw new Error("There is no Redis at REDIS_URL, and CI must test with one.")
  console.warn(`NOT TESTED: there is no Redis at ${new URL(url).host}. Start one, or set REDIS_URL.`)
}

/** Whether the tests that need Redis cannot run. */
export const missing = !reachable
