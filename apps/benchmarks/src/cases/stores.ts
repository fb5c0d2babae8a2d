/** What coordination costs: renewals of one session by many that all want to, on each engine. */
import type { Case, Series } from "../case.ts"
import { start } from "../contestant.ts"
import { interleave } from "../rounds.ts"
import { quantile } from "../statistics.ts"
import { type Engine, reachable, withPlace } from "../stores.ts"
import { exactly, judge, type Verdict } from "../verdict.ts"
import type * as Tasks from "./stores.tasks.ts"

type Answer<Task extends keyof typeof Tasks> = Awaited<ReturnType<(typeof Tasks)[Task]>>

const tasks = new URL("./stores.tasks.ts", import.meta.url)

/** Processes that the contenders are spread over. */
const processes = 8
/** Milliseconds that everybody has to connect before the first renewal counts. */
const margin = 200

interface Found {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  /** Renewals that the contenders made, and that the record tells of. */
  readonly made: number
  readonly stored: number
}

const measure = (engine: Engine, contenders: number, milliseconds: number): Promise<Found> =>
  withPlace(engine, async (place) => {
    const several = Array.from({ length: Math.min(contenders, processes) }, () => start("stores-contender", tasks))
    try {
      await Promise.all(several.map(({ ask }) => ask("ready")))
      const until = Date.now() + margin + milliseconds
      const share = contenders / several.length
      const begun = performance.now()
      const waits = (
        await Promise.all(
          several.map(({ ask }) => ask<Answer<"contend">>("contend", { place, contenders: share, until }))
        )
      ).flat()
      const took = performance.now() - begun
      const stored = (await several[0]?.ask<Answer<"generation">>("generation", place)) ?? Number.NaN
      return {
        perSecond: (waits.length / took) * 1000,
        p50: quantile(waits, 0.5),
        p99: quantile(waits, 0.99),
        made: waits.length,
        stored
      }
    } finally {
      for (const { stop } of several) stop()
    }
  })

export const stores: Case = {
  name: "stores",
  question: "How many renewals of one session does a store coordinate, and how long does one wait for its lease?",
  chart: { metric: "renewals per second" },
  run: async ({ log, quick }) => {
    const { notes, there } = await reachable()
    const series: Array<Series> = []
    const verdicts: Array<Verdict> = []
    for (const contenders of quick ? [1, 16] : [1, 16, 64]) {
      const group = `${contenders} contender${contenders === 1 ? "" : "s"}`
      log(`stores: ${group} on ${there.join(", ")}`)
      const rounds = await interleave(
        there.map((name) => ({ name })),
        quick ? 2 : 5,
        ({ name }) => measure(name, contenders, quick ? 1000 : 2000)
      )
      for (const engine of there) {
        const found = rounds.get(engine) ?? []
        const line = (metric: string, unit: string, of: (found: Found) => number) =>
          series.push({ group, metric, unit, contender: engine, role: "ours", values: found.map(of) })
        line("renewals per second", "1/s", ({ perSecond }) => perSecond)
        line("lease wait, p50", "ms", ({ p50 }) => p50)
        line("lease wait, p99", "ms", ({ p99 }) => p99)
        verdicts.push(
          judge(
            { name: `${group}, ${engine}: renewals lost or made twice (I10)`, limit: 0, unit: "" },
            exactly(Math.max(...found.map(({ made, stored }) => Math.abs(made - stored))))
          )
        )
      }
    }
    return {
      series,
      verdicts,
      notes: [
        `The contenders are spread over up to ${processes} processes with a store each, and renew the same session without a rest, which no fleet does: it is what the store carries at most. A renewal here is everything but the call to the server: read, lease, read, marker, tokens, release.`,
        ...notes
      ]
    }
  }
}
