/** The life of a session as a list of entries: what the report shows of it. */
import type { SessionEvent } from "@keyturn/client"

/** What happened. */
export type Kind =
  | "signed-in"
  | "renewed-on-schedule"
  | "refused"
  | "ended-early"
  | "renewed-after-refusal"
  | "adopted"
  | "sent-again"
  | "trouble"
  | "signed-out"

/** One entry. It holds no secret: tokens appear only as the first digits of their hash. */
export interface Entry {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly kind: Kind
  /** For people. */
  readonly text: string
  /** Which tokens it is about: 1 for those of the first sign-in, and so on. */
  readonly generation: number
  /** How many times in a row: requests that were sent again. */
  readonly times: number
}

const say = (event: SessionEvent, refused: boolean): readonly [Kind, string] | undefined => {
  switch (event._tag) {
    case "SignedIn":
      return ["signed-in", `signed in (token ${event.fingerprint})`]
    case "Refreshed":
      return refused
        ? ["renewed-after-refusal", `renewed after the refusal (token ${event.fingerprint})`]
        : ["renewed-on-schedule", `renewed on schedule (token ${event.fingerprint})`]
    case "Adopted":
      return ["adopted", `took over the token that another process got (${event.fingerprint})`]
    case "Challenged":
      return ["refused", "the server refused the token (401)"]
    case "Replayed":
      return ["sent-again", "sent again with the new token"]
    case "Displaced":
      return ["ended-early", "the server had ended the session before its time"]
    case "AnswerLost":
      return ["trouble", `no answer to the ${event.operation === "signIn" ? "sign-in" : "renewal"}`]
    case "CallFailed":
      return ["trouble", `${event.operation === "signIn" ? "sign-in" : "renewal"} failed: ${event.error}`]
    case "RenewalFailed":
      return ["trouble", `could not renew: ${event.error.message}`]
    case "StoreFailed":
      return ["trouble", `the store failed: ${event.message}`]
    case "SignedOut":
      return ["signed-out", "signed out"]
    case "SignOutFailed":
      return ["trouble", `could not sign out: ${event.message}`]
    case "Closed":
      return undefined
  }
}

/** Collects a session's events. */
export const recorder = (listener: (entry: Entry) => void) => {
  const entries: Array<Entry> = []
  let refused = 0
  return {
    entries: entries as ReadonlyArray<Entry>,
    record: (event: SessionEvent): void => {
      if (event._tag === "Challenged") refused = event.generation
      const said = say(event, event.generation === refused + 1)
      if (said === undefined) return
      const [kind, text] = said
      const last = entries.at(-1)
      const again = kind === "sent-again" && last?.kind === kind && last.generation === event.generation
      const entry: Entry = { at: event.at, kind, text, generation: event.generation, times: 1 }
      if (again) entries[entries.length - 1] = { ...last, times: last.times + 1 }
      else entries.push(entry)
      listener(entry)
    }
  }
}
