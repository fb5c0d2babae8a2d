/** What keeps the run from starting, and what to say about it. */
import { Client } from "@keyturn/client/effect"
import * as Data from "effect/Data"

/** The environment does not say completely where to go. */
export class SettingsInvalid extends Data.TaggedError("SettingsInvalid")<{ readonly message: string }> {}

/** The folder for the report cannot be written to. */
export class OutputUnwritable extends Data.TaggedError("OutputUnwritable")<{ readonly message: string }> {}

/** The folder that keeps what outlives a run cannot be used. */
export class StateUnusable extends Data.TaggedError("StateUnusable")<{ readonly message: string }> {}

/** Another run is under way with the same state. */
export class AlreadyRunning extends Data.TaggedError("AlreadyRunning")<{ readonly message: string }> {}

/** The place where sessions are kept does not answer. */
export class StoreDown extends Data.TaggedError("StoreDown")<{ readonly message: string }> {}

/** A simulator of the demo could not listen. */
export class DemoUnavailable extends Data.TaggedError("DemoUnavailable")<{ readonly message: string }> {}

/** Every step that was asked for failed: there is nothing to report, and the last report stays. */
export class NothingDone extends Data.TaggedError("NothingDone")<{ readonly message: string }> {}

/** The run could not start, or has nothing to show: exit code 2. */
export type Failure =
  | SettingsInvalid
  | OutputUnwritable
  | StateUnusable
  | AlreadyRunning
  | StoreDown
  | DemoUnavailable
  | NothingDone

/** A piece of work failed. The message says why and what to do; the error crosses processes, so there is no more to it. */
export class TaskFailed extends Data.TaggedError("TaskFailed")<{ readonly message: string }> {}

const causes: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EROFS: "the file system is read-only",
  EACCES: "access is denied",
  EPERM: "access is denied",
  ENOENT: "it is not there",
  ENOTDIR: "a part of the path is a file",
  EISDIR: "it is a folder",
  EEXIST: "there is a file of that name"
}

/** What an error of the operating system means. */
export const systemCause = (error: unknown): string => {
  const { code, message } = error as { readonly code?: string; readonly message?: string }
  return causes[code ?? ""] ?? (message ?? String(error)).replace(/\.$/, "")
}

/** An API's own words for an error, if it has some: `errors[].description`, `error_description`, `message`, `title`. */
const saidBy = (body: unknown): string => {
  if (typeof body !== "object" || body === null) return ""
  const { error_description, errors, message, title } = body as Record<string, unknown>
  const first = Array.isArray(errors) ? (errors[0] as { description?: unknown } | undefined)?.description : undefined
  const found = [first, error_description, message, title].find((value) => typeof value === "string" && value !== "")
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
