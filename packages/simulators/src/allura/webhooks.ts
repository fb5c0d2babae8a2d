/** Tells of pushes: signed, and tried again when the receiver does not take them. */
import { createHmac } from "node:crypto"
import type { Project, Tool } from "./forge.ts"
import { pathOf } from "./view.ts"

/** What became of one post of a push. */
export interface PushDelivery {
  readonly url: string
  /** 1 for the first try. */
  readonly attempt: number
  /** The answer's status; 0 when there was none. */
  readonly status: number
}

export interface Pushes {
  /** Posts a push of these commits to all webhooks of the repository; resolves when each was taken or given up. */
  push(project: Project, tool: Tool, commits: ReadonlyArray<string>, origin: string): Promise<void>
  readonly deliveries: ReadonlyArray<PushDelivery>
  /** Ends posts and waits under way. */
  close(): void
}

/** Milliseconds before the second, third and fourth try, and for an answer. */
const pauses = [60_000, 120_000, 240_000] as const
const patience = 30_000

const pause = (millis: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, millis)
    signal.addEventListener("abort", done, { once: true })
  })

export const makePushes = (): Pushes => {
  const deliveries: Array<PushDelivery> = []
  const ended = new AbortController()
  return {
    deliveries,
    close: () => ended.abort(),
    push: async (project, tool, commits, origin) => {
      const body = JSON.stringify({
        size: commits.length,
        commits: commits.map((id) => ({ id })),
        before: "",
        after: commits[0] ?? "",
        ref: "refs/heads/master",
        repository: { name: tool.label, full_name: pathOf(project, tool), url: `${origin}${pathOf(project, tool)}` }
      })
      const send = async (url: string, secret: string) => {
        const signed = `sha1=${createHmac("sha1", secret).update(body).digest("hex")}`
        for (let attempt = 1; attempt <= pauses.length + 1; attempt++) {
          if (attempt > 1) await pause(pauses[attempt - 2] as number, ended.signal)
          if (ended.signal.aborted) return
          const status = await fetch(url, {
            method: "POST",
            headers: { "content-type": "application/json", "x-allura-signature": signed },
            body,
            signal: AbortSignal.any([ended.signal, AbortSignal.timeout(patience)])
          }).then(
            async (answer) => {
              await answer.body?.cancel()
              return answer.status
            },
            () => 0
          )
          deliveries.push({ url, attempt, status })
          if (status >= 200 && status < 300) return
        }
      }
      await Promise.all([...tool.webhooks.values()].map(({ hook_url, secret }) => send(hook_url, secret)))
    }
  }
}
