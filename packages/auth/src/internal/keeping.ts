/** What a session has to do with its record in the store outside of a renewal. */
import * as Effect from "effect/Effect"
import { isProven } from "../Renewal.ts"
import type { StoreUnavailable } from "../SessionError.ts"
import * as SessionRecord from "../SessionRecord.ts"
import * as Background from "./background.ts"
import { lose } from "./ending.ts"
import { isSame, type Live } from "./live.ts"

/**
 * I3: tokens that could not be stored are used meanwhile, and stored as soon as the store is back, unless somebody else has
 * gone on from what was stored before.
 */
export const saveNow = (live: Live): Effect.Effect<void, StoreUnavailable> =>
  Effect.suspend(() => {
    const { unsaved: pending, store } = live
    if (pending === undefined) return Effect.void
    return Effect.flatMap(store.write(live.key, pending), (stored) =>
      // The write that failed may have happened. If it did not, somebody has gone on, and theirs is the session.
      Effect.map(stored ? Effect.succeed(pending) : store.read(live.key), (theirs) => {
        if (live.unsaved !== pending) return
        if (SessionRecord.isEnded(theirs, pending.generation)) return lose(live)
        live.unsaved = undefined
        if (!isSame(theirs, pending) && theirs.tokens !== undefined && isProven(theirs, live.grant)) live.adopt(theirs)
      })
    )
  })

/** Tries every second until the store has them. */
export const saveLater = (live: Live): Effect.Effect<void> =>
  Effect.suspend(() =>
    live.unsaved === undefined
      ? Effect.void
      : Effect.andThen(Background.sleep(1000), Effect.andThen(Effect.ignore(saveNow(live)), saveLater(live)))
  )

/** Somebody changed the record: takes newer tokens over before the old ones are refused. */
export const look = (live: Live): Effect.Effect<void> =>
  Effect.ignore(
    Effect.map(live.store.read(live.key), (stored) => {
      if (live.closed || live.flight !== undefined) return
      if (SessionRecord.isEnded(stored, live.record.generation)) return lose(live)
      if (stored.generation <= live.record.generation) return
      if (stored.tokens === undefined || !isProven(stored, live.grant)) return
      live.failure = undefined
      live.adopt(stored)
    })
  )
