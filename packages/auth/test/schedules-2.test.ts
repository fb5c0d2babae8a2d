import { assert, describe, it } from "@effect/vitest"
import { holdFor } from "./simulation/seeds.ts"

describe("any schedule of requests, expiries, lost, late and repeated messages, crashes, pauses, strangers and clocks", () => {
  it("keeps I1–I5, I8 and I10, by the logs of the server and the store", { timeout: 240_000 }, () => {
    const { renewals, requests } = holdFor(5001, 5000)
    // A simulation in which nothing happens would hold too.
    if (process.env.KEYTURN_SEED === undefined) {
      assert.isAbove(requests, 100_000)
      assert.isAbove(renewals, 25_000)
    }
  })
})
