import type { Failure } from "@keyturn/auth/TextStore"

/** The database cannot be used by this version; the message says what to do. */
export class Refused extends Error {}

/** Others came first every time. */
export class Contended extends Error {}

/** The browser keeps nothing for this page: there is no IndexedDB, or it does not open. */
export class Denied extends Error {
  /** What the browser called it, such as `SecurityError`. */
  constructor(name: string) {
    super(
      `This browser does not let the page keep anything in IndexedDB (${name}). Allow the site to store data, on a page of https or of this machine that is not in a sandboxed frame.`
    )
  }
}

/** IndexedDB's failures (https://www.w3.org/TR/IndexedDB/#exceptions), as far as there is something to say about them. */
const known: Readonly<Record<string, readonly [message: string, passing: boolean]>> = {
  AbortError: ["The browser gave up a step in IndexedDB.", true],
  InvalidStateError: ["The browser closed the page's IndexedDB database.", true],
  QuotaExceededError: [
    "The site has no room left in the browser. Free what the site stores, or ask for more with `navigator.storage.persist()`.",
    false
  ],
  TransactionInactiveError: ["The browser ended a step in IndexedDB too soon.", true],
  UnknownError: ["The browser could not read or write its files. Check that the disk is not full.", true]
}

/** What an exception calls itself. */
export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

/** Explains what went wrong with the database. */
export const judge = (error: unknown): Failure => {
  if (error instanceof Refused || error instanceof Denied) return { message: error.message, passing: false }
  if (error instanceof Contended) return { message: error.message, passing: true }
  const name = nameOf(error)
  const [message, passing] = known[name] ?? ["IndexedDB failed. Delete what the site stores, and sign in again.", false]
  return { message: `${message} (${name})`, passing }
}
