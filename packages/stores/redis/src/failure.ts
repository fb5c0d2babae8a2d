import type { Failure } from "@keyturn/auth/TextStore"
import { MissingPackage } from "./connection.ts"

/** The server's errors (the first word of its answer), as far as there is something to say about them. */
const replies: Readonly<Record<string, readonly [what: string, passing: boolean]>> = {
  LOADING: ["Redis is still loading its data.", true],
  READONLY: ["This Redis is a replica and cannot be written to. Connect to the primary.", true],
  MASTERDOWN: ["The Redis replica has lost its primary.", true],
  CLUSTERDOWN: ["The Redis cluster is down.", true],
  TRYAGAIN: ["The Redis cluster is moving the keys.", true],
  BUSY: ["Redis is busy with another script.", true],
  NOREPLICAS: ["Redis has too few replicas to accept writes.", true],
  OOM: ["Redis is out of memory. Give it more, or free some.", false],
  MISCONF: ["Redis cannot save its data and refuses writes. See its log.", true],
  NOAUTH: ["Redis asks for a password. Put it into the URL.", false],
  WRONGPASS: ["Redis refused the user name or password.", false],
  NOPERM: [
    "The Redis user may not do this. It needs EVAL, HMGET, HSET, PERSIST, PEXPIRE, GET, SET, DEL, ZADD, ZREM, ZRANGE, ZCARD, ZREMRANGEBYSCORE, PEXPIREAT, TIME and PUBLISH on the store's keys.",
    false
  ],
  WRONGTYPE: ["The store's keys are used by another program. Choose another prefix.", false],
  MOVED: ["This Redis is a cluster. Give the store a cluster client.", false],
  CROSSSLOT: ["This Redis is a cluster that needs keys of one slot. Leave braces out of the prefix.", false]
}

/** The acknowledgements of replicas that were asked for did not come. */
export class TooFewReplicas extends Error {}

const codeOf = (error: unknown): string => {
  const { code, errors, name } = error as { code?: unknown; errors?: ReadonlyArray<{ code?: unknown }>; name?: string }
  const found = code ?? errors?.[0]?.code
  return typeof found === "string" ? found : (name ?? typeof error)
}

/** Explains an error of the server, the connection or the client library. */
export const judge = (error: unknown): Failure => {
  if (error instanceof MissingPackage) {
    return { message: "The store needs the package `redis`: npm install redis. Or give it a client.", passing: false }
  }
  if (error instanceof TooFewReplicas) return { message: error.message, passing: true }
  const reply = error instanceof Error ? (/^[A-Z]{3,}\b/.exec(error.message)?.[0] ?? "") : ""
  const known = replies[reply]
  if (known !== undefined) return { message: known[0], passing: known[1] }
  if (reply === "ERR")
    return { message: "Redis does not understand the store. It must be Redis 6.2 or later, or Valkey.", passing: false }
  return {
    message: `Redis cannot be reached (${codeOf(error)}). Check that it runs, and the store's URL or client.`,
    passing: true
  }
}
