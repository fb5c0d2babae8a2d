import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { Browser, Frame, Page } from "playwright-core"
import { launch, missing } from "./support/chromium.ts"
import { startBench, startSite } from "./support/site.ts"
import { standStill } from "./support/still.ts"
import { ask, askWorker, openTab } from "./support/tab.ts"

const tags = async (page: Page) => (await ask(page, "events")).map(({ _tag }) => _tag)

describe.skipIf(missing)("in Chromium", { timeout: 60_000 }, () => {
  let browser: Browser
  let site: Awaited<ReturnType<typeof startSite>>

  beforeAll(async () => {
    ;[browser, site] = await Promise.all([launch(), startSite()])
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  /** Tabs of a person's own, and an API whose tokens die when its clock goes on. */
  const assemble = async (count: number) => {
    const bench = await startBench()
    const context = await browser.newContext()
    const tabs: Array<Page> = []
    for (let i = 0; i < count; i++) tabs.push(await openTab(context, site.url))
    return {
      bench,
      context,
      tabs: tabs as [Page, ...Array<Page>] & { readonly 1: Page },
      connecting: { url: bench.url, credentials: bench.credentials.service },
      [Symbol.asyncDispose]: async () => {
        await context.close()
        await bench[Symbol.asyncDispose]()
      }
    }
  }

  it.concurrent("20 tabs sign in once and refresh once, and no request fails (I1, I2, I4, I5)", async () => {
    await using house = await assemble(20)
    const { bench, connecting, tabs } = house
    await Promise.all(tabs.map((tab) => ask(tab, "connect", connecting)))
    assert.strictEqual(bench.stats().signIns, 1)
    bench.clock.advance({ hours: 25 })
    const statuses = await Promise.all(tabs.map((tab) => ask(tab, "request")))
    assert.deepStrictEqual(new Set(statuses), new Set([200]))
    const { evictions, failedRefreshes, peakRenewals, refreshes, refreshReuses, signIns } = bench.stats()
    assert.deepStrictEqual(
      { evictions, failedRefreshes, peakRenewals, refreshes, refreshReuses, signIns },
      { evictions: 0, failedRefreshes: 0, peakRenewals: 1, refreshes: 1, refreshReuses: 0, signIns: 1 }
    )
    const told = await Promise.all(tabs.map(tags))
    assert.strictEqual(told.filter((events) => events.includes("Refreshed")).length, 1)
    // The last one to leave signs out.
    await Promise.all(tabs.map((tab) => ask(tab, "signOut")))
    assert.deepStrictEqual([bench.stats().signOuts, bench.stats().liveSessions], [1, 0])
  })

  it.concurrent("a tab that is closed in the middle of a refresh is succeeded at once, not after its lease (I1, I4, I8)", async () => {
    await using house = await assemble(2)
    const { bench, connecting, tabs } = house
    for (const tab of tabs) await ask(tab, "connect", connecting)
    bench.clock.advance({ hours: 25 })
    // The token is spent, and its answer never reaches anybody.
    const held = bench.faults.add({ on: "refresh", kind: "delay", by: Number.POSITIVE_INFINITY, at: "after" })
    const first = ask(tabs[0], "request").catch(() => "closed")
    await held.firing()
    const second = ask(tabs[1], "request")
    const closed = performance.now()
    await tabs[0].close()
    assert.strictEqual(await second, 200)
    // Its lease had 35 seconds.
    assert.isBelow(performance.now() - closed, 5000)
    assert.strictEqual(await first, "closed")
    const { refreshes, refreshReuses, signIns } = bench.stats()
    assert.deepStrictEqual({ refreshes, refreshReuses, signIns }, { refreshes: 1, refreshReuses: 0, signIns: 2 })
    // A tab that has gone is no holder: whoever is left signs out.
    await ask(tabs[1], "signOut")
    assert.deepStrictEqual([bench.stats().signOuts, bench.stats().liveSessions], [1, 0])
  })

  it.concurrent("a tab that is stopped in a debugger in the middle of a refresh loses its lease in time, too (I1, I8)", async () => {
    const context = await browser.newContext()
    await standStill(context, site.url, {
      stop: (tab) => tab.send("Debugger.pause"),
      go: (tab) => tab.send("Debugger.resume")
    })
    await context.close()
  })

  it.concurrent("a lease lasts no longer than it was given for when somebody sets the clock back", async () => {
    const context = await browser.newContext()
    const tab = await openTab(context, site.url)
    const id = await ask(tab, "open")
    assert.isTrue(await ask(tab, "acquire", id, "key", "one", 300))
    await tab.evaluate("{ const now = Date.now; Date.now = () => now() - 3600_000 }")
    assert.isFalse(await ask(tab, "acquire", id, "key", "two", 300))
    const until = performance.now() + 5000
    while (!(await ask(tab, "acquire", id, "key", "two", 300))) assert.isBelow(performance.now(), until)
    await context.close()
  })

  it.concurrent("a worker that hangs in the middle of a step keeps nobody waiting: it leaves no transaction open (I8)", async () => {
    const context = await browser.newContext()
    assert.isBelow(await ask(await openTab(context, site.url), "besideHung", 2500), 1500)
    await context.close()
  })

  it.concurrent("a step that others overtake is done once more over what they wrote, and nothing is lost (I10)", async () => {
    const context = await browser.newContext()
    const tab = await openTab(context, site.url)
    assert.deepStrictEqual(await ask(tab, "overtake", 1), ["first", "other 2", "late"])
    // Nothing that it could collide with is left of what overtook it.
    assert.deepStrictEqual(await ask(tab, "overtake", 3), ["first", "other 2", "other 3", "other 4", "late"])
    await context.close()
  })

  it.concurrent("whoever deletes the site's data is not kept waiting; a newer version's database is refused", async () => {
    const context = await browser.newContext()
    const tab = await openTab(context, site.url)
    const id = await ask(tab, "open")
    assert.isTrue(await ask(tab, "write", id, "key", '{"version":1,"generation":1}'))
    const request = (call: string) =>
      `new Promise((resolve, reject) => { const request = indexedDB.${call}; request.onblocked = request.onerror = reject;
        request.onsuccess = () => { request.result?.close(); resolve(true) } })`
    assert.isTrue(await tab.evaluate(request("deleteDatabase('keyturn')")))
    assert.strictEqual(await ask(tab, "read", id, "key"), '{"version":0,"generation":0}')
    assert.isTrue(await tab.evaluate(request("open('keyturn', 99)")))
    assert.match(await ask(tab, "trouble", id), /newer version of @keyturn\/store-browser\. Reload this page/)
    // Nor is it taken for a browser that denies storage, by those that begin now.
    assert.match(await ask(tab, "trouble", await ask(tab, "open")), /newer version/)
    await context.close()
  })

  it.concurrent("a page and its dedicated, shared and service workers share one session (I2, I5)", async () => {
    await using house = await assemble(1)
    const { bench, connecting, tabs } = house
    const [page] = tabs
    const kinds = ["dedicated", "shared", "service"] as const
    await Promise.all([
      ask(page, "connect", connecting),
      ...kinds.map((kind) => askWorker(page, kind, "connect", connecting))
    ])
    bench.clock.advance({ hours: 25 })
    assert.deepStrictEqual(
      await Promise.all([ask(page, "request"), ...kinds.map((kind) => askWorker(page, kind, "request"))]),
      [200, 200, 200, 200]
    )
    const { peakRenewals, refreshes, signIns } = bench.stats()
    assert.deepStrictEqual({ peakRenewals, refreshes, signIns }, { peakRenewals: 1, refreshes: 1, signIns: 1 })
    await ask(page, "signOut")
    for (const kind of kinds) {
      assert.strictEqual(bench.stats().signOuts, 0)
      await askWorker(page, kind, "signOut")
    }
    assert.deepStrictEqual([bench.stats().signOuts, bench.stats().liveSessions], [1, 0])
  })

  it.concurrent("a reloaded page goes on with the session, and the page before it is no holder", async () => {
    await using house = await assemble(1)
    const { bench, connecting, tabs } = house
    const [page] = tabs
    await ask(page, "connect", connecting)
    await page.reload()
    await page.waitForFunction("globalThis.keyturn !== undefined")
    await ask(page, "connect", connecting)
    assert.strictEqual(await ask(page, "request"), 200)
    assert.strictEqual(bench.stats().signIns, 1)
    await ask(page, "signOut")
    assert.deepStrictEqual([bench.stats().signOuts, bench.stats().liveSessions], [1, 0])
  })

  it.concurrent("private windows have a session of their own, which their tabs share", async () => {
    await using one = await assemble(2)
    const { bench, connecting, tabs } = one
    for (const tab of tabs) await ask(tab, "connect", connecting)
    assert.strictEqual(bench.stats().signIns, 1)
    const other = await browser.newContext()
    await ask(await openTab(other, site.url), "connect", connecting)
    assert.strictEqual(bench.stats().signIns, 2)
    await other.close()
  })

  it.concurrent("where storage is denied the session lives in the page's memory, and an event says so", async () => {
    await using house = await assemble(0)
    const { bench, connecting, context } = house
    const outer = await context.newPage()
    await outer.goto(`${site.url}/sandboxed`)
    const page = outer.frames()[1] as Frame
    await page.waitForFunction("globalThis.keyturn !== undefined")
    await ask(page, "connect", connecting)
    const [failed] = await ask(page, "events")
    assert.deepInclude(failed, { _tag: "StoreFailed", operation: "open" })
    assert.match(String(failed?.message), /SecurityError.*memory/)
    bench.clock.advance({ hours: 25 })
    assert.strictEqual(await ask(page, "request"), 200)
    await ask(page, "signOut")
    const { liveSessions, refreshes, signIns, signOuts } = bench.stats()
    assert.deepStrictEqual(
      { liveSessions, refreshes, signIns, signOuts },
      { liveSessions: 0, refreshes: 1, signIns: 1, signOuts: 1 }
    )
  })
})
