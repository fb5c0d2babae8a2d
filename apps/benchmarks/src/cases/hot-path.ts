/** What a call costs with a valid token. */
import type { Case, Contender, Role, Series } from "../case.ts"
import { type Contestant, start } from "../contestant.ts"
import { listen, makeOrigin } from "../origin.ts"
import { interleave } from "../rounds.ts"
import { mean, medianWithin, ratio } from "../statistics.ts"
import { judge, type Verdict } from "../verdict.ts"
import { type CallName, calls, digest } from "./hot-path.tasks.ts"

interface Caller extends Contender {
  /** Whether it can get another token by itself when this one ends. */
  readonly renews: boolean
  /** Not on loopback: it refuses plain http. */
  readonly secureOnly?: boolean
}

const contenders: ReadonlyArray<Caller> = [
  { name: "fetch", role: "floor", renews: false },
  { name: "openapi-fetch", role: "peer", renews: false },
  { name: "openapi-fetch-middleware", role: "peer", renews: false },
  { name: "keyturn", role: "ours", renews: true },
  { name: "keyturn-effect", role: "ours", renews: true },
  { name: "hey-api", role: "peer", renews: false },
  { name: "ky", role: "peer", renews: true },
  { name: "axios-auth-refresh", role: "peer", renews: true },
  { name: "badgateway", role: "peer", renews: true },
  { name: "google-auth-library", role: "peer", renews: true },
  { name: "azure", role: "peer", renews: true, secureOnly: true }
]

/** The same contender in a second process: how far it is from itself is what this machine cannot tell apart. */
const control = "openapi-fetch-middleware (again)"
const baseline = "openapi-fetch-middleware"

const names = Object.keys(calls) as ReadonlyArray<CallName>
const tasks = new URL("./hot-path.tasks.ts", import.meta.url)

interface Time {
  readonly wall: number
  readonly cpu: number
}

/** All contenders do the same: the server sees the same requests, the caller gets the same data. */
const checkSame = async (all: ReadonlyArray<Contestant>, seen: Array<string> | undefined): Promise<void> => {
  for (const name of names) {
    let expected: string | undefined
    for (const contestant of all) {
      if (seen !== undefined) seen.length = 0
      const { got, sent } = await contestant.ask<{ sent: string; got: string }>("check", name)
      const found = `${seen === undefined ? sent : digest(seen.join("\n"))} ${got}`
      expected ??= found
      if (found !== expected) throw new Error(`${contestant.name} does something else than the others at ${name}`)
    }
  }
}

/** Lets the engine optimise, and says how many calls a batch of `target` milliseconds has. */
const warmUp = async (all: ReadonlyArray<Contestant>, name: CallName, target: number): Promise<number> => {
  let count = 1
  for (;;) {
    const { wall } = await (all[0] as Contestant).ask<Time>("measure", { count, name })
    if (wall >= target) break
    count = Math.ceil(wall < 1 ? count * 10 : Math.max(count + 1, count * Math.min(10, (target / wall) * 1.1)))
  }
  for (const contestant of all) for (let i = 0; i < 4; i++) await contestant.ask("measure", { count, name })
  return count
}

export const hotPath: Case = {
  name: "hot-path",
  question: "What does a call cost with a valid token?",
  chart: { metric: "processor time per call" },
  run: async ({ log, quick }) => {
    const launches = quick ? 1 : 5
    const rounds = 9
    const target = quick ? 30 : 100
    const series: Array<Series> = []
    const verdicts: Array<Verdict> = []
    const notes: Array<string> = []

    for (const wire of [false, true]) {
      const where = wire ? "on loopback HTTP" : "in process"
      const field = contenders.filter(({ secureOnly }) => !wire || secureOnly !== true)
      if (wire) notes.push("Azure's policy refuses plain http, so it is measured in process only.")
      /** By call and contender: what a call costs in µs, launch by launch and round by round. */
      const times = new Map<string, Array<ReadonlyArray<Time>>>()
      for (let launch = 0; launch < launches; launch++) {
        log(`hot-path ${where}: launch ${launch + 1} of ${launches}`)
        const seen: Array<string> = []
        const origin = makeOrigin()
        const server = wire ? await listen(origin) : undefined
        const all = [...field.map(({ name }) => start(name, tasks)), { ...start(baseline, tasks), name: control }]
        try {
          for (const contestant of all) await contestant.ask("setup", server?.url)
          if (wire) origin.configure({ witness: (line) => seen.push(line) })
          await checkSame(all, wire ? seen : undefined)
          origin.configure({})
          for (const name of names) {
            const count = await warmUp(all, name, target)
            const measured = await interleave(all, rounds, (one) => one.ask<Time>("measure", { count, name }))
            for (const [contender, values] of measured) {
              const key = `${name}\0${contender}`
              const perCall = values.map(({ cpu, wall }) => ({
                wall: (wall * 1000) / count,
                cpu: (cpu * 1000) / count
              }))
              times.set(key, [...(times.get(key) ?? []), perCall])
            }
          }
        } finally {
          for (const contestant of all) contestant.stop()
          server?.close()
        }
      }

      /**
       * One value a launch when there are enough of them: a process is the unit that chance deals out. It is the mean of its
       * batches, for a collection of garbage falls into one and not into the next.
       */
      const cpu = (name: CallName, contender: string): ReadonlyArray<number> => {
        const launched = (times.get(`${name}\0${contender}`) ?? []).map((round) => round.map(({ cpu }) => cpu))
        return launched.length >= 5 ? launched.map(mean) : launched.flat()
      }
      for (const name of names) {
        const group = `${name}, ${where}`
        for (const contender of [...field, { name: control, role: "control" as Role }]) {
          const values = (times.get(`${name}\0${contender.name}`) ?? []).flat()
          const common = { group, contender: contender.name, role: contender.role, unit: "µs" }
          series.push({ ...common, metric: "processor time per call", values: values.map(({ cpu }) => cpu) })
          series.push({ ...common, metric: "time per call", values: values.map(({ wall }) => wall) })
        }
        verdicts.push(
          judge(
            { name: `${group}: keyturn to openapi-fetch + middleware`, limit: 1, tolerated: 1.02, unit: "×" },
            ratio(cpu(name, "keyturn"), cpu(name, baseline))
          )
        )
        const rivals = field
          .filter(({ renews, role }) => renews && role === "peer")
          .map(({ name: contender }) => ({ contender, values: cpu(name, contender) }))
          .sort((a, b) => medianWithin(a.values).value - medianWithin(b.values).value)
        const best = rivals[0]
        if (best !== undefined) {
          verdicts.push(
            judge(
              { name: `${group}: keyturn to the fastest that can renew (${best.contender})`, limit: 1, unit: "×" },
              ratio(cpu(name, "keyturn"), best.values)
            )
          )
        }
        const { high, low, value } = ratio(cpu(name, control), cpu(name, baseline))
        notes.push(
          `${group}: the same contender in two processes differs by × ${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)}); no smaller difference means anything.`
        )
      }
    }
    return { series, verdicts, notes }
  }
}
