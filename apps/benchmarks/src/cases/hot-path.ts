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

/** How thorough a measurement is. */
interface Extent {
  /** How often everybody is started anew: a process is the unit that chance deals out. */
  readonly launches: number
  /** Batches of each contender in a launch. */
  readonly rounds: number
  /** How long a batch takes, in milliseconds. */
  readonly target: number
  /** How long the engine has to optimise before it counts, in milliseconds. */
  readonly warmUp: number
}

/** What a call took, in µs: launch by launch, and batch by batch. */
type Times = (name: CallName, contender: string) => ReadonlyArray<ReadonlyArray<Time>>

/** Lets the engine optimise, and says how many calls a batch has. */
const prepare = async (contestant: Contestant, name: CallName, { target, warmUp }: Extent): Promise<number> => {
  const until = performance.now() + warmUp
  for (let count = 1; ; ) {
    const { wall } = await contestant.ask<Time>("measure", { count, name })
    if (wall < target)
      count = Math.ceil(wall < 1 ? count * 10 : Math.max(count + 1, count * Math.min(10, (target / wall) * 1.1)))
    else if (performance.now() >= until) return Math.ceil((count * target) / wall)
  }
}

/** Measures a field, everybody in turn. */
const measure = async (
  field: ReadonlyArray<string>,
  wire: boolean,
  extent: Extent,
  log: (line: string) => void
): Promise<Times> => {
  const times = new Map<string, Array<ReadonlyArray<Time>>>()
  for (let launch = 0; launch < extent.launches; launch++) {
    log(`launch ${launch + 1} of ${extent.launches}`)
    const seen: Array<string> = []
    const origin = makeOrigin()
    const server = wire ? await listen(origin) : undefined
    const all = field.map((name) => ({ ...start(name === control ? baseline : name, tasks), name }))
    try {
      for (const contestant of all) await contestant.ask("setup", server?.url)
      if (wire) origin.configure({ witness: (line) => seen.push(line) })
      await checkSame(all, wire ? seen : undefined)
      origin.configure({})
      for (const name of names) {
        const counts: Array<number> = []
        for (const contestant of all) counts.push(await prepare(contestant, name, extent))
        const count = Math.min(...counts)
        const measured = await interleave(all, extent.rounds, (one) => one.ask<Time>("measure", { count, name }))
        for (const [contender, values] of measured) {
          const key = `${name}\0${contender}`
          const perCall = values.map(({ cpu, wall }) => ({ wall: (wall * 1000) / count, cpu: (cpu * 1000) / count }))
          times.set(key, [...(times.get(key) ?? []), perCall])
        }
      }
    } finally {
      for (const contestant of all) contestant.stop()
      server?.close()
    }
  }
  return (name, contender) => times.get(`${name}\0${contender}`) ?? []
}

/**
 * Processor time of a call, one value a launch. It is the mean of its batches, for a collection of garbage falls into one and
 * not into the next.
 */
const launched = (times: Times, name: CallName, contender: string): ReadonlyArray<number> =>
  times(name, contender).map((batches) => mean(batches.map(({ cpu }) => cpu)))

export const hotPath: Case = {
  name: "hot-path",
  question: "What does a call cost with a valid token?",
  chart: { metric: "processor time per call" },
  run: async ({ log, quick }) => {
    // Everybody, for the table; those that are judged, in batches so short that what disturbs one disturbs the next too.
    const broad: Extent = quick
      ? { launches: 1, rounds: 9, target: 30, warmUp: 100 }
      : { launches: 3, rounds: 9, target: 100, warmUp: 400 }
    const close: Extent = quick
      ? { launches: 3, rounds: 9, target: 10, warmUp: 50 }
      : { launches: 15, rounds: 30, target: 25, warmUp: 400 }
    const series: Array<Series> = []
    const verdicts: Array<Verdict> = []
    const notes: Array<string> = ["Azure's policy refuses plain http, so it is measured in process only."]

    for (const wire of [false, true]) {
      const where = wire ? "on loopback HTTP" : "in process"
      const say = (what: string) => (line: string) => log(`hot-path ${where}, ${what}: ${line}`)
      const field = contenders.filter(({ secureOnly }) => !wire || secureOnly !== true)
      const everybody = [...field.map(({ name }) => name), control]
      const all = await measure(everybody, wire, broad, say("everybody"))
      const cost = (name: CallName, contender: string) =>
        medianWithin(
          all(name, contender)
            .flat()
            .map(({ cpu }) => cpu)
        ).value
      const fastest = (name: CallName): string | undefined =>
        field
          .filter(({ renews, role }) => renews && role === "peer")
          .map((rival) => rival.name)
          .sort((a, b) => cost(name, a) - cost(name, b))[0]
      const rivals = new Set(names.flatMap((name) => fastest(name) ?? []))
      const judged = await measure(["keyturn", baseline, control, ...rivals], wire, close, say("those that are judged"))
      for (const name of names) {
        const group = `${name}, ${where}`
        for (const contender of [...field, { name: control, role: "control" as Role }]) {
          const values = all(name, contender.name).flat()
          const common = { group, contender: contender.name, role: contender.role, unit: "µs" }
          series.push({ ...common, metric: "processor time per call", values: values.map(({ cpu }) => cpu) })
          series.push({ ...common, metric: "time per call", values: values.map(({ wall }) => wall) })
        }
        const to = (contender: string, other = "keyturn") =>
          ratio(launched(judged, name, other), launched(judged, name, contender))
        verdicts.push(
          judge(
            { name: `${group}: keyturn to openapi-fetch + middleware`, limit: 1, tolerated: 1.02, unit: "×" },
            to(baseline)
          )
        )
        const rival = fastest(name)
        if (rival !== undefined) {
          verdicts.push(
            judge(
              { name: `${group}: keyturn to the fastest that can renew (${rival})`, limit: 1, unit: "×" },
              to(rival)
            )
          )
        }
        const { high, low, value } = to(baseline, control)
        notes.push(
          `${group}: the same contender in two processes differs by × ${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)}); no smaller difference means anything.`
        )
      }
    }
    return { series, verdicts, notes }
  }
}
