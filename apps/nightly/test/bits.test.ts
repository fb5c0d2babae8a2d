import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { bits } from "@keyturn/simulators"
import { parseDay } from "../src/calendar.ts"
import { failureOf, runHere } from "./support/here.ts"
import { scratch } from "./support/program.ts"
import { pointAtBits } from "./support/services.ts"

const only = { only: ["bits"] } as const
const isOpen = (status: string) => !["APPROVED", "DECLINED", "FAILED", "CANCELLED"].includes(status)

const opened = async () => {
  const folder = scratch()
  const server = await bits.listen()
  const list = join(folder.base, "applications.json")
  return {
    env: pointAtBits(server, list),
    server,
    folder,
    list: () => JSON.parse(readFileSync(list, "utf8")) as ReadonlyArray<Record<string, unknown>>,
    write: (text: string) => writeFileSync(list, text),
    open: server.applications().filter(({ status }) => isOpen(status)),
    asked: () => server.stats().operations["POST /v1/applications.get"] ?? 0,
    [Symbol.asyncDispose]: async () => {
      folder[Symbol.dispose]()
      await server.close()
    }
  }
}

describe("the applications at Bits", () => {
  it("that wait for too long are named, the longest first, with who they are about; the others are not asked for", async () => {
    await using it = await opened()
    const { result } = await runHere(it.folder, it.env, only)
    const { bits: report } = result.report
    assert.strictEqual(it.asked(), it.open.length)
    assert.strictEqual(report?.asked, it.open.length)
    const expected = it.open.filter(({ createdAt }) => Date.now() - Date.parse(createdAt) > 3 * 86_400_000)
    assert.sameMembers(report?.waiting.map(({ id }) => id) ?? [], expected.map(({ id }) => id) as Array<string>)
    const days = report?.waiting.map(({ days }) => days) ?? []
    assert.deepStrictEqual(
      days,
      days.toSorted((a, b) => b - a)
    )
    const [first] = report?.waiting ?? []
    assert.strictEqual(first?.organization, it.open.find(({ id }) => id === first?.id)?.organization.name)
  })

  it("that were decided without our hearing of it are told once, and our list is brought up to date", async () => {
    await using it = await opened()
    const [one, two] = it.open
    await it.server.decide(one?.id as string, "APPROVED")
    await it.server.decide(two?.id as string, "DECLINED")
    const first = (await runHere(it.folder, it.env, only)).result.report.bits
    assert.deepStrictEqual(
      first?.decided.map(({ id, status }) => [id, status]).toSorted(),
      [
        [one?.id, "APPROVED"],
        [two?.id, "DECLINED"]
      ].toSorted() as Array<[string, string]>
    )
    const entry = it.list().find(({ id }) => id === one?.id)
    // What else was in the entry is there still.
    assert.deepStrictEqual([entry?.status, entry?.ours], ["APPROVED", true])
    const second = (await runHere(it.folder, it.env, only)).result.report.bits
    assert.deepStrictEqual([second?.decided, second?.asked], [[], it.open.length - 2])
  })

  it("from before --since are left alone", async () => {
    await using it = await opened()
    const since = parseDay(new Date(Date.now() - 5 * 86_400_000).toISOString()) as number
    await runHere(it.folder, it.env, { ...only, since })
    assert.strictEqual(
      it.asked(),
      it.open.filter(({ createdAt }) => Date.parse(createdAt) >= since * 86_400_000).length
    )
  })

  it("are not lost to a token that is withdrawn half-way", async () => {
    await using it = await opened()
    it.server.faults.add({ on: "POST /v1/applications.get", kind: "evict", skip: 2 })
    const { result } = await runHere(it.folder, it.env, only)
    assert.isTrue(result.report.run.complete)
    assert.strictEqual(it.server.stats().signIns, 2)
  })

  it("of which some cannot be asked for leave the list as it was for these", async () => {
    await using it = await opened()
    const [first] = it.open
    await it.server.decide(first?.id as string, "APPROVED")
    // The last one is refused, and with it those that were asked for with it.
    it.server.faults.add({
      on: "POST /v1/applications.get",
      kind: "status",
      status: 403,
      skip: it.open.length - 1,
      times: Number.POSITIVE_INFINITY
    })
    const { result } = await runHere(it.folder, it.env, only)
    assert.strictEqual(result.report.steps[2]?.status, "partial")
    assert.match(result.report.steps[2]?.problems[0] ?? "", /^\d+ applications could not be asked for.*403/)
    const { decided = [] } = result.report.bits ?? {}
    assert.lengthOf(decided, it.list().filter(({ id, status }) => id === first?.id && status === "APPROVED").length)
  })

  for (const [what, text, said] of [
    ["no JSON", "[{", /it is not JSON/],
    ["no list", "{}", /it is no array/],
    ["an entry without a time", '[{"id":"a","since":"soon","status":"x"}]', /entry 1 has not all three/]
  ] as const) {
    it(`in a list that is ${what} are not guessed at`, async () => {
      await using it = await opened()
      it.write(text)
      const failure = await failureOf(runHere(it.folder, it.env, only))
      assert.match(failure.message, said)
      assert.match(failure.message, /applications\.json is not a list of/)
      assert.strictEqual(it.asked(), 0)
    })
  }

  it("in a list that is not there are told with its place", async () => {
    await using it = await opened()
    const env = { ...it.env, BITS_APPLICATIONS: "/nowhere/at/all.json" }
    assert.match(
      (await failureOf(runHere(it.folder, env, only))).message,
      /\/nowhere\/at\/all\.json cannot be read: it is not there/
    )
  })
})
