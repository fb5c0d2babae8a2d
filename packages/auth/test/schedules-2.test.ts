import { assert, describe, it } from "@effect/vitest"
import { holdFor } from "./support/schedules.ts"

describe("any schedule of requests, expiries, lost answers, crashes, pauses, strangers and clock jumps", () => {
  it("keeps I1–I5, I8 and I10, by the logs of the server and the store", { timeout: 240_000 }, () => {
    const { renewals, requests } = holdFor(5001, 5000)
    // A simulation in which nothing happens would hold too.
    if (process.env.KEYTURN_SEED === undefined) {
      assert.isAbove(requests, 50_000)
      assert.isAbove(renewals, 15_000)
    }
  })
})
