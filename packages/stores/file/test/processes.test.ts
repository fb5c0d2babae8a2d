import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { DatabaseSync } from "node:sqlite"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { fileStore } from "@keyturn/store-file"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { startOther } from "./support/process.ts"

const folder = mkdtempSync(join(tmpdir(), "keyturn-"))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const path = () => join(folder, `${++files}`, "sessions.db")
const run = Effect.runPromise

const HOUR = 3_600_000
const record = {
  version: 1,
  generation: 1,
  tokens: { accessToken: Redacted.make("a"), tokenType: "Bearer", issuedAt: 1 }
}

describe("the file store among processes", { timeout: 90_000 }, () => {
  it("frees the lease of a killed process at once, and of no living one (I2, I8, T15)", async () => {
    const file = path()
    await using store = fileStore({ path: file })
    await using other = startOther(file)
    assert.isTrue(await other.call("acquire", "key", "other", HOUR))
    assert.isFalse(await run(store.acquire("key", "me", HOUR)))
    await other.kill()
    assert.isTrue(await run(store.acquire("key", "me", HOUR)))
  })

  it("frees the lease of a process that is stopped in its sleep when its time is over (I8)", async () => {
    const file = path()
    await using store = fileStore({ path: file })
    await using other = startOther(file)
    const since = performance.now()
    assert.isTrue(await other.call("acquire", "key", "other", 1000))
    other.process.kill("SIGSTOP")
    assert.isFalse(await run(store.acquire("key", "me", HOUR)))
    while (!(await run(store.acquire("key", "me", HOUR)))) assert.isBelow(performance.now() - since, 10_000)
    assert.isAtLeast(performance.now() - since, 1000)
  })

  it("does not count a killed process as a holder", async () => {
    const file = path()
    await using store = fileStore({ path: file })
    await using other = startOther(file)
    await run(store.write("key", record))
    await other.call("hold", "key", "other", HOUR)
    await run(store.hold("key", "me", HOUR))
    assert.isUndefined(await run(store.leave("key", "me", true)))
    await run(store.hold("key", "me", HOUR))
    await other.kill()
    assert.isDefined((await run(store.leave("key", "me", true)))?.tokens)
  })

  it("loses no increment of four processes at once: N of them give version N", async () => {
    const file = path()
    await using store = fileStore({ path: file })
    const others = Array.from({ length: 4 }, () => startOther(file))
    await Promise.all(others.map((other) => other.call("count", "key", 25)))
    const { generation, version } = await run(store.read("key"))
    await Promise.all(others.map((other) => other.kill()))
    assert.deepStrictEqual({ generation, version }, { generation: 100, version: 100 })
  })

  it("keeps what it said it had stored, and stays readable, whenever a writer is killed (T20, T22, T27)", async () => {
    const file = path()
    await using store = fileStore({ path: file })
    for (let kills = 0; kills < 10; kills++) {
      const other = startOther(file)
      other.call("count", "key", Number.MAX_SAFE_INTEGER).catch(() => {}) // it is killed
      for (let i = 0; i <= kills; i++) await other.storing()
      await other.kill()
      const { generation, version } = await run(store.read("key"))
      assert.isAtLeast(version, other.stored())
      assert.strictEqual(generation, version)
    }
  })

  it("waits for a lock without stopping the program, and says who is to blame when it never ends (I8)", async () => {
    const file = path()
    await using store = fileStore({ path: file })
    await run(store.write("key", record))
    const rude = new DatabaseSync(file)
    rude.exec("begin exclusive")
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    const write = run(store.write("key", { ...record, version: 2 }))
    setTimeout(() => rude.exec("rollback"), 500)
    assert.isTrue(await write)
    assert.isBelow(delay.percentile(90) / 1e6, 50)
    rude.exec("begin exclusive")
    const error = await run(Effect.flip(store.write("key", { ...record, version: 3 })))
    assert.strictEqual(error._tag, "StoreUnavailable")
    assert.include(error.message, "locked by other processes")
    rude.close()
  })
})
