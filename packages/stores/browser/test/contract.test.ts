import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { memory } from "@keyturn/auth/SessionStore"
import { storeContract } from "@keyturn/auth/testing"
import type { Browser, Frame, Page } from "playwright-core"
import { launch, missing, PLAIN } from "./support/chromium.ts"
import { startSite } from "./support/site.ts"
import { ask, openTab } from "./support/tab.ts"

// The cases run in the browser; here are only their names.
const names = storeContract(memory).map(({ name }) => name)

describe.skipIf(missing)("in Chromium", { timeout: 60_000 }, () => {
  let browser: Browser
  let site: Awaited<ReturnType<typeof startSite>>
  let page: Page
  let sandboxed: Frame
  let bare: Page

  beforeAll(async () => {
    ;[browser, site] = await Promise.all([launch(), startSite()])
    const context = await browser.newContext()
    page = await openTab(context, site.url)
    const outer = await context.newPage()
    await outer.goto(`${site.url}/sandboxed`)
    sandboxed = outer.frames()[1] as Frame
    bare = await context.newPage()
    await bare.addInitScript("delete globalThis.BroadcastChannel")
    await bare.goto(site.url.replace("127.0.0.1", PLAIN))
    await bare.waitForFunction("globalThis.keyturn !== undefined")
    await sandboxed.waitForFunction("globalThis.keyturn !== undefined")
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  describe("the browser store, shared by a page and a worker", () => {
    for (const name of names) {
      it.concurrent(name, async () => assert.isUndefined(await ask(page, "check", name, {}, "dedicated")))
    }
  })

  describe("the browser store, encrypted", () => {
    const options = { name: "sealed", sealed: true }
    for (const name of names)
      it.concurrent(name, async () => assert.isUndefined(await ask(page, "check", name, options)))
  })

  describe("the browser store without Web Locks and BroadcastChannel", () => {
    it("is without them", async () => {
      const found = await bare.evaluate("[typeof navigator.locks, typeof BroadcastChannel]")
      assert.deepStrictEqual(found, ["undefined", "undefined"])
    })
    for (const name of names) it.concurrent(name, async () => assert.isUndefined(await ask(bare, "check", name, {})))
  })

  describe("the browser store where storage is denied", () => {
    for (const name of names)
      it.concurrent(name, async () => assert.isUndefined(await ask(sandboxed, "check", name, {})))
  })
})
