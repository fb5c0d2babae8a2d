/**
 * Slots: where an account may have several sessions, each has a record of its own, and a session that opens goes to the slot
 * with the fewest holders. Seats are counted by leases, in rows that are filled from the front: no two sessions take the same
 * seat, and that of a process that died is free again once its lease has run out.
 */
import type { SessionDescription } from "@keyturn/contract"
import * as Effect from "effect/Effect"
import { ConfigurationError } from "../SessionError.ts"
import type { SessionStore } from "../SessionStore.ts"

/** A place in a slot. */
export interface Seat {
  /** The store's key of the slot's record. */
  readonly key: string
  /** The lease that stands for the place; absent where there is one slot only. */
  readonly lease: string | undefined
}

/** The store's key of a slot. The first one's is the account's own, so that it is shared with whoever asks for one session. */
export const keyOf = (key: string, slot: number): string => (slot === 1 ? key : `${key}#${slot}`)

/** How many sessions the API allows an account, if it says so: of several numbers the largest, for a person says which one is true. */
export const limitOf = ({ limit }: SessionDescription): number | undefined =>
  limit?.sessions === undefined || limit.serviceAccounts === undefined
    ? (limit?.sessions ?? limit?.serviceAccounts)
    : Math.max(limit.sessions, limit.serviceAccounts)

/** Fails when so many sessions cannot be had. */
export const check = (sessions: number, description: SessionDescription): Effect.Effect<void, ConfigurationError> => {
  const limit = limitOf(description)
  if (Number.isSafeInteger(sessions) && sessions >= 1 && sessions <= (limit ?? sessions)) return Effect.void
  return Effect.fail(
    new ConfigurationError({
      message:
        limit === undefined || !(sessions > limit)
          ? `policy.sessions is ${sessions}: give a whole number from 1 on.`
          : `policy.sessions is ${sessions}, and the API allows an account ${limit}: one more would end another. Ask for at most ${limit}.`
    })
  )
}

/** Takes the first free seat, for `ttl` milliseconds. */
export const take = Effect.fnUntraced(function* (
  store: SessionStore,
  key: string,
  slots: number,
  holder: string,
  ttl: number
) {
  for (let row = 1; ; row++) {
    for (let slot = 1; slot <= slots; slot++) {
      const lease = `${keyOf(key, slot)}/${row}`
      if (yield* store.acquire(lease, holder, ttl)) return { key: keyOf(key, slot), lease } satisfies Seat
    }
  }
})
