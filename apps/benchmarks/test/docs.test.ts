import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { cases } from "../src/cases/index.ts"
import { chart } from "../src/chart.ts"
import { documented } from "../src/docs.ts"
import { page, pictures, results } from "../src/places.ts"
import type { Result } from "../src/result.ts"

const text = readFileSync(page, "utf8")
const found = new Map(
  cases
    .filter(({ name }) => existsSync(join(results, `${name}.json`)))
    .map(({ name }) => [name, JSON.parse(readFileSync(join(results, `${name}.json`), "utf8")) as Result])
)

describe("docs/benchmarks.md", () => {
  it("has a place for each case, and the command that measures it", () => {
    for (const { name } of cases) {
      assert.include(text, `<!-- result: ${name} -->`)
      assert.include(text, `pnpm bench ${name}`)
    }
  })

  it("says what the results say, and nothing else", () => {
    assert.strictEqual(documented(text, found), text, "run pnpm bench --docs")
  })

  it("shows the charts of these results", () => {
    for (const [name, result] of found) {
      const { chart: options } = cases.find((one) => one.name === name) as (typeof cases)[number]
      assert.strictEqual(readFileSync(join(pictures, `${name}.svg`), "utf8"), `${chart(result, options)}\n`, name)
    }
  })

  it("tells where a peer is better, from the figures", () => {
    const line = { group: "all", metric: "renewals", unit: "1/s", p99: 0, min: 0, spread: 0, count: 1 }
    const unrelated = { toFloor: undefined, toBestPeer: undefined }
    const result: Result = {
      name: "made-up",
      question: "Who is faster?",
      quick: false,
      at: "2026-01-01T00:00:00.000Z",
      seconds: 1,
      machine: { cpu: "a cpu", cores: 2, memory: "8 GiB", system: "an OS", node: "v24", load: 0.1 },
      versions: {},
      lines: [
        { ...line, ...unrelated, contender: "ours", role: "ours", median: 10 },
        { ...line, ...unrelated, contender: "a peer", role: "peer", median: 20 },
        { ...line, ...unrelated, metric: "time", unit: "ms", contender: "ours", role: "ours", median: 10 },
        { ...line, ...unrelated, metric: "time", unit: "ms", contender: "a peer", role: "peer", median: 20 },
        { ...line, ...unrelated, contender: "who failed", role: "peer", median: 99 },
        { ...line, ...unrelated, metric: "time", unit: "ms", contender: "who failed", role: "peer", median: Number.NaN }
      ],
      verdicts: [],
      notes: []
    }
    const written = documented("<!-- result: made-up -->old<!-- end -->", new Map([["made-up", result]]))
    assert.include(written, "- all: renewals (1/s): a peer 20, ours 10")
    assert.notInclude(written, "- all: time")
    assert.notInclude(written, "old")
  })
})
