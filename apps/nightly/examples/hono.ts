/**
 * A webhook with Hono: Bits tells that something happened to an application, and the session asks what. The signature is
 * checked on the raw bytes, an event that comes twice is handled once, and an error here makes Bits send it again.
 *
 *     BITS_CLIENT_ID=… BITS_CLIENT_SECRET=… BITS_WEBHOOK_SECRET=… PORT=3000 node examples/hono.ts
 */
import { once } from "node:events"
import { serve } from "@hono/node-server"
import { contract } from "@keyturn/bits"
import type { components } from "@keyturn/bits/types"
import { connect } from "@keyturn/client"
import { webhook } from "@keyturn/client/webhook"
import { Hono } from "hono"

type WebhookEvent = components["schemas"]["WebhookEvent"]

const { BITS_CLIENT_ID = "", BITS_CLIENT_SECRET = "", BITS_WEBHOOK_SECRET = "", PORT = "3000" } = process.env

await using bits = await connect(contract, {
  baseUrl: process.env.BITS_URL ?? "https://api.bits.bi",
  credentials: { appToken: { clientId: BITS_CLIENT_ID, clientSecret: BITS_CLIENT_SECRET } }
})

const receive = webhook<WebhookEvent>({ secret: BITS_WEBHOOK_SECRET }, async ({ event, eventId }) => {
  const { applicationId } = event
  const { data, error } = await bits.POST("/v1/applications.get", { body: { applicationId } })
  if (data === undefined) throw new Error(`Cannot read ${applicationId}: ${JSON.stringify(error)}`)
  console.log(`${eventId} ${applicationId} ${data.status}`)
})

const app = new Hono()
app.post("/hooks/bits", (c) => receive(c.req.raw))

const server = serve({ fetch: app.fetch, port: Number(PORT), hostname: "127.0.0.1" }, ({ port }) =>
  console.log(`http://127.0.0.1:${port}`)
)

await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")])
server.close()
