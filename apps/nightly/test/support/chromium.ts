import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { AxeResults } from "axe-core"
import { type Browser, chromium, type Page } from "playwright-core"

/** Where Chromium is: `CHROMIUM_PATH`, or where distributions put it; `undefined` when there is none. */
const executablePath = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
  (path) => path !== undefined && path !== "" && existsSync(path)
)

/** Whether tests with a browser can run. Without one they are skipped, loudly; where `CI` is set that is a failure. */
export const hasChromium = (): boolean => {
  if (executablePath !== undefined) return true
  const cure = "There is no Chromium: install it, or name it in CHROMIUM_PATH."
  if (process.env.CI === "true") throw new Error(cure)
  console.warn(`SKIPPED: the pages are not looked at. ${cure}`)
  return false
}

/** Starts Chromium without a window. */
export const launch = async (): Promise<Browser & AsyncDisposable> => {
  const browser = await chromium.launch({ executablePath: executablePath as string, args: ["--no-sandbox"] })
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() })
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** What axe finds serious or critical on a page, as lines for people; of all its rules, or of some. */
export const barriers = async (page: Page, rules?: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  // Evaluated by the debugger: the page's own policy lets no script in.
  await page.evaluate(axe)
  const { violations } = (await page.evaluate(
    `axe.run(${JSON.stringify({ resultTypes: ["violations"], ...(rules && { runOnly: rules }) })})`
  )) as AxeResults
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ help, nodes }) => nodes.map(({ html }) => `${help}: ${html.slice(0, 160)}`))
}
