/** The page that a native client waits at: a loopback server that keeps the requests it gets. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

export interface Loopback extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/callback` */
  readonly redirectUri: string
  /** The first request for it. */
  readonly arrived: Promise<URL>
}

export const listenAtLoopback = async (): Promise<Loopback> => {
  let arrive: (url: URL) => void = () => {}
  const arrived = new Promise<URL>((resolve) => {
    arrive = resolve
  })
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", `http://${request.headers.host}`)
    if (url.pathname === "/callback") arrive(url)
    response.setHeader("content-type", "text/html").end("<title>Done</title>You can close this window.")
  }).listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    arrived,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}
