import { assert, describe, it } from "@effect/vitest"
import type { Case } from "../src/case.ts"
import { chart } from "../src/chart.ts"
import { report } from "../src/report.ts"
import { resultOf } from "../src/result.ts"
import { interleave } from "../src/rounds.ts"
import { ratio } from "../src/statistics.ts"
import { print } from "../src/table.ts"
import { judge } from "../src/verdict.ts"

const costs: Readonly<Record<string, number>> = { "the floor": 10, ours: 11, "a peer": 20, "a <slow> peer": 40 }

/** Measures nothing: the costs are made up, and each round is disturbed as a whole. */
const synthetic: Case = {
  name: "synthetic",
  question: "What is eleven?",
  run: async () => {
    const contenders = Object.keys(costs).map((name) => ({ name }))
    const found = await interleave(contenders, 9, async ({ name }, round) => (costs[name] as number) * (1 + round))
    const values = (name: string) => found.get(name) ?? []
    return {
      series: contenders.map(({ name: contender }) => ({
        group: "all",
        metric: "cost",
        unit: "µs",
        contender,
        role: contender === "the floor" ? "floor" : contender === "ours" ? "ours" : "peer",
        values: values(contender)
      })),
      verdicts: [
        judge({ name: "to the floor", limit: 1.2, unit: "×" }, ratio(values("ours"), values("the floor"))),
        judge({ name: "to the peer", limit: 0.5, unit: "×" }, ratio(values("ours"), values("a peer")))
      ],
      notes: ["Nothing was measured."]
    }
  }
}

const result = async () =>
  resultOf(synthetic, await synthetic.run({ quick: true, log: () => {} }), {
    quick: true,
    at: "2026-01-01T00:00:00.000Z",
    seconds: 1,
    machine: { cpu: "a cpu", cores: 2, memory: "8 GiB", system: "an OS", node: "v24", load: 0.1 },
    versions: { keyturn: "abc" }
  })

describe("the harness", () => {
  it("measures every contender once a round, and lets another one begin each time", async () => {
    const order: Array<string> = []
    const contenders = ["a", "b", "c"].map((name) => ({ name }))
    const found = await interleave(contenders, 3, async ({ name }, round) => {
      order.push(`${name}${round}`)
      return round
    })
    assert.deepStrictEqual(order, ["a0", "b0", "c0", "b1", "c1", "a1", "c2", "a2", "b2"])
    assert.deepStrictEqual(
      [...found],
      [
        ["a", [0, 1, 2]],
        ["b", [0, 1, 2]],
        ["c", [0, 1, 2]]
      ]
    )
  })

  it("compares each line with the floor and with the best peer of its group", async () => {
    const { lines } = await result()
    const ours = lines.find(({ contender }) => contender === "ours")
    assert.strictEqual(ours?.median, 55)
    assert.strictEqual(ours?.toFloor?.value, 1.1)
    assert.strictEqual(ours?.toBestPeer?.value, 0.55)
    assert.strictEqual(lines.find(({ contender }) => contender === "a peer")?.toBestPeer?.value, 1)
  })

  it("prints tables from the cheapest to the dearest, and a verdict line for each bar", async () => {
    const text = print(await result())
    const places = ["the floor  ", "ours  ", "a peer  ", "a <slow> peer  "].map((name) => text.indexOf(`\n${name}`))
    assert.deepStrictEqual(
      places,
      [...places].sort((a, b) => a - b)
    )
    assert.isAbove(places[0] as number, 0)
    assert.include(text, "MET: to the floor: 1.10 ×; bar ≤ 1.20 ×")
    assert.include(text, "MISSED: to the peer: 0.550 ×; bar ≤ 0.500 ×")
    assert.include(text, "Note: Nothing was measured.")
  })

  it("draws every contender as SVG, and puts all results on a page that needs nothing else", async () => {
    const found = await result()
    const svg = chart(found, undefined)
    for (const name of ["the floor", "ours", "a peer", "a &lt;slow&gt; peer"]) assert.include(svg, name)
    const page = report([[found, svg]])
    assert.include(page, svg)
    assert.include(page, "MISSED: to the peer")
    assert.notInclude(page, "<slow>")
    assert.notMatch(page, /(?:src|href)="(?!#)/)
  })
})
