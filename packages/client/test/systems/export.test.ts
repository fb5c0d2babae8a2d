/** A backup as a careful program makes it: begin the export, poll its status, and trust the zip only when it holds all. */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "@effect/vitest"
import { contract } from "@keyturn/allura"
import { allura } from "@keyturn/simulators"
import { connect } from "../../src/index.ts"
import { observed } from "./support/observed.ts"
import { unzip } from "./support/unzip.ts"

const hasPython = spawnSync("python3", ["--version"]).status === 0

type Switches = NonNullable<NonNullable<Parameters<typeof allura.listen>[0]>["switches"]>

const project = { params: { path: { neighborhood: "p", project: "scaffold" } } } as const
const admin = "/rest/{neighborhood}/{project}/admin"
const tools = ["tickets", "wiki", "admin"]

const start = async (switches: Switches = {}) => {
  const exportDirectory = mkdtempSync(join(tmpdir(), "exports-"))
  const server = await allura.listen({ switches, exportDirectory, exportTakes: { minutes: 5 } })
  const api = await connect(contract, {
    ...observed(server.url).options,
    credentials: { bearer: { token: server.credentials.bearer } }
  })
  const begin = (mountPoints: ReadonlyArray<string>) =>
    api.POST(`${admin}/export`, {
      ...project,
      body: { tools: mountPoints.join(", ") },
      headers: { "content-type": "application/x-www-form-urlencoded" }
    })
  const status = async () => (await api.GET(`${admin}/export_status`, project)).data?.status
  /** Polls as the site's own script does, once a minute of its time. */
  const ready = async (): Promise<number> => {
    for (let minutes = 0; minutes <= 10; minutes++) {
      if ((await status()) === "ready") return minutes
      server.clock.advance({ minutes: 1 })
      await sleep(0)
    }
    return assert.fail("It was never ready.")
  }
  return {
    server,
    begin,
    status,
    ready,
    pathOf: (filename: string) => join(exportDirectory, "scaffold", filename),
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]()
      await server.close()
      rmSync(exportDirectory, { recursive: true })
    }
  }
}

/** The mount points that a zip does not hold as JSON. */
const missing = (path: string, mountPoints: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (!existsSync(path)) return mountPoints
  const files = unzip(readFileSync(path))
  return mountPoints.filter((mountPoint) => {
    const text = files.get(`${mountPoint}.json`)?.toString()
    return text === undefined || typeof JSON.parse(text) !== "object"
  })
}

describe("an export", () => {
  it("is begun, polled while it is busy, and holds every tool that was asked for", async () => {
    await using at = await start()
    const { data } = await at.begin(tools)
    assert.strictEqual(data?.status, "in progress")
    assert.strictEqual(await at.status(), "busy")
    assert.strictEqual(await at.ready(), 5)
    const path = at.pathOf(data?.filename ?? "")
    assert.deepStrictEqual(missing(path, tools), [])
  })

  it.skipIf(!hasPython)("is a zip to somebody else's reader of the format, too", async () => {
    await using at = await start()
    const { data } = await at.begin(tools)
    await at.ready()
    const path = at.pathOf(data?.filename ?? "")
    assert.match(execFileSync("python3", ["-m", "zipfile", "-t", path], { encoding: "utf8" }), /Done testing/)
  })

  it("that runs already answers 503, which is not tried again in secret", async () => {
    await using at = await start()
    await at.begin(tools)
    const { response } = await at.begin(tools)
    assert.strictEqual(response.status, 503)
    assert.strictEqual(at.server.stats().operations["POST /rest/{neighborhood}/{project}/admin/export"], 2)
  })

  it("of a tool that fails is ready all the same: only the zip tells what is missing", async () => {
    await using at = await start({ failingExports: ["wiki"] })
    const { data } = await at.begin(tools)
    await at.ready()
    assert.deepStrictEqual(missing(at.pathOf(data?.filename ?? ""), tools), ["wiki"])
  })

  it("of which every tool fails is ready too, without a file", async () => {
    await using at = await start({ failingExports: tools })
    const { data } = await at.begin(tools)
    await at.ready()
    assert.deepStrictEqual(missing(at.pathOf(data?.filename ?? ""), tools), tools)
  })

  it("of a tool that is not there, of none, or where exports are off, says why in the form that was asked for", async () => {
    await using at = await start()
    for (const [mountPoints, why] of [
      [["nowhere"], "Invalid tool"],
      [[], "No tools selected"]
    ] as const) {
      const { error, response } = await at.begin(mountPoints)
      assert.strictEqual(response.status, 400)
      assert.include((error as { message: string }).message, why)
    }
    await using off = await start({ bulkExport: false })
    const { error, response } = await off.begin(tools)
    assert.strictEqual(response.status, 404)
    assert.typeOf(error, "string")
  })
})
