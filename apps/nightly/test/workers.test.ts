import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { runHere } from "./support/here.ts"
import { scratch, start } from "./support/program.ts"
import { openAll, reportsOf } from "./support/services.ts"

/** The children of a process, as the kernel lists them. */
const childrenOf = (pid: number): ReadonlyArray<number> =>
  readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(" "))
    .filter((text) => text !== "")
    .map(Number)

describe("eight processes", () => {
  it("I5: share the work and one session of an account that allows one, and report what one process would", async () => {
    using folder = scratch()
    await using all = await openAll(folder.base)
    const { ended } = start(["--workers", "8", "--out", folder.path], all.env)
    const { code, stderr } = await ended
    assert.strictEqual(code, 0, stderr)
    const { evictions, peakRenewals, refreshes, rejected, signIns, signOuts } = all.bench.stats()
    assert.deepStrictEqual(
      { evictions, refreshes, rejected: rejected.total, signIns, signOuts },
      {
        evictions: 0,
        refreshes: 0,
        rejected: 0,
        signIns: 1,
        signOuts: 0
      }
    )
    assert.strictEqual(peakRenewals, 1)
    assert.strictEqual(all.bits.stats().signIns, 1)
    assert.lengthOf(await reportsOf(all.pink), 1)
    const report = folder.report()
    assert.strictEqual(report.run.workers, 8)
    const [ofBench] = report.sessions
    // Several had a part in it, and all but one took over what one got.
    const processes = new Set(report.sessions.flatMap(({ entries }) => entries.map(({ process }) => process)))
    assert.isAtLeast(processes.size, 6)
    assert.notInclude(processes, 0)
    const kinds = ofBench?.entries.map(({ kind }) => kind) ?? []
    assert.deepStrictEqual(new Set(kinds.slice(1)), new Set(["adopted"]))

    const alone = scratch()
    try {
      const { result } = await runHere(alone, { ...all.env, NIGHTLY_STATE: folder.state })
      assert.deepStrictEqual(report.bench, result.report.bench)
      assert.strictEqual(all.bench.stats().signIns, 1)
    } finally {
      alone[Symbol.dispose]()
    }
  })

  it.skipIf(process.platform !== "linux")("of which one is killed do without it", async () => {
    using folder = scratch()
    await using all = await openAll(folder.base)
    const on = "GET /rp/api/v1/accounts/1/persons/unavailabilities"
    const held = all.bench.faults.add({ on, kind: "delay", by: Number.POSITIVE_INFINITY })
    const { child, ended } = start(["--workers", "2", "--only", "bench", "--out", folder.path], all.env)
    await held.firing()
    // One of the two reads time away; the other one is done with all the rest before long.
    const [first, second] = childrenOf(child.pid as number)
    assert.isDefined(second)
    process.kill(first as number, "SIGKILL")
    held.release()
    const { code, stderr } = await ended
    assert.strictEqual(code, 0, stderr)
    assert.isAtMost(all.bench.stats().signIns, 2)
    assert.isAtLeast(folder.report().bench.people.length, 200)
  })
})
