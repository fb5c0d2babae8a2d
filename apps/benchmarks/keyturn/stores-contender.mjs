import * as SessionRecord from "@keyturn/auth/SessionRecord"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Redacted from "effect/Redacted"
import { openStore } from "./stores.mjs"

const key = "benchmark:session:account"

/** Waits as a session does: hears of a release from the store, and looks every half second in case word was lost. */
const takeLease = (store, owner) =>
  Effect.scoped(
    Effect.gen(function* () {
      if (yield* store.acquire(key, owner, 30_000)) return
      const latch = Latch.makeUnsafe(false)
      yield* store.subscribe(key, () => Latch.openUnsafe(latch))
      for (;;) {
        Latch.closeUnsafe(latch)
        if (yield* store.acquire(key, owner, 30_000)) return
        yield* store.read(key)
        yield* Effect.timeoutOption(Latch.await(latch), "500 millis")
      }
    })
  )

const must = (done) => (done ? Effect.void : Effect.die(new Error("somebody wrote under our lease")))

/** What a renewal asks of its store, with nothing to wait for between the marker and the tokens. */
const renewal = (store, owner) =>
  Effect.gen(function* () {
    yield* store.read(key)
    const start = performance.now()
    yield* takeLease(store, owner)
    const waited = performance.now() - start
    const record = yield* store.read(key)
    const { generation } = record
    const at = Date.now()
    const marker = { operation: "refresh", generation, owner, attempt: 1, at, deadline: at + 10_000 }
    const marked = SessionRecord.next(record, { marker })
    yield* must(yield* store.write(key, marked))
    const tokens = {
      accessToken: Redacted.make(`access-${generation + 1}`),
      refreshToken: Redacted.make(`refresh-${generation + 1}`),
      tokenType: "Bearer",
      issuedAt: at
    }
    yield* must(
      yield* store.write(key, SessionRecord.next(marked, { generation: generation + 1, tokens, marker: undefined }))
    )
    yield* store.release(key, owner)
    return waited
  })

/** Contenders with one store, as the sessions of a process have it, that all want to renew the same session again and again. */
export const contend = async ({ contenders, place, until }) => {
  const store = openStore(place)
  const one = (i) =>
    Effect.gen(function* () {
      const waits = []
      for (let n = 0; Date.now() < until; n++) waits.push(yield* renewal(store, `${process.pid}-${i}-${n}`))
      return waits
    })
  try {
    return (await Promise.all(Array.from({ length: contenders }, (_, i) => Effect.runPromise(one(i))))).flat()
  } finally {
    await store.close()
  }
}

/** The generation that the session has come to. */
export const generation = async (place) => {
  const store = openStore(place)
  try {
    return (await Effect.runPromise(store.read(key))).generation
  } finally {
    await store.close()
  }
}
