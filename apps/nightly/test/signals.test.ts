import { assert, describe, it } from "@effect/vitest"
import { bench } from "@keyturn/simulators"
import { scratch, start } from "./support/program.ts"
import { openAll, pointAt } from "./support/services.ts"

const args = (folder: { path: string }) => ["--only", "bench", "--out", folder.path]
const signOut = { NIGHTLY_SESSIONS: "sign-out" }

describe("a run that is stopped", () => {
  for (const [signal, code, on] of [
    ["SIGINT", 130, "GET /rp/api/v1/Accounts"],
    ["SIGTERM", 143, "GET /rp/api/v1/Accounts/1/roles"]
  ] as const) {
    it(`by ${signal} at ${on} signs out, writes nothing and ends with ${code}`, async () => {
      await using server = await bench.listen()
      using folder = scratch()
      const held = server.faults.add({ on, kind: "delay", by: Number.POSITIVE_INFINITY })
      const { child, ended } = start(args(folder), { ...pointAt(server), ...signOut })
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

  it("keeps its session where that is asked for, and the next run goes on with it", async () => {
    await using server = await bench.listen()
    using folder = scratch()
    const on = "GET /rp/api/v1/Accounts/1/roles"
    const held = server.faults.add({ on, kind: "delay", by: Number.POSITIVE_INFINITY })
    const { child, ended } = start(args(folder), pointAt(server))
    await held.firing()
    child.kill("SIGINT")
    assert.strictEqual((await ended).code, 130)
    assert.deepStrictEqual(folder.names(), [])
    const again = await start(args(folder), pointAt(server)).ended
    assert.strictEqual(again.code, 0, again.stderr)
    assert.match(again.stderr, /^going on with the run of /m)
    const { signIns, signOuts } = server.stats()
    assert.deepStrictEqual([signIns, signOuts], [1, 0])
  })

  it("while its sign-in is under way ends the session that it gets", async () => {
    await using server = await bench.listen()
    using folder = scratch()
    const held = server.faults.add({ on: "signIn", kind: "delay", by: Number.POSITIVE_INFINITY, at: "after" })
    const { child, ended } = start(args(folder), { ...pointAt(server), ...signOut })
    await held.firing()
    child.kill("SIGINT")
    setTimeout(() => held.release(), 100)
    assert.strictEqual((await ended).code, 130)
    assert.deepStrictEqual(folder.names(), [])
    const { liveSessions, signOuts } = server.stats()
    assert.deepStrictEqual({ liveSessions, signOuts }, { liveSessions: 0, signOuts: 1 })
  })

  it("with all its workers signs out once, leaves no process, and ends with 130", async () => {
    using folder = scratch()
    await using all = await openAll(folder.base)
    const on = "GET /rp/api/v1/Accounts/1/roles"
    const held = all.bench.faults.add({ on, kind: "delay", by: Number.POSITIVE_INFINITY, times: 9 })
    const run = start(["--workers", "2", "--out", folder.path], { ...all.env, ...signOut }, { detached: true })
    await held.firing()
    // To the whole group, as a terminal does.
    const stopped = performance.now()
    process.kill(-(run.child.pid as number), "SIGINT")
    const { code, stdout } = await run.ended
    // By themselves: a worker that hangs is killed after 15 seconds.
    assert.isBelow(performance.now() - stopped, 14_000)
    assert.deepStrictEqual([code, stdout], [130, ""])
    assert.throws(() => process.kill(-(run.child.pid as number), 0), /ESRCH/)
    assert.deepStrictEqual(
      folder.names().filter((name) => !name.startsWith("20")),
      []
    )
    const { liveSessions, signIns, signOuts } = all.bench.stats()
    assert.deepStrictEqual({ liveSessions, signIns, signOuts }, { liveSessions: 0, signIns: 1, signOuts: 1 })
  })
})
