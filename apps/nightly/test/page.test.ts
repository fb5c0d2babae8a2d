/** `report.html`, made from a report with everything in it, and looked at in a real browser. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { Browser, BrowserContextOptions } from "playwright-core"
import { type Moment, stretches } from "../src/report/page/timeline.ts"
import { page } from "../src/report/page.ts"
import { barriers, hasChromium, launch } from "./support/chromium.ts"
import { scratch } from "./support/program.ts"
import { sampleReport } from "./support/sample-report.ts"

const hostile = `<img src=x onerror="document.title='owned'"></script><script>document.title='owned'</script>'"&`

/** Opens a text as a file, and notes whatever the browser complains of or asks the network for. */
const open = async (browser: Browser, text: string, options: BrowserContextOptions = {}) => {
  const folder = scratch()
  const file = join(folder.path, "report.html")
  writeFileSync(file, text)
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  const tab = await context.newPage()
  const complaints: Array<string> = []
  tab.on("console", (message) => complaints.push(message.text()))
  tab.on("pageerror", (error) => complaints.push(String(error)))
  tab.on("request", (request) => {
    if (!/^(data|file):/.test(request.url())) complaints.push(`asked for ${request.url()}`)
  })
  await tab.goto(pathToFileURL(file).href)
  folder[Symbol.dispose]()
  return { tab, complaints }
}

describe("the text of report.html", () => {
  it("leaves out the parts that there is nothing of", () => {
    const whole = sampleReport()
    const text = page({ ...whole, allura: null, bench: null, bits: null, publish: null, sessions: [] })
    assert.include(text, "Nightly report")
    assert.notMatch(text, /id="(bench|allura|bits|publish)"|href="#(bench|allura|bits|publish)"/)
    const { bench } = whole
    if (bench === null) return assert.fail("the sample has no Bench part")
    const known = { certifications: null, forecast: null, overAllocations: null, unfilled: null, utilisation: null }
    const partly = page({ ...whole, bench: { ...bench, ...known, people: [], weeks: bench.weeks } })
    assert.include(partly, "Part of this report is missing: projects")
    assert.notInclude(partly, "Bench forecast")
  })

  it("allows the one script that it holds, by its hash, and no other", () => {
    const text = page(sampleReport(hostile))
    assert.lengthOf(text.match(/<script/g) ?? [], 1)
    const policy = /Security-Policy" content="([^"]+)"/.exec(text)?.[1]?.replaceAll("&#39;", "'") ?? ""
    assert.match(
      policy,
      /^default-src 'none'; script-src 'sha256-[^' ]+'; style-src 'unsafe-inline'; img-src data:; base-uri/
    )
    assert.notMatch(text, /\b(?:src|href)="(?!data:|#)/)
  })
})

describe("what was in use when", () => {
  const window = { from: 0, to: 100, label: String }
  const at = (after: number, kind: Moment["kind"], generation: number): Moment => ({
    after,
    kind,
    generation,
    process: 0,
    text: "",
    times: 1
  })

  it("is one token after the other, and none from a refusal to what heals it", () => {
    const life = [at(10, "signed-in", 1), at(40, "refused", 1), at(41, "ended-early", 1), at(50, "signed-in", 2)]
    assert.deepStrictEqual(stretches([...life, at(90, "signed-out", 2)], window), [
      { from: 10, to: 40, token: 1 },
      { from: 40, to: 50, token: null },
      { from: 50, to: 90, token: 2 }
    ])
  })

  it("is one stretch when the same token is taken over again", () => {
    const life = [at(10, "signed-in", 1), at(50, "adopted", 1)]
    assert.deepStrictEqual(stretches(life, window), [{ from: 10, to: 100, token: 1 }])
  })

  it("is not disturbed by the refusal of a token that was replaced meanwhile", () => {
    const life = [at(10, "adopted", 1), at(20, "renewed-on-schedule", 2), at(30, "refused", 1)]
    assert.deepStrictEqual(stretches(life, window).at(-1), { from: 20, to: 100, token: 2 })
  })

  it("begins before the picture when the first thing told is a refusal", () => {
    assert.deepStrictEqual(stretches([at(30, "refused", 4)], window), [
      { from: 0, to: 30, token: 4 },
      { from: 30, to: 100, token: null }
    ])
  })
})

describe.skipIf(!hasChromium())("report.html in a real browser", { timeout: 60_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  it("runs nothing that a hostile name brings, asks for nothing, and has no complaint", async () => {
    const { complaints, tab } = await open(browser, page(sampleReport(hostile)))
    assert.match(await tab.title(), /^Nightly report/)
    assert.deepStrictEqual(await tab.locator("img, iframe, object, link[rel=stylesheet]").count(), 0)
    assert.isAtLeast(await tab.getByText(hostile).count(), 5)
    assert.deepStrictEqual(complaints, [])
  })

  it("sorts, filters and changes its colours by keyboard, and shows all of it without scripts", async () => {
    const { complaints, tab } = await open(browser, page(sampleReport()))
    const table = tab.getByRole("region", { name: "Table of people", exact: true })
    const first = () => table.locator("tbody tr:visible th").first().textContent()
    const utilisation = table.getByRole("columnheader", { name: "Utilisation" })
    const numbers = async () =>
      (await table.locator("tbody tr td:nth-child(3)").allTextContents()).map((text) => Number.parseInt(text, 10))
    await utilisation.getByRole("button").focus()
    await tab.keyboard.press("Enter")
    assert.strictEqual(await utilisation.getAttribute("aria-sort"), "ascending")
    const sorted = await numbers()
    assert.deepStrictEqual(
      sorted,
      [...sorted].sort((a, b) => a - b)
    )
    await tab.keyboard.press("Enter")
    assert.strictEqual(await utilisation.getAttribute("aria-sort"), "descending")
    assert.deepStrictEqual(await numbers(), sorted.toReversed())

    await tab.getByLabel("Filter people", { exact: true }).fill("hana estimator")
    assert.match((await first()) ?? "", /^Hana/)
    assert.isBelow(await table.locator("tbody tr:visible").count(), 10)
    assert.match((await tab.locator(".filter [role=status]", { hasText: "of 59" }).textContent()) ?? "", /^\d of 59$/)

    const background = () => tab.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const light = await background()
    await tab.getByRole("button", { name: "Colours: auto" }).focus()
    await tab.keyboard.press("Enter")
    await tab.keyboard.press("Enter")
    assert.notStrictEqual(await background(), light)
    assert.deepStrictEqual(complaints, [])

    const plain = (await open(browser, page(sampleReport()), { javaScriptEnabled: false })).tab
    assert.strictEqual(await plain.locator("table[data-sort=people] tbody tr:visible").count(), 59)
    assert.strictEqual(await plain.locator("button:visible").count(), 0)
  })

  it("is open to everybody in both themes, says axe", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const { tab } = await open(browser, page(sampleReport()), { colorScheme })
      await tab.locator("details").first().click()
      // The two differ in nothing but their colours.
      assert.deepStrictEqual(
        await barriers(tab, colorScheme === "dark" ? ["color-contrast"] : undefined),
        [],
        colorScheme
      )
    }
  })
})
