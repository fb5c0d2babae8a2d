import { assert, describe, it } from "@effect/vitest"
import * as bench from "@keyturn/simulators"
import { engines, missing } from "./support/engines.ts"
import { makeFleet } from "./support/fleet.ts"

const PROCESSES = 8
const REQUESTS = 50
const pick = <A>(from: ReadonlyArray<A>): A => from[Math.floor(Math.random() * from.length)] as A

/** Eight processes on one service account, which may have one session; its tokens live a second and a half. */
const assemble = async (engine: keyof typeof engines) => {
  const place = await engines[engine]()
  const server = await bench.bench.listen({ lifetimes: { access: { milliseconds: 1500 } } })
  const fleet = makeFleet({
    store: place.spec,
    url: server.url,
    credentials: server.credentials.service,
    requests: REQUESTS,
    pause: 80
  })
  return {
    server,
    fleet,
    [Symbol.asyncDispose]: async () => {
      await fleet[Symbol.asyncDispose]()
      await server.close()
      await place.clean()
    }
  }
}

for (const engine of ["file", "redis", "postgres"] as const) {
  describe.skipIf(missing.has(engine))(`a fleet on the ${engine} store`, () => {
    it("signs in once, refreshes once an expiry, fails no request, and signs out once (I1, I2, I4, I5, T10)", async () => {
      await using house = await assemble(engine)
      const { fleet, server } = house
      const workers = Array.from({ length: PROCESSES }, fleet.start)
      await Promise.all(workers.map((worker) => worker.told("connected")))
      for (const worker of workers) worker.order("start")
      await Promise.all(workers.map((worker) => worker.told("finished")))
      const before = server.stats()
      assert.deepStrictEqual(fleet.failures, [])
      assert.strictEqual(before.signIns, 1)
      assert.strictEqual(before.refreshReuses, 0)
      assert.strictEqual(before.failedRefreshes, 0)
      assert.strictEqual(before.evictions, 0)
      assert.strictEqual(before.peakRenewals, 1)
      assert.isAbove(before.refreshes, 1)
      for (const worker of workers) worker.order("end")
      assert.deepStrictEqual(
        await Promise.all(workers.map((worker) => worker.exited)),
        workers.map(() => 0)
      )
      const after = server.stats()
      assert.strictEqual(after.signIns, 1)
      assert.strictEqual(after.signOuts, 1)
      assert.strictEqual(after.liveSessions, 0)
    }, 120_000)

    it("spends no refresh token twice and signs in at most once a kill, whoever is killed when (I1, I4, I5)", async () => {
      await using house = await assemble(engine)
      const { fleet, server } = house
      // Long enough that a process is often killed in the middle of one.
      server.faults.add({ on: "refresh", kind: "delay", by: 150, at: "after", times: Number.POSITIVE_INFINITY })
      const start = async () => {
        const worker = fleet.start()
        await worker.told("connected")
        worker.order("start")
      }
      await Promise.all(Array.from({ length: PROCESSES }, start))
      const kills = 6
      for (let killed = 0; killed < kills; killed++) {
        // In the middle of a refresh every other time: whoever it is that makes it may be the one.
        await server.faults.add({ on: killed % 2 === 0 ? "refresh" : "api", kind: "delay", by: 0 }).firing()
        const alive = [...fleet.workers]
        await (pick(alive.filter(({ events }) => events.includes("connected"))) ?? pick(alive)).kill()
        await start()
      }
      const workers = [...fleet.workers]
      await Promise.all(workers.map((worker) => worker.told("finished")))
      const stats = server.stats()
      assert.deepStrictEqual(fleet.failures, [])
      assert.strictEqual(stats.refreshReuses, 0)
      assert.isAtMost(stats.signIns, 1 + kills)
      for (const worker of workers) worker.order("end")
      assert.deepStrictEqual(
        await Promise.all(workers.map((worker) => worker.exited)),
        workers.map(() => 0)
      )
      assert.strictEqual(server.stats().liveSessions, 0)
    }, 240_000)
  })
}
