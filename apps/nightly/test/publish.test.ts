import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { bits, pink } from "@keyturn/simulators"
import { failureOf, runHere } from "./support/here.ts"
import { scratch } from "./support/program.ts"
import { pointAtBits, pointAtPink, reportsOf } from "./support/services.ts"

const only = { only: ["bits", "publish"] } as const

const opened = async (options: Parameters<typeof pink.listen>[0] = {}) => {
  const folder = scratch()
  const [ofBits, server] = await Promise.all([bits.listen(), pink.listen(options)])
  const own = pointAtBits(ofBits, join(folder.base, "applications.json"))
  return {
    server,
    folder,
    bits: own,
    env: { ...own, ...pointAtPink(server) },
    [Symbol.asyncDispose]: async () => {
      folder[Symbol.dispose]()
      await Promise.all([ofBits.close(), server.close()])
    }
  }
}

describe("the report on pink", () => {
  it("is published once a run, in the name of whom the token belongs to", async () => {
    await using it = await opened()
    const { result } = await runHere(it.folder, it.env, only)
    const [published, ...others] = await reportsOf(it.server)
    assert.deepStrictEqual(others, [])
    assert.strictEqual(published?.title, `Nightly report ${result.report.run.id}`)
    assert.deepNestedPropertyVal(published, "data.bits.asked", result.report.bits?.asked)
    assert.strictEqual(result.report.publish?.as, "Dana Whitfield")
    await runHere(it.folder, it.env, only)
    assert.lengthOf(await reportsOf(it.server), 2)
  })

  it("is published once though the answer was lost", async () => {
    await using it = await opened()
    it.server.faults.add({ on: "POST /v1/reports", kind: "lose" })
    const { result } = await runHere(it.folder, it.env, only)
    assert.isTrue(result.report.run.complete)
    assert.lengthOf(await reportsOf(it.server), 1)
  })

  it("is published once though the run was stopped behind that, and gone on with", async () => {
    await using it = await opened()
    // This is the last thing before the piece of work is written down as done.
    await failureOf(
      runHere(it.folder, it.env, only, (event, stop) => {
        if (event._tag === "StepProgress" && event.text === "published") stop()
      })
    )
    assert.lengthOf(await reportsOf(it.server), 1)
    const { result } = await runHere(it.folder, it.env, only)
    assert.isTrue(result.report.run.complete)
    assert.lengthOf(await reportsOf(it.server), 1)
  })

  it("is left out when there is nothing to publish", async () => {
    await using it = await opened()
    const failure = await failureOf(runHere(it.folder, it.env, { only: ["publish"] }))
    assert.match(failure.message, /nothing to publish/)
    assert.strictEqual(it.server.stats().requests, 0)
  })

  it("is not there when what it says is made up: a simulated Bits, a real pink", async () => {
    await using it = await opened()
    const { result } = await runHere(it.folder, pointAtPink(it.server), only)
    assert.deepStrictEqual(
      [result.report.steps[3]?.status, result.report.steps[3]?.text, result.report.run.complete],
      ["skipped", "bits is simulated, and this pink is real", false]
    )
    assert.strictEqual(it.server.stats().requests, 0)
  })

  it("is not there when the token is refused, which is said; the rest is reported", async () => {
    await using it = await opened()
    const { result } = await runHere(it.folder, { ...it.env, PINK_TOKEN: "pink-pat.withdrawn" }, only)
    assert.deepStrictEqual(
      result.report.steps.map(({ status }) => status),
      ["skipped", "skipped", "done", "failed"]
    )
    assert.match(result.report.steps[3]?.problems[0] ?? "", /401/)
  })
})

describe("a signed-in person", () => {
  it("is asked once, in a browser; the runs after that need nobody", async () => {
    // The person has said yes before: the page sends the browser straight back.
    await using it = await opened({ switches: { consent: "allow" } })
    const env = { ...it.bits, PINK_URL: it.server.url, PINK_CLIENT_ID: it.server.credentials.native.clientId }

    const alone = (await runHere(it.folder, env, only)).result.report.steps[3]
    assert.strictEqual(alone?.status, "failed")
    assert.match(alone?.problems[0] ?? "", /Nobody is there to sign in to pink\. Run once with --interactive/)

    // A browser, as the system would open it.
    const bin = join(it.folder.base, "bin")
    mkdirSync(bin)
    const script = `#!${process.execPath}\nfetch(process.argv[2])\n`
    for (const name of ["xdg-open", "open"]) writeFileSync(join(bin, name), script, { mode: 0o755 })
    const { DISPLAY, PATH } = process.env
    Object.assign(process.env, { PATH: `${bin}:${PATH}`, DISPLAY: DISPLAY ?? ":0" })
    const first = await runHere(it.folder, env, { ...only, interactive: true }).finally(() => {
      Object.assign(process.env, { PATH })
      if (DISPLAY === undefined) delete process.env.DISPLAY
    })
    assert.strictEqual(first.result.report.steps[3]?.status, "done")
    const second = await runHere(it.folder, env, only)
    assert.strictEqual(second.result.report.steps[3]?.status, "done")
    const { consents, signIns } = it.server.stats()
    assert.deepStrictEqual({ consents, signIns }, { consents: 1, signIns: 1 })
    assert.deepStrictEqual(
      second.result.report.sessions.find(({ api }) => api === "pink")?.entries.map(({ kind }) => kind),
      ["adopted"]
    )
    assert.lengthOf(await reportsOf(it.server), 2)
  })
})
