/** What keeps the run from starting, and what to say about it. */
import type { SessionError } from "@keyturn/client"
import { Client } from "@keyturn/client/effect"
import * as Data from "effect/Data"

/** The environment does not say completely where to go. */
export class SettingsInvalid extends Data.TaggedError("SettingsInvalid")<{ readonly message: string }> {}

/** The folder for the report cannot be written to. */
export class OutputUnwritable extends Data.TaggedError("OutputUnwritable")<{ readonly message: string }> {}

/** There is nothing to report on: the accounts could not be read, or the login sees none. */
export class NoAccounts extends Data.TaggedError("NoAccounts")<{ readonly message: string }> {}

/** The simulator of the demo could not listen. */
export class DemoUnavailable extends Data.TaggedError("DemoUnavailable")<{ readonly message: string }> {}

/** The run could not start, or could not write what it found: exit code 2. */
export type Failure = SettingsInvalid | OutputUnwritable | NoAccounts | DemoUnavailable | SessionError

/** An API's own words for an error, if it has some: Bench's `errors[].description`, RFC 6749's `error_description`. */
const saidBy = (body: unknown): string => {
  if (typeof body !== "object" || body === null) return ""
  const { errors, error_description, title } = body as Record<string, unknown>
  const first = Array.isArray(errors) ? (errors[0] as { description?: unknown } | undefined)?.description : undefined
  const found = [first, error_description, title].find((value) => typeof value === "string" && value !== "")
  return typeof found === "string" ? ` (${found.slice(0, 200)})` : ""
}

const cures: Readonly<Record<number, string>> = {
  401: "The session was not accepted even after a renewal: check that the login may use the API.",
  403: "The login may not see this, or it does not exist: check the permissions of its group.",
  404: "There is no such thing at this address: check the base URL.",
  429: "The service asks to be called less often: run again later.",
  503: "The service is busy or down: run again later."
}

/** Says what went wrong with a call, in one line, and what to do. Without secrets: none of the errors holds any. */
export const explain = (error: Error): string => {
  if (error instanceof Client.ApiError) {
    const cure = cures[error.status] ?? (error.status >= 500 ? "The service has a problem: run again later." : "")
    return `${error.message.replace(/\.$/, "")}${saidBy(error.body)}. ${cure}`.trimEnd()
  }
  if (error instanceof Client.RequestFailed) {
    // What a parser says quotes what it met: an answer of somebody else's, of whatever content.
    return error.cause instanceof SyntaxError
      ? `${error.message.split(" got no")[0]} was answered with something that is not JSON. Something else answers at this address (a login page, a proxy): check the base URL.`
      : `${error.message} Check the base URL and the network.`
  }
  return error.message
}
