/** What the live page is told: every event of the run, and what was done by its buttons. Late pages hear what was before. */
import type { RunEvent } from "../run-events.ts"

/** An event of the live page. */
export type LiveEvent =
  | RunEvent
  /** Somebody pressed a button. */
  | { readonly _tag: "Intervened"; readonly at: number; readonly text: string }
  /** A run ended without a report. */
  | { readonly _tag: "RunFailed"; readonly at: number; readonly text: string }

/** Someone who follows. */
export interface Follower {
  readonly send: (text: string) => void
}

export interface Feed {
  readonly emit: (event: LiveEvent) => void
  /** Adds a follower, who is told first what was; the function that comes back takes them away. */
  readonly follow: (follower: Follower) => () => void
  /** Resolves as soon as anybody follows. */
  readonly followed: () => Promise<void>
}

/** Events that are kept for late pages: some minutes of the demo. */
const KEPT = 4000

/** An event on the wire (WHATWG HTML §9.2.5). JSON has no line breaks. */
const message = (event: LiveEvent): string => `data: ${JSON.stringify(event)}\n\n`

export const makeFeed = (): Feed => {
  const history: Array<string> = []
  const followers = new Set<Follower>()
  let waiting: Array<() => void> = []
  return {
    emit: (event) => {
      const text = message(event)
      if (history.push(text) > KEPT) history.splice(0, KEPT / 4)
      for (const follower of followers) follower.send(text)
    },
    follow: (follower) => {
      // A page that connects again begins again.
      follower.send(`event: reset\ndata:\n\n${history.join("")}`)
      followers.add(follower)
      for (const resolve of waiting.splice(0)) resolve()
      return () => void followers.delete(follower)
    },
    followed: () =>
      followers.size > 0 ? Promise.resolve() : new Promise((resolve) => (waiting = [...waiting, resolve]))
  }
}
