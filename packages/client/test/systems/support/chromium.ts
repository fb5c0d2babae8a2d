import { existsSync } from "node:fs"
import { type Browser, chromium } from "playwright-core"

/** Where Chromium is: `CHROMIUM_PATH`, or where distributions put it; `undefined` when there is none. */
const executablePath = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
  (path) => path !== undefined && path !== "" && existsSync(path)
)

/** Whether tests with a browser can run. Without one they are skipped, loudly; where `CI` is set that is a failure. */
export const hasChromium = (): boolean => {
  if (executablePath !== undefined) return true
  const cure = "There is no Chromium: install it, or name it in CHROMIUM_PATH."
  if (process.env.CI === "true") throw new Error(cure)
  console.warn(`SKIPPED: the browser flows are not tested. ${cure}`)
  return false
}

/** Starts Chromium without a window. */
export const launch = async (): Promise<Browser & AsyncDisposable> => {
  const browser = await chromium.launch({ executablePath: executablePath as string, args: ["--no-sandbox"] })
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() })
}
