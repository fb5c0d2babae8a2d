/** Addresses that content can be put to, by whoever knows them; and where it can be read again. */
import { randomBytes } from "node:crypto"
import type { Hono } from "hono"
import type { Clock } from "../clock.ts"
import type { BenchEnv } from "./auth.ts"

/** Content as it was uploaded. */
export interface Content {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly mimeType: string
}

export interface Uploads {
  /** An address that takes content for a while. */
  issue(origin: string, take: (content: Content) => void): string
  /** The address at which a signed-in caller reads what is kept under this path. */
  publish(origin: string, path: string, read: () => Content | undefined): string
}

/** Adds `PUT /uploads/…`, which asks for no token, and `GET /bin/…`, which does. */
export const addUploads = (app: Hono<BenchEnv>, clock: Clock, minutes: number): Uploads => {
  const tickets = new Map<string, { readonly until: number; readonly take: (content: Content) => void }>()
  const published = new Map<string, () => Content | undefined>()

  app.put("/uploads/:ticket", async (c) => {
    const ticket = tickets.get(c.req.param("ticket"))
    if (ticket === undefined || clock.now() >= ticket.until) return c.text("This address is not valid any more.", 403)
    const mimeType = c.req.header("content-type") ?? "application/octet-stream"
    ticket.take({ bytes: new Uint8Array(await c.req.arrayBuffer()), mimeType })
    return c.body(null, 200)
  })

  app.get("/bin/*", (c) => {
    const content = published.get(new URL(c.req.url).pathname)?.()
    return content === undefined
      ? c.text("There is no such content.", 403)
      : c.body(content.bytes, 200, { "content-type": content.mimeType })
  })

  return {
    issue: (origin, take) => {
      // Hexadecimal, since paths may lose their capital letters.
      const ticket = randomBytes(24).toString("hex")
      tickets.set(ticket, { until: clock.now() + minutes * 60_000, take })
      return `${origin}/uploads/${ticket}`
    },
    publish: (origin, path, read) => {
      const pathname = `/bin/${path.split("/").map(encodeURIComponent).join("/")}`
      published.set(pathname, read)
      return `${origin}${pathname}`
    }
  }
}
