import { assert, describe, it } from "@effect/vitest"
import { parseDuration } from "../src/duration.ts"

describe("durations", () => {
  it("are ISO 8601 down to fractions of a second", () => {
    assert.strictEqual(parseDuration("PT24H"), 86_400_000)
    assert.strictEqual(parseDuration("P7D"), 604_800_000)
    assert.strictEqual(parseDuration("P1WT1M0.5S"), 604_860_500)
  })

  it("are refused when they are empty, calendar-dependent or something else", () => {
    for (const text of ["", "P", "PT", "P1Y", "P1M", "24h", "PT1H2", "P1DT"])
      assert.isUndefined(parseDuration(text), text)
  })
})
