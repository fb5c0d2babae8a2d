import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { type Browser, type BrowserContext, chromium } from "playwright-core"

/** Where Chromium is: `CHROMIUM_PATH`, or where distributions put it; `undefined` when there is none. */
const executablePath = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
  (path) => path !== undefined && path !== "" && existsSync(path)
)

if (executablePath === undefined) {
  if (process.env.CI === "true") throw new Error("There is no Chromium at CHROMIUM_PATH, and CI must test with one.")
  console.warn("NOT TESTED: the browser store needs Chromium. Install it, or name it in CHROMIUM_PATH.")
}

/** Whether the tests that need a browser cannot run. */
export const missing = executablePath === undefined

/** A host name of this machine that browsers do not trust as they trust this machine: its pages lack Web Locks. */
export const PLAIN = "plain.test"

/** Starts Chromium without a window. Each of its contexts is a private one: what it keeps ends with it. */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: executablePath as string,
    args: ["--no-sandbox", `--host-resolver-rules=MAP ${PLAIN} 127.0.0.1`]
  })

const debuggerUrl = async (child: ChildProcess): Promise<string> => {
  let heard = ""
  for await (const piece of child.stderr as AsyncIterable<Buffer>) {
    heard += piece
    const found = /DevTools listening on (ws:\/\/\S+)/.exec(heard)?.[1]
    if (found !== undefined) return found
  }
  throw new Error(`Chromium did not start: ${heard}`)
}

const profiles = new Set<ChildProcess>()

/** Ends what a test that failed has left open. */
export const endProfiles = async (): Promise<void> => {
  for (const child of profiles) {
    child.kill("SIGKILL")
    await once(child, "exit")
  }
}

/**
 * Starts Chromium as a person does, with a profile in a folder. Nothing keeps its pages awake: one that is behind another is
 * hidden, and can be frozen.
 */
export const launchProfile = async (
  folder: string
): Promise<AsyncDisposable & { readonly context: BrowserContext }> => {
  const args = [
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--remote-debugging-port=0",
    `--user-data-dir=${folder}`
  ]
  const child = spawn(executablePath as string, [...args, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] })
  profiles.add(child)
  const exited = once(child, "exit").then(() => profiles.delete(child))
  const browser = await chromium.connectOverCDP(await debuggerUrl(child), { noDefaults: true })
  return {
    context: browser.contexts()[0] as BrowserContext,
    [Symbol.asyncDispose]: async () => {
      // As a person does it, so that the profile is written.
      await (await browser.newBrowserCDPSession()).send("Browser.close")
      await exited
    }
  }
}
