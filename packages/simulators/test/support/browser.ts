/** A real Chromium, driven over its own protocol: enough to open a page and click a button. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Where Chromium is: `CHROMIUM`, or where distributions put it; `undefined` when there is none. */
export const chromium: string | undefined = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome"
].find((path) => path !== undefined && existsSync(path))

export interface Browser extends AsyncDisposable {
  open(url: string): Promise<void>
  /** Evaluates an expression in the page; waits for a promise. */
  evaluate(expression: string): Promise<unknown>
  /** Clicks the button with this text, as soon as it is there. */
  click(text: string): Promise<void>
}

const debuggerUrl = async (child: ChildProcess): Promise<string> => {
  let heard = ""
  for await (const piece of child.stderr as AsyncIterable<Buffer>) {
    heard += piece
    const found = /DevTools listening on (ws:\/\/\S+)/.exec(heard)?.[1]
    if (found !== undefined) return found
  }
  throw new Error(`Chromium did not start: ${heard}`)
}

export const launch = async (): Promise<Browser> => {
  const profile = mkdtempSync(join(tmpdir(), "chromium-"))
  const child = spawn(chromium as string, [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
    "about:blank"
  ])
  const { host } = new URL(await debuggerUrl(child))
  const targets = (await (await fetch(`http://${host}/json/list`)).json()) as ReadonlyArray<{
    type: string
    webSocketDebuggerUrl: string
  }>
  const socket = new WebSocket(targets.find((target) => target.type === "page")?.webSocketDebuggerUrl as string)
  await once(socket, "open")
  const waiting = new Map<number, (message: { result?: unknown; error?: { message: string } }) => void>()
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as { id?: number; result?: unknown; error?: { message: string } }
    if (message.id !== undefined) waiting.get(message.id)?.(message)
  })
  let last = 0
  const send = (method: string, params: object = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++last
      waiting.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result)))
      socket.send(JSON.stringify({ id, method, params }))
    })
  const evaluate = async (expression: string) => {
    const { result, exceptionDetails } = (await send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true
    })) as {
      result: { value?: unknown }
      exceptionDetails?: { text: string; exception?: { description?: string } }
    }
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }
  return {
    evaluate,
    open: async (url) => {
      const { errorText } = (await send("Page.navigate", { url })) as { errorText?: string }
      if (errorText) throw new Error(`${errorText}: ${url}`)
    },
    click: async (text) => {
      const click = `(() => { const button = [...document.querySelectorAll("button")].find((one) => one.textContent === ${JSON.stringify(text)}); button?.click(); return button !== undefined })()`
      while ((await evaluate(click)) !== true);
    },
    [Symbol.asyncDispose]: async () => {
      socket.close()
      child.kill()
      if (child.exitCode === null) await once(child, "exit")
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}
