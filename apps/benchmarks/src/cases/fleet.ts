/** Many processes on one account that may have one session, whose tokens end between two waves of work. */
import type { Case, Contender, Series } from "../case.ts"
import { type Contestant, start } from "../contestant.ts"
import { interleave } from "../rounds.ts"
import { type Engine, type Place, reachable, withPlace } from "../stores.ts"
import { exactly, judge, type Verdict } from "../verdict.ts"
import type * as Tasks from "./fleet.tasks.ts"

type Answer<Task extends keyof typeof Tasks> = Awaited<ReturnType<(typeof Tasks)[Task]>>

interface Team extends Contender {
  /** The program that each process runs. */
  readonly program: string
  /** Where what the processes share is kept, if they share anything. */
  readonly engine?: Engine
}

const peers: ReadonlyArray<Team> = [
  { name: "openapi-fetch, 401 branch", role: "peer", program: "fleet-openapi-fetch" },
  { name: "axios-auth-refresh", role: "peer", program: "fleet-axios-auth-refresh" },
  { name: "badgateway", role: "peer", program: "fleet-badgateway" },
  { name: "tokens in Redis, no lock", role: "peer", program: "fleet-redis-cache", engine: "redis" }
]

const tasks = new URL("./fleet.tasks.ts", import.meta.url)

/** How long an unused session lives: shorter than the rest between two waves, longer than a pause within one. */
const life = 1000
const rest = 1300
const waves = 3
const work = { requests: 10, pause: 30, account: 1 }

/** What came of one fleet. */
interface Fleet extends Answer<"seen"> {
  readonly failed: number
  readonly error: string | undefined
  /** Milliseconds from start to end, without the rests. */
  readonly wall: number
}

const sail = async ({ program }: Team, size: number, place: Place | undefined): Promise<Fleet> => {
  const server = start("bench-simulator", tasks)
  const members: Array<Contestant> = []
  try {
    const config = { ...(await server.ask<Answer<"serve">>("serve", life)), store: place, cache: place }
    for (let i = 0; i < size; i++) members.push(start(program, tasks))
    const begun = performance.now()
    await Promise.all(members.map(({ ask }) => ask("join", config)))
    let failed = 0
    let error: string | undefined
    for (let n = 0; n < waves; n++) {
      if (n > 0) await new Promise((resolve) => setTimeout(resolve, rest))
      for (const wave of await Promise.all(members.map(({ ask }) => ask<Answer<"wave">>("wave", work)))) {
        failed += wave.failed
        error ??= wave.error
      }
    }
    const wall = performance.now() - begun - (waves - 1) * rest
    // Signing out is no part of what is compared: the peers do not.
    const seen = await server.ask<Answer<"seen">>("seen")
    await Promise.all(members.map(({ ask }) => ask("leave")))
    return { ...seen, error, failed, wall }
  } finally {
    for (const { stop } of [...members, server]) stop()
  }
}

const metrics: ReadonlyArray<readonly [metric: string, unit: string, of: (fleet: Fleet) => number]> = [
  ["sign-ins", "", ({ signIns }) => signIns],
  ["refreshes", "", ({ refreshes }) => refreshes],
  ["answered 401", "requests", ({ rejected }) => rejected],
  ["failed", "requests", ({ failed }) => failed],
  ["spent refresh tokens sent again", "", ({ reuses }) => reuses],
  ["wall time", "ms", ({ wall }) => wall]
]

export const fleet: Case = {
  name: "fleet",
  question: "What do 2, 8 and 16 processes do to an account that may have one session?",
  chart: { metric: "sign-ins" },
  run: async ({ log, quick }) => {
    const { notes: missing, there } = await reachable()
    const ours = there.map((engine) => ({
      name: `keyturn, ${engine}`,
      role: "ours" as const,
      program: "fleet-keyturn",
      engine
    }))
    const contenders: ReadonlyArray<Team> = [
      ...ours,
      ...peers.filter(({ engine }) => engine === undefined || there.includes(engine))
    ]
    const series: Array<Series> = []
    const verdicts: Array<Verdict> = []
    const notes: Array<string> = [
      `Each process sends ${work.requests} requests in each of ${waves} waves. A session that nobody uses for ${life} ms ends, and between two waves everybody rests for ${rest} ms, so ${waves - 1} renewals are due. Wall time is without the rests. Keyturn also renews ahead of time what is in use. A second sign-in ends the session of the first.`,
      ...missing
    ]
    for (const size of quick ? [2, 8] : [2, 8, 16]) {
      const group = `${size} processes`
      log(`fleet: ${group}, ${contenders.length} contenders`)
      const found = await interleave(contenders, quick ? 1 : 2, (contender) =>
        contender.engine === undefined
          ? sail(contender, size, undefined)
          : withPlace(contender.engine, (place) => sail(contender, size, place))
      )
      for (const { name: contender, role } of contenders) {
        const fleets = found.get(contender) ?? []
        for (const [metric, unit, of] of metrics) {
          series.push({ group, metric, unit, contender, role, values: fleets.map(of) })
        }
        const error = fleets.find((one) => one.error !== undefined)?.error
        if (error !== undefined) notes.push(`${contender}, ${group}: requests failed with “${error}”.`)
        if (role !== "ours") continue
        const bar = (name: string, limit: number, of: (fleet: Fleet) => number) =>
          judge({ name: `${group}, ${contender}: ${name}`, limit, unit: "" }, exactly(Math.max(...fleets.map(of))))
        verdicts.push(
          bar("sign-ins (I5)", 1, ({ signIns }) => signIns),
          bar("renewals at one time (I2)", 1, ({ peakRenewals }) => peakRenewals),
          bar("spent refresh tokens sent again (I1)", 0, ({ reuses }) => reuses),
          bar("failed requests (I4)", 0, ({ failed }) => failed)
        )
      }
    }
    return { series, verdicts, notes }
  }
}
