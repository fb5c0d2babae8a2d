/** A browser as a person uses it: tabs that are hidden and frozen, a profile that outlives it, settings that deny storage. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { endProfiles, launchProfile, missing } from "./support/chromium.ts"
import { startBench, startSite } from "./support/site.ts"
import { standStill } from "./support/still.ts"
import { ask, openTab } from "./support/tab.ts"

describe.skipIf(missing)("in Chromium, with a profile", { timeout: 60_000 }, () => {
  let site: Awaited<ReturnType<typeof startSite>>
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "keyturn-profile-"))
    site = await startSite()
  })
  afterAll(async () => {
    await endProfiles()
    await site?.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  it.concurrent("a tab that is frozen in the middle of a refresh loses its lease when its time is over, and adopts (I1, I8, T19)", async () => {
    await using browser = await launchProfile(join(folder, "frozen"))
    await standStill(browser.context, site.url, {
      stop: (tab) => tab.send("Page.setWebLifecycleState", { state: "frozen" }),
      go: (tab) => tab.send("Page.setWebLifecycleState", { state: "active" })
    })
  })

  it.concurrent("a hidden tab counts as a holder though its timers may run but once a minute", async () => {
    await using browser = await launchProfile(join(folder, "hidden"))
    const hidden = await openTab(browser.context, site.url)
    const shown = await openTab(browser.context, site.url)
    await shown.bringToFront()
    assert.strictEqual(await hidden.evaluate("document.visibilityState"), "hidden")
    const [one, two] = [await ask(hidden, "open"), await ask(shown, "open")]
    const record = '{"version":1,"generation":1,"tokens":{"accessToken":"a","tokenType":"Bearer","issuedAt":1}}'
    await ask(shown, "write", two, "key", record)
    await ask(hidden, "hold", one, "key", "hidden", 100)
    await ask(shown, "hold", two, "key", "shown", 100)
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.isUndefined(await ask(shown, "leave", two, "key", "shown", true))
    // Once it has gone it counts no longer, however long its time.
    await hidden.close()
    const until = performance.now() + 5000
    while ((await ask(shown, "leave", two, "key", "shown", true)) === undefined) {
      assert.isBelow(performance.now(), until)
    }
  })

  it.concurrent("a session outlives the browser, if nobody signs it out", async () => {
    await using bench = await startBench()
    const connecting = { url: bench.url, credentials: bench.credentials.service }
    const told: Array<ReadonlyArray<string>> = []
    for (let visit = 0; visit < 2; visit++) {
      await using browser = await launchProfile(join(folder, "visits"))
      const tab = await openTab(browser.context, site.url)
      await ask(tab, "connect", connecting)
      told.push((await ask(tab, "events")).map(({ _tag }) => _tag))
    }
    assert.deepStrictEqual(told, [["SignedIn"], ["Adopted"]])
    assert.strictEqual(bench.stats().signIns, 1)
  })

  it.concurrent("a person who blocks all site data has a session in the page's memory", async () => {
    await using bench = await startBench()
    const profile = join(folder, "blocking")
    mkdirSync(join(profile, "Default"), { recursive: true })
    // What that setting writes.
    const preferences = { profile: { default_content_setting_values: { cookies: 2 } } }
    writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify(preferences))
    await using browser = await launchProfile(profile)
    const tab = await openTab(browser.context, site.url)
    await ask(tab, "connect", { url: bench.url, credentials: bench.credentials.service })
    const [failed, signedIn] = await ask(tab, "events")
    assert.deepInclude(failed, { _tag: "StoreFailed", operation: "open" })
    assert.strictEqual(signedIn?._tag, "SignedIn")
    assert.strictEqual(await ask(tab, "request"), 200)
  })
})
