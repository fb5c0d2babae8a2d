/** Strangers who sign in with the same account. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { TestClock } from "effect/testing"
import type * as Session from "../src/Session.ts"
import { Authority } from "./support/authority.ts"
import { request } from "./support/fixture.ts"
import { opened, timed, within } from "./support/timed.ts"

describe("displacement", () => {
  const displace = (authority: Authority, session: Session.Session) =>
    Effect.gen(function* () {
      authority.stranger(yield* Effect.clockWith((clock) => clock.currentTimeMillis))
      return yield* Effect.exit(request(session, authority))
    })

  timed("is answered with back-off, then with SessionDisplaced, and is over when the stranger is (I5)", () =>
    Effect.gen(function* () {
      const authority = new Authority({ life: 24 * 3_600_000 })
      const session = yield* opened(authority)
      for (const wait of ["0.9 seconds", "1.9 seconds", "2.9 seconds"] as const) {
        assert.isTrue(Exit.isSuccess(yield* within(displace(authority, session), wait)))
      }
      const signIns = authority.count("signIn")
      assert.strictEqual(signIns, 4)
      const exit = yield* within(displace(authority, session), "1 second")
      assert.include(JSON.stringify(exit), "SessionDisplaced")
      // Whoever keeps asking does not keep it from ending.
      for (let minutes = 0; minutes < 12; minutes++) {
        yield* within(Effect.exit(request(session, authority)), "1 minute")
      }
      assert.strictEqual(yield* within(request(session, authority), "1 minute"), 200)
      assert.strictEqual(authority.count("signIn"), signIns + 1)
      const last = session.log.findLast(({ _tag }) => _tag === "Displaced")
      assert.isDefined(last)
    })
  )

  timed("is not what an expired token's 401 is", () =>
    Effect.gen(function* () {
      const authority = new Authority()
      const session = yield* opened(authority)
      const used = yield* session.credential
      yield* TestClock.adjust("11 minutes")
      yield* within(session.renew(used), "1 second")
      assert.notInclude(session.tags(), "Displaced")
    })
  )
})
