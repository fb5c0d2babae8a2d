import { execFile, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

const child = fileURLToPath(new URL("./support/keychain-child.ts", import.meta.url))
const exists = (command: string) => spawnSync(command, ["--version"]).error === undefined
const missing = process.platform !== "linux" || !exists("dbus-run-session") || !exists("gnome-keyring-daemon")
if (missing) {
  const cure = "Install dbus and gnome-keyring (Debian: apt-get install dbus gnome-keyring)."
  if (process.env.CI === "true") throw new Error(`There is no Secret Service to test the keychain with. ${cure}`)
  console.warn(`NOT TESTED: the keychain needs a Secret Service. ${cure}`)
}

let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "keyturn-keychain-"))
  mkdirSync(join(home, "run"), { mode: 0o700 })
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** A person's environment, with nothing of whoever runs the tests. */
const environment = () => ({
  PATH: process.env.PATH,
  HOME: home,
  XDG_RUNTIME_DIR: join(home, "run"),
  NODE_OPTIONS: "--disable-warning=ExperimentalWarning"
})

const node = (...args: ReadonlyArray<string>) => [process.execPath, child, ...args].map((arg) => `'${arg}'`).join(" ")

/** Runs a script in a D-Bus session of its own; with a password, its keychain is unlocked. Gives the lines that it prints. */
const inSession = async (script: string, password = "open"): Promise<ReadonlyArray<string>> => {
  const unlock = `printf %s '${password}' | gnome-keyring-daemon --unlock --components=secrets > "$HOME/daemon"`
  const { stdout } = await promisify(execFile)("dbus-run-session", ["--", "sh", "-c", `${unlock}\n${script}`], {
    env: environment(),
    timeout: 20_000
  })
  return stdout.trim().split("\n")
}

describe.skipIf(missing)("the keychain", () => {
  it("gives processes that begin at the same time one key, which stays and is rotated", async () => {
    const first = await inSession(`${`${node("key")} &\n`.repeat(3)}wait`)
    assert.strictEqual(first.length, 3)
    assert.strictEqual(new Set(first).size, 1)
    const made = JSON.parse(first[0] as string)
    assert.strictEqual(made.length, 1)
    assert.match(made[0], /^44 .* 0$/)
    const again = await inSession([node("key"), node("rotate"), node("key")].join("\n"))
    assert.deepStrictEqual(JSON.parse(again[0] as string), made)
    assert.match(again[2] as string, / 1"\]$/)
    assert.notStrictEqual(again[2]?.slice(0, 20), again[0]?.slice(0, 20))
    // Two rotations at once are two rotations; three older keys are kept.
    const after = await inSession(`${node("rotate")} &\n${node("rotate")}\nwait\n${node("rotate")}\n${node("key")}`)
    assert.match(after.at(-1) as string, / 3"\]$/)
  })

  it("opens a store's records across a rotation, for processes that run on and for new ones", async () => {
    const [versions] = await inSession(node("stores", join(home, "sessions.db")))
    assert.strictEqual(versions, "[1,2]")
  })

  it("says what to do when it stays locked, and when its entry is another program's", async () => {
    const [locked] = await inSession(node("fail", join(home, "locked.db")), "wrong")
    assert.match(locked as string, /The keychain cannot be used: .*unlocked.*openssl rand/)
    const [, other] = await inSession(`${node("occupy")}\n${node("fail", join(home, "other.db"))}`)
    assert.match(other as string, /not a key of ours/)
    assert.notInclude(other as string, "canary")
  })
})

describe("where there is no keychain", () => {
  const fail = async (...options: ReadonlyArray<string>): Promise<string> => {
    const env = { ...environment(), DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(home, "nothing")}` }
    const args = [...options, child, "fail", join(home, "none.db")]
    return JSON.parse((await promisify(execFile)(process.execPath, args, { env, timeout: 20_000 })).stdout)
  }

  it.skipIf(process.platform !== "linux")("the store says so and what to do instead", async () => {
    assert.match(await fail(), /The keychain cannot be used: .*D-Bus.*servers and containers have none.*openssl rand/)
  })

  it("or the package is not installed, it names the package", async () => {
    const hide = join(home, "hide.mjs")
    writeFileSync(
      hide,
      `import { registerHooks } from "node:module"
       registerHooks({ resolve: (name, context, next) => next(name === "@napi-rs/keyring" ? "not-installed" : name, context) })`
    )
    assert.match(await fail("--import", hide), /not installed\. Run: npm install @napi-rs\/keyring\. .*openssl rand/)
  })
})
