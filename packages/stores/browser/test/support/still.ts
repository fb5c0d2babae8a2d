import { assert } from "@effect/vitest"
import type { BrowserContext, CDPSession } from "playwright-core"
import { startBench } from "./site.ts"
import { ask, openTab } from "./tab.ts"

/** How a tab is made to stand still, and to go on. */
export interface Way {
  readonly stop: (tab: CDPSession) => Promise<unknown>
  readonly go: (tab: CDPSession) => Promise<unknown>
}

/** Has a tab stand still in the middle of a refresh and another one need it; then lets it go on. */
export const standStill = async (context: BrowserContext, site: string, { go, stop }: Way): Promise<void> => {
  await using bench = await startBench()
  const connecting = { url: bench.url, credentials: bench.credentials.service, deadline: 1500 }
  const [one, two] = [await openTab(context, site), await openTab(context, site)]
  await ask(one, "connect", connecting)
  await ask(two, "connect", connecting)
  const devtools = await context.newCDPSession(one)
  await devtools.send("Debugger.enable")
  bench.clock.advance({ hours: 25 })
  // Its token is spent, and it stands still before the answer comes.
  const held = bench.faults.add({ on: "refresh", kind: "delay", by: Number.POSITIVE_INFINITY, at: "after" })
  const first = ask(one, "request").catch(String)
  await held.firing()
  const from = performance.now()
  await stop(devtools)
  held.release()
  assert.strictEqual(await ask(two, "request"), 200)
  // Its call had 1.5 seconds and its lease 5 more: no earlier, for it might have been at work; and not much later.
  const took = performance.now() - from
  assert.isAbove(took, 4000)
  assert.isBelow(took, 12_000)
  const { refreshes, refreshReuses, signIns } = bench.stats()
  assert.deepStrictEqual({ refreshes, refreshReuses, signIns }, { refreshes: 1, refreshReuses: 0, signIns: 2 })
  await go(devtools)
  // It stores nothing any more, takes over what the other one got, and its request goes through.
  assert.strictEqual(await first, 200)
  assert.strictEqual(await ask(one, "generation"), await ask(two, "generation"))
  const after = bench.stats()
  assert.deepStrictEqual([after.refreshes, after.refreshReuses, after.signIns], [1, 0, 2])
}
