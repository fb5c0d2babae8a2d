import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { start } from "../src/contestant.ts"
import { must, run } from "../src/process.ts"

const cwd = fileURLToPath(new URL(".", import.meta.url))

/** A program that starts another one, which keeps its output open and prints its own id, and then does `after`. */
const parent = (after: string): ReadonlyArray<string> => [
  "-e",
  `const child = require("node:child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], { stdio: "inherit" })
   child.unref()
   require("node:fs").writeSync(1, String(child.pid))
   ${after}`
]

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    // One that is dead and not yet buried still has its id.
    return !/^Z/.test(spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout)
  } catch {
    return false
  }
}

const gone = async (pid: number): Promise<boolean> => {
  for (let tries = 0; tries < 100 && lives(pid); tries++) await new Promise((resolve) => setTimeout(resolve, 20))
  return !lives(pid)
}

describe("a program that is measured", { timeout: 30_000 }, () => {
  it("is ended when its time is over, with all that it started", async () => {
    const { code, late, stdout } = await run(process.execPath, parent("setInterval(() => {}, 1000)"), {
      cwd,
      timeout: 2000
    })
    assert.deepStrictEqual({ code, late }, { code: null, late: true })
    assert.isTrue(await gone(Number(stdout)))
  })

  it("is not waited for beyond its end, whatever it leaves behind", async () => {
    const { code, late, stdout } = await run(process.execPath, parent("process.exit()"), { cwd, timeout: 20_000 })
    assert.deepStrictEqual({ code, late }, { code: 0, late: false })
    assert.isTrue(await gone(Number(stdout)))
  })

  it("is told as one that did not finish", async () => {
    const error = await must(process.execPath, parent("setInterval(() => {}, 1000)"), { cwd, timeout: 500 }).catch(
      (caught: Error) => caught.message
    )
    assert.strictEqual(error, "did not finish within 0.5 s")
  })
})

describe("a contestant", { timeout: 30_000 }, () => {
  const tasks = new URL("data:text/javascript,export const end = () => process.exit(3); export const one = () => 1")

  it("that ends is an error for whoever waits for it, and for whoever asks it later", async () => {
    const { ask, stop } = start("fetch", tasks)
    try {
      assert.strictEqual(await ask("one"), 1)
      const failed = (task: string) => ask(task).catch((error: Error) => error.message)
      assert.strictEqual(await failed("end"), "fetch ended with 3")
      assert.strictEqual(await failed("one"), "fetch has ended")
    } finally {
      stop()
    }
  })
})
