/**
 * What to do next with a session: one pure function of what is stored, the time, what happened, and the terms.
 * The shell that acts on it is in `Renewal.ts`; whatever is clever about the protocol is here, and tested without time.
 */
import { canRefresh, serveUntil, type Terms } from "./Lifetime.ts"
import { isEnded, type SessionRecord } from "./SessionRecord.ts"

/** What happened. */
export type Trigger =
  /** A request wants to be sent. */
  | {
      readonly _tag: "Use"
      readonly lastUsedAt: number
      /** When the token is due, see `Lifetime.renewAt`. */
      readonly renewAt: number | undefined
    }
  /** What generation `used` obtained is refused, due or dead; `used` is 0 to start with. */
  | {
      readonly _tag: "Renew"
      readonly used: number
      readonly lastUsedAt: number
      /** Whether this process holds the lease now. */
      readonly leased: boolean
      /** Whether a person is there to sign in: true while a session is being opened. */
      readonly attended: boolean
      /** Whether somebody waits: a refused request, or one with nothing to send. */
      readonly urgent: boolean
      /** Whether the stored session was made with this holder's secret. */
      readonly proven: boolean
    }

/** What to do. */
export type Decision =
  /** Send the request with what is stored. */
  | { readonly _tag: "Serve" }
  /** The same, and renew in the background. */
  | { readonly _tag: "ServeAndRenew" }
  /** Somebody else stored newer tokens: use those. */
  | { readonly _tag: "Adopt" }
  /** Take the lease, waiting for it if somebody holds it, read again, and decide again. */
  | { readonly _tag: "Wait" }
  /** Call the server. `attempt` counts how often this refresh token will have been sent. */
  | { readonly _tag: "Renew"; readonly method: "refresh" | "signIn"; readonly attempt: number }
  /** No way on without a person. */
  | {
      readonly _tag: "Lost"
      readonly why: "refresh-token-spent" | "interaction-required" | "not-renewable" | "signed-out"
    }

const signInOr = (
  terms: Terms,
  attended: boolean,
  otherwise: "refresh-token-spent" | "interaction-required"
): Decision => {
  if (terms.signIn === "headless" || attended) return { _tag: "Renew", method: "signIn", attempt: 1 }
  return { _tag: "Lost", why: terms.signIn === "never" ? "not-renewable" : otherwise }
}

type RenewTrigger = Extract<Trigger, { readonly _tag: "Renew" }>

/** How to renew, under the lease. */
const plan = (record: SessionRecord, now: number, alive: boolean, trigger: RenewTrigger, terms: Terms): Decision => {
  const { marker, tokens } = record
  const { attended, proven, urgent } = trigger
  if (tokens === undefined || !proven || !canRefresh(tokens, now, terms)) {
    return signInOr(terms, attended, "interaction-required")
  }
  // A marker for this very refresh token: somebody may have spent it and died, or never got the answer.
  const spent = marker?.operation === "refresh" && marker.generation === record.generation ? marker : undefined
  if (spent === undefined) return { _tag: "Renew", method: "refresh", attempt: 1 }
  // Who wrote the marker may have another clock: one that is off by more than the grace says nothing about it.
  if (Math.abs(now - spent.at) < terms.grace) return { _tag: "Renew", method: "refresh", attempt: spent.attempt + 1 }
  if (terms.signIn !== "headless" && !urgent && alive) return { _tag: "Serve" } // the last try is kept for when it matters
  if (terms.signIn === "headless" || spent.attempt >= 2) return signInOr(terms, attended, "refresh-token-spent")
  return { _tag: "Renew", method: "refresh", attempt: 2 }
}

/** Decides. `record` is `SessionRecord.none` when nothing is stored. */
export const decide = (record: SessionRecord, now: number, trigger: Trigger, terms: Terms): Decision => {
  const { tokens } = record
  const alive = tokens !== undefined && now < serveUntil(tokens, trigger.lastUsedAt, terms)
  if (trigger._tag === "Use") {
    if (!alive) return { _tag: "Wait" }
    return now >= (trigger.renewAt ?? Number.POSITIVE_INFINITY) ? { _tag: "ServeAndRenew" } : { _tag: "Serve" }
  }
  if (!trigger.attended && isEnded(record, trigger.used)) return { _tag: "Lost", why: "signed-out" }
  if (alive && trigger.proven && record.generation > trigger.used) return { _tag: "Adopt" }
  return trigger.leased ? plan(record, now, alive, trigger, terms) : { _tag: "Wait" }
}
