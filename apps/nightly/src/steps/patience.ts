/** Patience with a service that is slow or busy for a moment, and an end to it. */
import type { SessionError } from "@keyturn/client"
import { Client } from "@keyturn/client/effect"
import * as Effect from "effect/Effect"
import type { BackupDamaged } from "../backup/archive.ts"
import type { CopyFailed } from "../backup/copies.ts"
import type { Unreadable } from "../facts.ts"
import type { TaskFailed } from "../failure.ts"

/** Everything that a request can fail with. */
export type ReadError = Client.ApiError | Client.RequestFailed | SessionError | Unreadable

/** Everything that a piece of work can fail with. */
export type WorkError = ReadError | TaskFailed | BackupDamaged | CopyFailed

const DEADLINE = "30 seconds"
const TRIES = 4
/** The longest wait that the server may ask for, in milliseconds. */
const LONGEST_WAIT = 10_000

/** How long to wait before a request that failed is tried again; `undefined` when that is of no use. */
const waitAfter = (error: ReadError, tries: number): number | undefined => {
  if (tries >= TRIES) return undefined
  const backOff = 200 * 2 ** (tries - 1) * (0.8 + 0.4 * Math.random())
  if (error instanceof Client.RequestFailed) return error.cause instanceof SyntaxError ? undefined : backOff
  if (!(error instanceof Client.ApiError) || ![429, 502, 503, 504].includes(error.status)) return undefined
  const asked = Number(error.response.headers.get("retry-after") ?? 0) * 1000
  return asked > LONGEST_WAIT ? undefined : Math.max(backOff, Number.isNaN(asked) ? 0 : asked)
}

/** Gives the request so much time and no more. */
export const inTime = <A, E extends ReadError>(request: Effect.Effect<A, E>): Effect.Effect<A, E | ReadError> =>
  Effect.timeoutOrElse(request, {
    duration: DEADLINE,
    orElse: () => Effect.fail(new Client.RequestFailed({ cause: undefined, message: `No answer within ${DEADLINE}.` }))
  })

/** Tries a request that changes nothing a few times, each time with a deadline. */
export const patiently = <A>(request: Effect.Effect<A, ReadError>, tries = 1): Effect.Effect<A, ReadError> =>
  Effect.catch(inTime(request), (error) => {
    const wait = waitAfter(error, tries)
    return wait === undefined ? Effect.fail(error) : Effect.andThen(Effect.sleep(wait), patiently(request, tries + 1))
  })
