/**
 * Makes the pictures in `docs/images`: the report of the demo and its live page, in both themes.
 *
 *     node apps/nightly/test/support/screenshots.ts
 */
import { fileURLToPath, pathToFileURL } from "node:url"
import type { Page } from "playwright-core"
import { launch } from "./chromium.ts"
import { run, scratch, start } from "./program.ts"

const themes = ["light", "dark"] as const
const images = fileURLToPath(new URL("../../../../docs/images/", import.meta.url))

await using browser = await launch()
using folder = scratch()

/** Takes the upper part of a page. */
const shoot = (page: Page, name: string, height: number) =>
  page.screenshot({ path: `${images}${name}.png`, fullPage: true, clip: { x: 0, y: 0, width: 1240, height } })

await run(["--out", folder.path])
for (const colorScheme of themes) {
  const page = await browser.newPage({ colorScheme, viewport: { width: 1240, height: 900 } })
  await page.goto(pathToFileURL(`${folder.path}/latest/report.html`).href)
  await shoot(page, `report-${colorScheme}`, 1960)
  await page.close()
}

const { child, ended } = start(["--live", "--out", folder.path])
const url = await new Promise<string>((resolve) => {
  child.stderr?.on("data", (chunk) => {
    const found = /http:\/\/127\S+/.exec(String(chunk))
    if (found !== null) resolve(found[0])
  })
})
const pages = []
for (const colorScheme of themes) {
  const page = await browser.newPage({ colorScheme, viewport: { width: 1240, height: 900 } })
  await page.goto(url)
  pages.push([page, colorScheme] as const)
}
const [[page] = []] = pages
const log = page?.getByRole("log")
await log?.getByText("run 4 began").waitFor({ timeout: 60_000 })
await page?.getByRole("button", { name: "Expire" }).click()
await log?.getByText("run 7 began").waitFor({ timeout: 60_000 })
await page?.getByRole("button", { name: "stranger" }).click()
await log?.getByText("run 9 began").waitFor({ timeout: 60_000 })
await page?.waitForTimeout(1000)
for (const [page, colorScheme] of pages) {
  await page.mouse.move(0, 0)
  await shoot(page, `live-${colorScheme}`, await page.evaluate(() => document.documentElement.scrollHeight))
}
child.kill("SIGINT")
await ended
