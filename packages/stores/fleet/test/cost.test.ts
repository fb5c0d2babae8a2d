import { assert, describe, it } from "@effect/vitest"
import { measure } from "./support/cost.ts"
import { engineNames, missing } from "./support/places.ts"

describe("coordination", { timeout: 60_000 }, () => {
  for (const engine of engineNames) {
    it.skipIf(missing.has(engine))(
      `asks the ${engine} store nothing while the token is valid, and little for a renewal (I9)`,
      async () => {
        const { renewal, requests } = await measure(engine, { requests: 1000, renewals: 1 })
        assert.deepStrictEqual(requests, [])
        // A marker and the tokens; everything else finds out whether somebody else was first.
        assert.deepStrictEqual(
          renewal.filter((name) => name === "write"),
          ["write", "write"]
        )
        assert.isAtMost(renewal.length, 7)
      }
    )
  }
})
