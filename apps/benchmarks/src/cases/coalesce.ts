/** Ten thousand calls at once when the token ends. */
import type { Case, Contender, Series } from "../case.ts"
import { start } from "../contestant.ts"
import { interleave } from "../rounds.ts"
import { medianWithin } from "../statistics.ts"
import { exactly, judge, type Verdict } from "../verdict.ts"
import { type Scenario, type Storm, tokenCall } from "./coalesce.tasks.ts"

const scenarios: ReadonlyArray<Scenario> = ["at expiry", "staggered 401s", "first caller aborts"]

/** Only those that can get another token by themselves. */
const contenders: ReadonlyArray<Contender> = [
  { name: "keyturn", role: "ours" },
  { name: "keyturn-effect", role: "ours" },
  { name: "ky", role: "peer" },
  { name: "axios-auth-refresh", role: "peer" },
  { name: "axios-auth-refresh-shared", role: "peer" },
  { name: "badgateway", role: "peer" },
  { name: "google-auth-library", role: "peer" },
  { name: "azure", role: "peer" }
]

const tasks = new URL("./coalesce.tasks.ts", import.meta.url)

/** One storm in a process of its own: what one leaves behind is not the next one's. */
const storm = async (name: string, argument: object): Promise<Storm> => {
  const contestant = start(name, tasks)
  try {
    return await contestant.ask<Storm>("storm", argument)
  } finally {
    contestant.stop()
  }
}

export const coalesce: Case = {
  name: "coalesce",
  question: "What happens when 10,000 calls meet the end of a token?",
  chart: { metric: "failed calls" },
  run: async ({ log, quick }) => {
    const count = quick ? 1000 : 10_000
    const series: Array<Series> = []
    const verdicts: Array<Verdict> = []
    const notes: Array<string> = [
      `${count.toLocaleString("en-US")} calls at once; a token call takes ${tokenCall} ms; refresh tokens are single use. Added latency is that of a call against the same call with a valid token, of those that succeeded.`
    ]
    for (const scenario of scenarios) {
      log(`coalesce: ${scenario}`)
      const storms = await interleave(contenders, quick ? 2 : 5, ({ name }) => storm(name, { count, scenario }))
      for (const { name: contender, role } of contenders) {
        const found = storms.get(contender) ?? []
        const line = (metric: string, unit: string, value: (storm: Storm) => number) =>
          series.push({ group: scenario, metric, unit, contender, role, values: found.map(value) })
        line("token calls", "calls", ({ tokenCalls }) => tokenCalls)
        line("failed calls", "calls", ({ failed }) => failed)
        line("added latency, p50", "ms", ({ addedP50 }) => addedP50)
        line("added latency, p99", "ms", ({ addedP99 }) => addedP99)
        const failed = found.find(({ error }) => error !== undefined)
        if (failed !== undefined) notes.push(`${contender}, ${scenario}: calls failed with “${failed.error}”.`)
        if (found.some(({ unhandled }) => unhandled > 0)) {
          notes.push(`${contender}, ${scenario}: rejections went unhandled, which ends a Node process by default.`)
        }
        if (role !== "ours") continue
        const worst = (value: (storm: Storm) => number) => exactly(Math.max(...found.map(value)))
        verdicts.push(
          judge(
            { name: `${scenario}: token calls of ${contender}`, limit: 1, unit: "calls" },
            worst(({ tokenCalls }) => tokenCalls)
          ),
          judge(
            { name: `${scenario}: failed calls of ${contender}`, limit: 0, unit: "calls" },
            worst(({ failed }) => failed)
          ),
          judge(
            { name: `${scenario}: added latency p99 of ${contender}`, limit: 1.2 * tokenCall, unit: "ms" },
            medianWithin(found.map(({ addedP99 }) => addedP99))
          )
        )
      }
    }
    return { series, verdicts, notes }
  }
}
