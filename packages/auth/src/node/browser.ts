import { spawn } from "node:child_process"

/** The command that opens a URL in the person's browser; none where there is no screen to open it on. */
const command = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv): ReadonlyArray<string> | undefined => {
  switch (platform) {
    case "darwin":
      return ["open"]
    case "win32":
      // Not `start`: it would have the shell read the URL.
      return ["rundll32", "url.dll,FileProtocolHandler"]
    default:
      return env.DISPLAY || env.WAYLAND_DISPLAY ? ["xdg-open"] : undefined
  }
}

/** Opens a URL in the person's browser if that can be done. Failing is no error: the URL has been shown as well. */
export const openBrowser = (url: string): void => {
  const [program, ...args] = command(process.platform, process.env) ?? []
  if (program === undefined) return
  const child = spawn(program, [...args, url], { detached: true, stdio: "ignore" })
  child.on("error", () => {})
  child.unref()
}
