import { rmSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { runHere } from "./support/here.ts"
import { scratch, start } from "./support/program.ts"
import { openAll, reportsOf } from "./support/services.ts"

/** How often the run is killed: a few times here, more in the long form (`pnpm --filter @keyturn/nightly chaos`). */
const kills = Number(process.env.NIGHTLY_KILLS ?? 3)
const seed = Number(process.env.NIGHTLY_SEED ?? 7)

/** Numbers from 0 to 1, the same for the same seed. */
const random = (state: number) => () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

describe("a run that is killed", () => {
  it(`with all its processes, at ${kills} moments (seed ${seed}), is gone on with by the next: at most one more sign-in each, a correct report, published once`, async () => {
    using reference = scratch()
    using folder = scratch()
    await using all = await openAll(reference.base)
    const next = random(seed)

    const { report: expected } = (await runHere(reference, all.env)).result
    const { requests } = all.bench.stats()
    let killed = 0
    for (let round = 0; round < kills; round++) {
      // Every other one has to sign in first.
      const fresh = round % 2 === 0
      if (fresh) rmSync(folder.state, { recursive: true, force: true })
      const before = { bench: all.bench.stats().signIns, bits: all.bits.stats().signIns }
      const published = (await reportsOf(all.pink)).length
      // At a request of Bench, from the first to the last; at one of pink; or when all is done but the report.
      const skip = Math.floor(next() * requests)
      const on = all.bench.faults.add({ on: "any", kind: "delay", by: 0, skip })
      const other = all.pink.faults.add({ on: "any", kind: "delay", by: 0, skip: Math.floor(next() * 3) })
      const workers = next() < 0.5 ? "1" : "2"
      const run = start(["--workers", workers, "--out", folder.path], all.env, { detached: true })
      const which = next()
      const allDone = new Promise<void>((resolve) =>
        run.child.stderr?.on("data", (text) => String(text).includes("publish: done") && resolve())
      )
      const moment = which < 0.6 ? on.firing() : which < 0.8 ? other.firing() : allDone
      const first = await Promise.race([moment.then(() => "now" as const), run.ended.then(() => "ended" as const)])
      if (first === "now") {
        try {
          process.kill(-(run.child.pid as number), "SIGKILL")
          killed++
        } catch {
          // It has just ended.
        }
      }
      await run.ended
      on.remove()
      other.remove()

      const { report } = (await runHere(folder, all.env)).result
      assert.isTrue(report.run.complete, `round ${round}`)
      const most = fresh ? 2 : 1
      assert.isAtMost(all.bench.stats().signIns - before.bench, most, `round ${round}`)
      assert.isAtMost(all.bits.stats().signIns - before.bits, most, `round ${round}`)
      assert.deepStrictEqual(report.bench, expected.bench, `round ${round}`)
      assert.deepStrictEqual(report.bits, expected.bits, `round ${round}`)
      assert.isTrue(report.allura?.tools.every(({ saved }) => saved))
      // What was killed and what went on with it are one run, and published once.
      const titles = (await reportsOf(all.pink)).map(({ title }) => title)
      assert.lengthOf(new Set(titles), titles.length)
      assert.isAtMost(titles.length - published, report.run.resumed ? 1 : 2)
      // Nothing half-written anywhere.
      for (const name of folder.names()) assert.match(name, /^(latest|\d{4}-[\dTZ-]+)$/)
    }
    assert.isAtLeast(killed, Math.ceil(kills / 2))
  }, 600_000)
})
