import { assert, describe, it } from "@effect/vitest"
import { type Calls, runFleet } from "./fleet.ts"

const sum = (calls: Calls, ...names: ReadonlyArray<keyof Calls>): number =>
  names.reduce((total, name) => total + calls[name], 0)

describe("ten thousand processes that share an account and open at once", () => {
  it("sign in once, renew once an expiry and sign out once, for a few store calls each (I2, I5)", {
    timeout: 240_000
  }, () => {
    const processes = 10_000
    const { closing, failed, opening, openedIn, refreshes, requests, running, signIns, signOuts } = runFleet({
      processes,
      life: 120_000,
      expiries: 2.2,
      every: 60_000
    })
    // A token of 120 s is renewed 24 to 30 s before its end.
    assert.deepStrictEqual(
      { signIns, refreshes, signOuts, failed },
      { signIns: 1, refreshes: 2, signOuts: 1, failed: 0 }
    )
    assert.isAbove(requests, 3 * processes)
    // Nobody waits for longer than the sign-in's 100 ms and a few turns of the store.
    assert.isBelow(openedIn, 250)
    // What one process costs does not depend on how many there are.
    assert.isAtMost(sum(opening, "read", "acquire", "release", "subscribe", "leave"), 12 * processes)
    assert.isAtMost(sum(running, "read", "acquire", "release", "subscribe", "leave"), refreshes * 5 * processes)
    // A marker and the tokens, whoever looks on.
    assert.strictEqual(opening.write, 2)
    assert.strictEqual(running.write, 2 * refreshes)
    assert.strictEqual(sum(closing, "leave"), processes)
  })
})
