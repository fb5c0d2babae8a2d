/** Many sessions in one process: what an integration service holds for its tenants. */
import type { Case, Contender, Series } from "../case.ts"
import { start } from "../contestant.ts"
import { medianWithin, ratio } from "../statistics.ts"
import { judge, type Verdict } from "../verdict.ts"
import type * as Tasks from "./sessions.tasks.ts"

interface Keeper extends Contender {
  /** Whether it renews without being used. */
  readonly scheduled: boolean
}

const contenders: ReadonlyArray<Keeper> = [
  { name: "keyturn", role: "ours", scheduled: true },
  { name: "keyturn-session", role: "ours", scheduled: true },
  { name: "badgateway", role: "peer", scheduled: false },
  { name: "google-auth-library", role: "peer", scheduled: false }
]

const tasks = new URL("./sessions.tasks.ts", import.meta.url)
type Answer<Task extends keyof typeof Tasks> = Awaited<ReturnType<(typeof Tasks)[Task]>>

const withProcess = async <A>(name: string, use: (contestant: ReturnType<typeof start>) => Promise<A>): Promise<A> => {
  const contestant = start(name, tasks, ["--max-old-space-size=12288"])
  try {
    return await use(contestant)
  } finally {
    contestant.stop()
  }
}

export const sessions: Case = {
  name: "sessions",
  question: "What does a process with very many sessions need?",
  chart: { metric: "heap per session" },
  run: async ({ log, quick }) => {
    const sizes = quick ? [1, 100, 2000] : [1, 1000, 100_000]
    const [, few = 0, many = 0] = sizes
    const repetitions = 2
    const stormFor = quick ? 10 : 60
    const series: Array<Series> = []
    const verdicts: Array<Verdict> = []
    const notes: Array<string> = []
    /** Values by contender, size and metric. */
    const values = new Map<string, Array<number>>()
    const add = (contender: Keeper, size: number, metric: string, unit: string, value: number) => {
      const key = `${contender.name}\0${size}\0${metric}`
      const known = values.get(key)
      if (known !== undefined) {
        known.push(value)
        return
      }
      const list = [value]
      values.set(key, list)
      const group = `${size.toLocaleString("en-US")} session${size === 1 ? "" : "s"}`
      series.push({ group, metric, unit, contender: contender.name, role: contender.role, values: list })
    }
    const valuesOf = (name: string, size: number, metric: string) => values.get(`${name}\0${size}\0${metric}`) ?? []

    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (const contender of contenders) {
        log(`sessions: ${contender.name}, repetition ${repetition + 1} of ${repetitions}`)
        const { name } = contender
        add(contender, few, "timers per session", "", await withProcess(name, ({ ask }) => ask("timers", few)))
        for (const size of sizes) {
          await withProcess(name, async ({ ask }) => {
            const opened = await ask<Answer<"open">>("open", { count: size, dueIn: undefined })
            add(contender, size, "heap per session", "bytes", opened.bytes)
            if (size === 1) return
            add(contender, size, "opened per second", "1/s", opened.perSecond)
            const renewed = await ask<Answer<"renew">>("renew", size)
            if (renewed.renewals !== size) {
              throw new Error(`${name} made ${renewed.renewals} renewals for ${size} expired sessions`)
            }
            add(contender, size, "processor time per renewal", "µs", renewed.cpu)
            add(contender, size, "renewals per second", "1/s", renewed.perSecond)
          })
        }
        if (!contender.scheduled) continue
        await withProcess(name, async ({ ask }) => {
          // Opening takes its time; what is due waits until all are open.
          const rate = medianWithin(valuesOf(name, many, "opened per second")).value
          const from = (many / rate) * 1.5 + 3
          const opening = performance.now()
          await ask("open", { count: many, dueIn: [from, from + stormFor] })
          const left = from - (performance.now() - opening) / 1000
          if (left > 0) await new Promise((resolve) => setTimeout(resolve, left * 1000 - 500))
          const { delayMax, delayP99, renewals } = await ask<Answer<"storm">>("storm", stormFor + 1)
          if (renewals < many * 0.99)
            throw new Error(`${name}: ${renewals} of ${many} sessions renewed when they were due`)
          add(contender, many, "event-loop delay p99 while all renew", "ms", delayP99)
          add(contender, many, "event-loop delay max while all renew", "ms", delayMax)
        })
      }
    }
    notes.push(
      `${many.toLocaleString("en-US")} renewals fall due within ${stormFor} s. Peers that schedule nothing renew at the next use and have no such line.`
    )
    for (const name of ["keyturn", "keyturn-session"]) {
      verdicts.push(
        judge(
          { name: `heap per session, ${name}, ${many.toLocaleString("en-US")} sessions`, limit: 2, unit: "KiB" },
          medianWithin(valuesOf(name, many, "heap per session").map((bytes) => bytes / 1024))
        ),
        judge(
          { name: `event-loop delay p99 while all renew, ${name}`, limit: 20, unit: "ms" },
          medianWithin(valuesOf(name, many, "event-loop delay p99 while all renew"))
        ),
        judge(
          {
            name: `cost per renewal of ${name}, ${many.toLocaleString("en-US")} sessions to ${few.toLocaleString("en-US")}`,
            limit: 1,
            tolerated: 1.2,
            unit: "×"
          },
          ratio(valuesOf(name, many, "processor time per renewal"), valuesOf(name, few, "processor time per renewal"))
        )
      )
    }
    return { series, verdicts, notes }
  }
}
