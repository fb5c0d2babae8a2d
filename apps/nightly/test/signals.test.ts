import { assert, describe, it } from "@effect/vitest"
import { bench } from "@keyturn/simulators"
import { pointAt, scratch, start } from "./support/program.ts"

const operations = ["GET /rp/api/v1/Accounts", "GET /rp/api/v1/accounts/1/Projects", "GET /rp/api/v1/Accounts/1/roles"]

describe("a run that is stopped", () => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143]
  ] as const) {
    for (const on of operations as ReadonlyArray<`GET /${string}`>) {
      it(`by ${signal} at ${on} signs out, writes nothing and ends with ${code}`, async () => {
        await using server = await bench.listen()
        using folder = scratch()
        const held = server.faults.add({ on, kind: "delay", by: Number.POSITIVE_INFINITY })
        const { child, ended } = start(["--out", folder.path], pointAt(server))
        await held.firing()
        child.kill(signal)
        const { code: found, stdout } = await ended
        assert.strictEqual(found, code)
        assert.strictEqual(stdout, "")
        assert.deepStrictEqual(folder.names(), [])
        const { liveSessions, signIns, signOuts } = server.stats()
        assert.deepStrictEqual({ liveSessions, signIns, signOuts }, { liveSessions: 0, signIns: 1, signOuts: 1 })
      })
    }
  }

  it("while its sign-in is under way ends the session that it gets", async () => {
    await using server = await bench.listen()
    using folder = scratch()
    const held = server.faults.add({ on: "signIn", kind: "delay", by: Number.POSITIVE_INFINITY, at: "after" })
    const { child, ended } = start(["--out", folder.path], pointAt(server))
    await held.firing()
    child.kill("SIGINT")
    setTimeout(() => held.release(), 100)
    assert.strictEqual((await ended).code, 130)
    assert.deepStrictEqual(folder.names(), [])
    const { liveSessions, signOuts } = server.stats()
    assert.deepStrictEqual({ liveSessions, signOuts }, { liveSessions: 0, signOuts: 1 })
  })

  it("before it could sign in leaves nothing behind", async () => {
    await using server = await bench.listen()
    using folder = scratch()
    const held = server.faults.add({ on: "signIn", kind: "delay", by: Number.POSITIVE_INFINITY })
    const { child, ended } = start(["--out", folder.path], pointAt(server))
    await held.firing()
    held.remove()
    child.kill("SIGINT")
    assert.strictEqual((await ended).code, 130)
    assert.deepStrictEqual(folder.names(), [])
    assert.strictEqual(server.stats().liveSessions, 0)
  })
})
