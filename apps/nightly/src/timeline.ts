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

const say = (event: SessionEvent, refused: boolean, given: boolean): readonly [Kind, string] | undefined => {
  switch (event._tag) {
    case "SignedIn":
      return [
        "signed-in",
        `${given ? "began with the token that it was given" : "signed in"} (token ${event.fingerprint})`
      ]
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

/**
 * Turns a session's events into entries, as they come.
 *
 * @param given whether the session has a token made beforehand: nobody signs in then
 */
export const recorder = (given: boolean, listener: (entry: Entry) => void): ((event: SessionEvent) => void) => {
  let refused = 0
  return (event) => {
    if (event._tag === "Challenged") refused = event.generation
    const said = say(event, event.generation === refused + 1, given)
    if (said === undefined) return
    const [kind, text] = said
    listener({ at: event.at, kind, text, generation: event.generation, times: 1 })
  }
}
