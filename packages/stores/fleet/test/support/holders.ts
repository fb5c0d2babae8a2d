/** What the holders of one session do to each other, in processes of their own. */
import assert from "node:assert/strict"
import type { Worker } from "./fleet.ts"
import type { EngineName } from "./places.ts"
import { openHouse } from "./scenarios.ts"

/** Long enough that nothing is renewed meanwhile. */
const life = 3_600_000
const idle = { requests: 0, pause: 0 }
/** Nothing is to get lost here for want of time. */
const deadline = { signIn: "20 seconds" } as const

type House = Awaited<ReturnType<typeof openHouse>>

const open = async ({ fleet }: House, count: number): Promise<ReadonlyArray<Worker>> => {
  const workers = Array.from({ length: count }, () => fleet.start())
  await Promise.all(workers.map((worker) => worker.told("connected")))
  return workers
}

const leave = async (worker: Worker | undefined): Promise<void> => {
  worker?.order("start")
  worker?.order("end")
  assert.equal(await worker?.exited, 0)
}

/** One signs everybody out: nobody's request works any more, nobody signs in again by itself, and who comes later may. */
export const signOutEverywhere = async (engine: EngineName): Promise<void> => {
  await using house = await openHouse(engine, { ...idle, policy: { deadline } }, { life })
  const { server } = house
  const [first, ...others] = await open(house, 4)
  first?.order("everywhere")
  await first?.told("signed everybody out")
  for (const worker of others) worker.order("ask")
  await Promise.all(others.map((worker) => worker.told("answered SessionLost")))
  assert.equal(server.stats().signIns, 1)
  assert.equal(server.stats().signOuts, 1)
  assert.equal(server.stats().liveSessions, 0)
  const [later] = await open(house, 1)
  assert.equal(server.stats().signIns, 2, "who comes afterwards signs in anew")
  for (const worker of others) await leave(worker)
  assert.equal(server.stats().liveSessions, 1, "who was signed out must not sign out who came afterwards")
  await leave(later)
  assert.equal(server.stats().liveSessions, 0)
}

/** Short processes that come one after the other take one session over from each other. */
export const linger = async (engine: EngineName): Promise<void> => {
  await using house = await openHouse(engine, { ...idle, policy: { deadline, linger: "1 hour" } }, { life })
  for (let i = 0; i < 3; i++) await leave((await open(house, 1))[0])
  const { liveSessions, signIns, signOuts } = house.server.stats()
  assert.deepEqual({ liveSessions, signIns, signOuts }, { liveSessions: 1, signIns: 1, signOuts: 0 })
}

/** An account with three sessions: six processes share them, never one more, also when some are killed and others come. */
export const slots = async (engine: EngineName): Promise<void> => {
  await using house = await openHouse(
    engine,
    { ...idle, policy: { deadline, sessions: 3 } },
    { life, account: "person" }
  )
  const { server } = house
  const workers = await open(house, 6)
  const { evictions, liveSessions, signIns } = server.stats()
  assert.deepEqual({ evictions, liveSessions, signIns }, { evictions: 0, liveSessions: 3, signIns: 3 })
  await Promise.all(workers.slice(0, 3).map((worker) => worker.kill()))
  const more = await open(house, 3)
  assert.equal(server.stats().signIns, 3, "what a killed process held is there for the next")
  for (const worker of [...workers.slice(3), ...more]) {
    worker.order("ask")
    await worker.told("answered 200")
  }
  assert.equal(server.stats().evictions, 0)
}
