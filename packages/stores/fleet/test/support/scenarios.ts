/**
 * What a fleet goes through, and what the server's log must say of it afterwards. The short forms are in `pnpm test`, the
 * long ones in `pnpm chaos`.
 */
import assert from "node:assert/strict"
import { type BenchSimulator, bench } from "@keyturn/simulators"
import { type Difference, type Job, makeFleet } from "./fleet.ts"
import { type EngineName, type Outage, type Place, places } from "./places.ts"
import { openWay, type Way } from "./way.ts"

/** How large a fleet is, and how long it works. */
export interface Size {
  readonly processes: number
  readonly requests: number
  /** Milliseconds between two requests of a process, on average. */
  readonly pause: number
}

/** Milliseconds that a token lives: it is due in the last fifth and a quarter of that, which is drawn. */
const LIFE = 2000
const EARLIEST = LIFE * (1 - 0.2 * 1.25)

interface House extends AsyncDisposable {
  readonly place: Place
  readonly server: BenchSimulator
  readonly api: Way
  readonly fleet: ReturnType<typeof makeFleet>
}

/** A server, an engine and a network for one fleet; nobody works yet. */
export const openHouse = async (
  engine: EngineName,
  job: Partial<Job> & Pick<Job, "requests" | "pause">,
  { account = "service", life = LIFE }: { readonly account?: "service" | "person"; readonly life?: number } = {}
): Promise<House> => {
  await using stack = new AsyncDisposableStack()
  const place = stack.use(await places[engine]())
  const server = stack.use(await bench.listen({ lifetimes: { access: { milliseconds: life } } }))
  const api = stack.use(await openWay(() => Number(new URL(server.url).port)))
  const fleet = stack.use(
    makeFleet({
      store: place.spec,
      url: `http://127.0.0.1:${api.port}`,
      credentials: server.credentials[account],
      ...job
    })
  )
  const end = stack.move()
  return { place, server, api, fleet, [Symbol.asyncDispose]: () => end.disposeAsync() }
}

/**
 * A fleet at work; `during` is what happens to it, and can have one more process join. Afterwards everybody leaves, and the log
 * is read. Where its processes differ, the first one comes first, and what it signed in to is for the others to judge.
 */
const withFleet = async (
  engine: EngineName,
  { processes, ...job }: Size,
  differences: ReadonlyArray<Difference>,
  during: (house: House, join: () => Promise<unknown>) => Promise<void>
) => {
  await using house = await openHouse(engine, job)
  const { fleet, server } = house
  const join = async (difference?: Difference) => {
    const worker = fleet.start(difference)
    await worker.told("connected")
    worker.order("start")
  }
  const all = Array.from({ length: processes }, (_, i) => differences[i % differences.length])
  if (differences.length > 1) await join(all.shift())
  await Promise.all(all.map(join))
  await during(house, join)
  const workers = [...fleet.workers]
  await Promise.all(workers.map((worker) => worker.told("finished")))
  for (const worker of workers) worker.order("end")
  assert.deepEqual(
    await Promise.all(workers.map((worker) => worker.exited)),
    workers.map(() => 0)
  )
  const stats = server.stats()
  assert.deepEqual(fleet.failures, [], "no request may fail, and no refused token be sent again")
  assert.equal(stats.refreshReuses, 0, "no refresh token may be spent twice (I1)")
  assert.equal(stats.liveSessions, 0, "the last one to leave must sign out")
  return { stats, fleet }
}

/** What a run came to, for people. */
export interface Outcome {
  readonly requests: number
  readonly signIns: number
  readonly refreshes: number
  readonly faults: number
}

type Run = Awaited<ReturnType<typeof withFleet>>

const outcomeOf = ({ stats }: Run, faults: number): Outcome => ({
  requests: stats.requests,
  signIns: stats.signIns,
  refreshes: stats.refreshes,
  faults
})

/** On a machine that is slow an answer may come too late, which is a fault like any other. */
const assertSignIns = (signIns: number, lost: number): void =>
  assert.ok(
    signIns >= 1 && signIns <= 1 + lost,
    `${signIns} sign-ins are more than one, and one a lost answer (${lost}) (I5)`
  )

/** One sign-in, one refresh at each expiry, one sign-out, and never two calls at once. */
const assertExact = ({ fleet, stats }: Run, earliest: number): void => {
  const lost = fleet.count("AnswerLost")
  assertSignIns(stats.signIns, lost)
  assert.equal(stats.signOuts, 1)
  assert.ok(stats.evictions <= lost, "our sign-ins must not fight (I5)")
  assert.equal(stats.failedRefreshes, 0)
  assert.ok(stats.peakRenewals <= 1 + lost, "one sign-in or refresh at a time (I2)")
  const renewed = stats.log
    .filter(({ kind }) => kind === "signIn" || kind === "refresh")
    .map(({ at }) => Date.parse(at))
  const gaps = renewed.slice(1).map((at, i) => at - (renewed[i] as number))
  assert.ok(Math.min(...gaps) >= earliest, `a token was renewed ${Math.min(...gaps)} ms after it came`)
  assert.ok(gaps.length > 1, "a session in use must be refreshed")
}

/** Nothing happens. */
export const calm = async (engine: EngineName, size: Size): Promise<Outcome> => {
  const run = await withFleet(engine, size, [{}], async () => {})
  assertExact(run, EARLIEST - 50)
  return outcomeOf(run, 0)
}

/** The processes' clocks are wrong, each by another five minutes; of a server's `Date` half a second is unknown. */
export const wrongClocks = async (engine: EngineName, size: Size): Promise<Outcome> => {
  const minutes = 60_000
  const clocks = [-5, 5, 0, 2.5].map((by) => ({ clock: by * minutes }))
  const run = await withFleet(engine, size, clocks, async () => {})
  assertExact(run, EARLIEST - 550)
  return outcomeOf(run, 0)
}

/** The processes are run by different versions of Node. */
export const nodeVersions = async (
  engine: EngineName,
  size: Size,
  executables: ReadonlyArray<string>
): Promise<Outcome> => {
  const nodes = executables.map((node) => ({ node }))
  const run = await withFleet(engine, size, nodes, async () => {})
  assertExact(run, EARLIEST - 50)
  return outcomeOf(run, 0)
}

const pick = <A>(from: ReadonlyArray<A>): A => from[Math.floor(Math.random() * from.length)] as A

/** A random process gets SIGKILL, again and again; another takes its place. */
export const kills = async (
  engine: EngineName,
  size: Size,
  { every, times }: { readonly every: number; readonly times: number }
): Promise<Outcome> => {
  const run = await withFleet(engine, size, [{}], async ({ fleet, server }, join) => {
    const joining: Array<Promise<unknown>> = []
    for (let killed = 0; killed < times; killed++) {
      // Every third time in the middle of a refresh: whoever it is that makes it may be the one.
      if (killed % 3 === 0) await server.faults.add({ on: "refresh", kind: "delay", by: 100, at: "after" }).firing()
      else await new Promise((resolve) => setTimeout(resolve, every))
      const working = [...fleet.workers].filter(({ events }) => events.includes("connected"))
      if (working.length > 0) await pick(working).kill()
      joining.push(join())
    }
    await Promise.all(joining)
  })
  const most = 1 + times + run.fleet.count("AnswerLost")
  assert.ok(run.stats.signIns <= most, `${run.stats.signIns} sign-ins are more than one, and one a kill (I5)`)
  return outcomeOf(run, times)
}

/**
 * Processes stand still in the middle of a refresh (SIGSTOP) for longer than a lease lasts, and go on as if nothing had been:
 * by then somebody else has taken over, and what they still write or release must come to nothing.
 */
export const pauses = async (engine: EngineName, size: Size, times: number): Promise<Outcome> => {
  const LEASE = 8000
  const run = await withFleet(engine, size, [{}], async ({ fleet, server }) => {
    for (let i = 0; i < times; i++) {
      await server.faults.add({ on: "refresh", kind: "delay", by: 300, at: "after" }).firing()
      // Most likely it is one of these that refreshes.
      const still = [...fleet.workers].slice(i % 2, size.processes - 2 + (i % 2))
      for (const { process } of still) process.kill("SIGSTOP")
      await new Promise((resolve) => setTimeout(resolve, LEASE + 1000))
      for (const { process } of still) process.kill("SIGCONT")
      await new Promise((resolve) => setTimeout(resolve, LIFE))
    }
  })
  const most = 1 + times + run.fleet.count("AnswerLost")
  assert.ok(
    run.stats.signIns <= most,
    `${run.stats.signIns} sign-ins are more than one, and one a pause or lost answer`
  )
  return outcomeOf(run, times)
}

/** The engine fails in each of its ways, one after the other. Nobody notices. */
export const engineOutages = async (engine: EngineName, size: Size, milliseconds: number): Promise<Outcome> => {
  let faults = 0
  const run = await withFleet(engine, size, [{}], async ({ place }) => {
    for (const outage of Object.values<Outage>(place.outages)) {
      await outage(milliseconds)
      faults++
      await new Promise((resolve) => setTimeout(resolve, LIFE / 2))
    }
  })
  assertSignIns(run.stats.signIns, run.fleet.count("AnswerLost"))
  assert.equal(run.stats.failedRefreshes, 0)
  return outcomeOf(run, faults)
}

/** The API cannot be reached. An answer that got lost on the way costs a sign-in, and nothing else does. */
export const apiOutages = async (engine: EngineName, size: Size, milliseconds: number): Promise<Outcome> => {
  const run = await withFleet(engine, size, [{}], async ({ api }) => {
    for (const outage of [api.sever, api.stall]) {
      await outage(milliseconds)
      await new Promise((resolve) => setTimeout(resolve, LIFE / 2))
    }
  })
  assertSignIns(run.stats.signIns, run.fleet.count("AnswerLost"))
  return outcomeOf(run, 2)
}
