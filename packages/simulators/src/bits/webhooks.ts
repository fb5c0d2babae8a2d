/** Tells the customer's server what happens to applications: at least once, signed when a secret is set. */
import { createHmac, randomUUID } from "node:crypto"
import type { Clock } from "../clock.ts"
import type { Application } from "./applications.ts"
import type { BitsSwitches } from "./inferred.ts"
import type { BitsWebhook } from "./options.ts"

/** What became of one post. */
export interface Delivery {
  readonly eventId: string
  readonly type: string
  readonly applicationId: string
  /** The answer's status; 0 when there was none. */
  readonly status: number
}

export interface Webhooks {
  /** Posts an event about an application; resolves when every copy was answered or failed. */
  send(application: Application): Promise<void>
  readonly deliveries: ReadonlyArray<Delivery>
  /** Ends the posts under way. */
  close(): void
}

/** One kind is known, `APPLICATION_STARTED`; the others are taken to be named after the status. */
const typeOf = (application: Application): string =>
  application.status === "IN_PROGRESS" ? "APPLICATION_STARTED" : `APPLICATION_${application.status}`

export const makeWebhooks = (
  clock: Clock,
  hook: BitsWebhook | undefined,
  switches: Pick<BitsSwitches, "webhookHash" | "webhookRetries">
): Webhooks => {
  const deliveries: Array<Delivery> = []
  const ended = new AbortController()
  return {
    deliveries,
    close: () => ended.abort(),
    send: async (application) => {
      if (hook === undefined) return
      const event = { type: typeOf(application), applicationId: application.id }
      const eventId = randomUUID()
      const body = JSON.stringify({ eventId, publishedAt: new Date(clock.now()).toISOString(), event })
      const headers: Record<string, string> = { "content-type": "application/json" }
      if (hook.secret !== undefined)
        headers["content-hmac"] = createHmac(switches.webhookHash, hook.secret).update(body).digest("base64")
      let tries = (hook.copies ?? 1) + switches.webhookRetries
      for (let sent = 1; sent <= tries; sent++) {
        const status = await fetch(hook.url, { method: "POST", headers, body, signal: ended.signal }).then(
          async (answer) => {
            await answer.body?.cancel()
            return answer.status
          },
          () => 0
        )
        deliveries.push({ eventId, ...event, status })
        if (status >= 200 && status < 300) tries = hook.copies ?? 1
      }
    }
  }
}
