import { chmodSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import type { AlluraOptions, AlluraSimulator } from "@keyturn/simulators"
import * as Effect from "effect/Effect"
import { verify } from "../src/backup/archive.ts"
import { failureOf, runHere } from "./support/here.ts"
import { scratch } from "./support/program.ts"
import { openAllura } from "./support/services.ts"

const only = { only: ["allura"] } as const

/** A folder, an Allura and the environment that points at it. */
const opened = async (options: AlluraOptions = {}) => {
  const folder = scratch()
  const { env, server } = await openAllura(join(folder.base, "exports"), options)
  return {
    env,
    server,
    folder,
    exports: env.ALLURA_EXPORTS,
    copies: () => readdirSync(folder.backups).sort(),
    [Symbol.asyncDispose]: async () => {
      folder[Symbol.dispose]()
      await server.close()
    }
  }
}

const begun = (server: AlluraSimulator) =>
  server.stats().operations["POST /rest/{neighborhood}/{project}/admin/export"] ?? 0

describe("the copy of a project", () => {
  it("holds every tool that can be exported, and says which cannot", async () => {
    await using it = await opened()
    const { result } = await runHere(it.folder, it.env, only)
    const report = result.report.allura
    assert.isTrue(result.report.run.complete)
    assert.isNotEmpty(report?.tools)
    assert.isTrue(report?.tools.every(({ saved }) => saved))
    assert.isNotEmpty(report?.left)
    assert.deepStrictEqual(it.copies(), [report?.copy?.file.split("/").at(-1)])
    // The very bytes that the site made.
    const file = report?.copy?.file as string
    const original = it.server.exported("scaffold", file.split("/").at(-1) as string)
    assert.deepStrictEqual(new Uint8Array(readFileSync(file)), new Uint8Array(original as Uint8Array))
  })

  it("by a bearer token is the same", async () => {
    await using it = await opened()
    const own = Object.entries(it.env).filter(([name]) => !/CONSUMER|OAUTH/.test(name))
    const env = { ...Object.fromEntries(own), ALLURA_TOKEN: it.server.credentials.bearer }
    assert.strictEqual((await runHere(it.folder, env, only)).result.report.steps[1]?.status, "done")
  })

  it("that lacks a tool is kept, and the tool is named", async () => {
    await using it = await opened({ switches: { failingExports: ["wiki"] } })
    const { result } = await runHere(it.folder, it.env, only)
    assert.strictEqual(result.report.steps[1]?.status, "partial")
    assert.match(result.report.steps[1]?.problems.join() ?? "", /The copy lacks wiki: the site could not export/)
    assert.deepStrictEqual(
      result.report.allura?.tools.filter(({ saved }) => !saved).map(({ mountPoint }) => mountPoint),
      ["wiki"]
    )
    assert.lengthOf(it.copies(), 1)
  })

  it("of which every tool failed is none: the site says ready, and has nothing", async () => {
    const all = ["tickets", "wiki", "discussion", "news", "website", "admin"]
    await using it = await opened({ switches: { failingExports: all } })
    const failure = await failureOf(runHere(it.folder, it.env, only))
    assert.match(failure.message, /scaffold-backup-.*\.zip cannot be fetched from .*: it is not there\. Check/)
    assert.deepStrictEqual(it.copies(), [])
  })

  for (const [how, spoil] of [
    ["cut off", (file: string) => truncateSync(file, 900)],
    [
      "changed in the middle",
      (file: string) => {
        const bytes = readFileSync(file)
        bytes[400] = (bytes[400] as number) ^ 0xff
        writeFileSync(file, bytes)
      }
    ]
  ] as const) {
    it(`that is ${how} is told and not kept; the copies before it are; the next run makes a new one`, async () => {
      await using it = await opened()
      await runHere(it.folder, it.env, only)
      const before = it.copies()
      // What the site puts there later is spoilt before it is fetched.
      const spoilt = runHere(it.folder, it.env, only, (event) => {
        if (event._tag !== "StepProgress" || !event.text.startsWith("the site exports")) return
        const filename = event.text.split(" ").at(-1) as string
        const place = join(it.exports, "scaffold", filename)
        it.server.clock.advance({ seconds: 5 })
        writeFileSync(place, it.server.exported("scaffold", filename) as Uint8Array)
        spoil(place)
      })
      const failure = await failureOf(spoilt)
      assert.match(failure.message, /The zip is cut off or damaged/)
      assert.deepStrictEqual(it.copies(), before)
      it.server.clock.advance({ seconds: 5 })
      const { result } = await runHere(it.folder, it.env, only)
      assert.lengthOf(result.report.allura?.copies ?? [], 2)
    })
  }

  it("takes the place of the oldest when there are enough", async () => {
    await using it = await opened()
    mkdirSync(it.folder.backups)
    for (const day of [1, 2, 3])
      writeFileSync(join(it.folder.backups, `scaffold-backup-2026-01-0${day}-030000.zip`), "")
    writeFileSync(join(it.folder.backups, "other-backup-2025-01-01-030000.zip"), "")
    writeFileSync(join(it.folder.backups, ".scaffold-backup-2025-01-01-030000.zip.part"), "")
    const { result } = await runHere(it.folder, { ...it.env, NIGHTLY_COPIES: "2" }, only)
    assert.lengthOf(result.report.allura?.removed ?? [], 2)
    const [other, old, fresh, ...rest] = it.copies()
    assert.deepStrictEqual(
      [other, old, rest],
      ["other-backup-2025-01-01-030000.zip", "scaffold-backup-2026-01-03-030000.zip", []]
    )
    assert.strictEqual(fresh, result.report.allura?.copy?.file.split("/").at(-1))
  })

  it("that an earlier run had begun is gone on with, not begun again", async () => {
    await using it = await opened({ exportTakes: { hours: 1 } })
    await failureOf(
      runHere(it.folder, it.env, only, (event, stop) => {
        if (event._tag === "StepProgress" && event.text.startsWith("the site exports")) stop()
      })
    )
    assert.strictEqual(begun(it.server), 1)
    it.server.clock.advance({ hours: 1 })
    const { result } = await runHere(it.folder, it.env, only)
    assert.strictEqual(begun(it.server), 1)
    assert.isTrue(result.report.allura?.tools.every(({ saved }) => saved))
  })

  it("waits for somebody else's export of the project to end", async () => {
    await using it = await opened({ exportTakes: { minutes: 1 } })
    const headers = { authorization: `Bearer ${it.server.credentials.bearer}`, accept: "application/json" }
    const body = new URLSearchParams({ tools: "wiki" })
    const theirs = await fetch(`${it.server.url}/rest/p/scaffold/admin/export`, { method: "POST", headers, body })
    assert.strictEqual(theirs.status, 200)
    // Theirs ends once we look whether it has, and ours once it has begun.
    const looked = it.server.faults.add({ on: "GET /rest/p/scaffold/admin/export_status", kind: "delay", by: 0 })
    void looked.firing().then(() => it.server.clock.advance({ minutes: 1 }))
    const { result } = await runHere(it.folder, it.env, only, (event) => {
      if (event._tag === "StepProgress" && event.text.startsWith("the site exports")) {
        it.server.clock.advance({ minutes: 1 })
      }
    })
    assert.isTrue(result.report.run.complete)
    assert.strictEqual(begun(it.server), 3)
  })

  it("comes by scp from where it is said to be", async () => {
    await using it = await opened()
    // A program of that name that does what scp does with what it is given.
    const bin = join(it.folder.base, "bin")
    mkdirSync(bin)
    writeFileSync(
      join(bin, "scp"),
      `#!/bin/sh\n[ "$1 $2" = "-q -B" ] || exit 64\ncase "$3" in me@site.example:*) cp "\${3#me@site.example:}" "$4";; *) echo "lost connection" >&2; exit 1;; esac\n`
    )
    chmodSync(join(bin, "scp"), 0o755)
    const path = process.env.PATH
    process.env.PATH = `${bin}:${path}`
    try {
      const env = { ...it.env, ALLURA_EXPORTS: `me@site.example:${it.exports}` }
      const { result } = await runHere(it.folder, env, only)
      assert.isNotNull(result.report.allura?.copy)
      const failure = await failureOf(runHere(it.folder, { ...it.env, ALLURA_EXPORTS: "me@else.example:/x" }, only))
      assert.match(failure.message, /cannot be fetched from me@else\.example:\/x: scp said: lost connection\. Check/)
    } finally {
      process.env.PATH = path
    }
  })
})

describe("a zip file", () => {
  it("of which a file is not what its checksum says is known to be damaged, readable as it may be", async () => {
    await using it = await opened()
    const { result } = await runHere(it.folder, it.env, only)
    const bytes = readFileSync(result.report.allura?.copy?.file as string)
    // The checksum of the first file, before it and in the directory at the end (APPNOTE 4.3.7 and 4.3.12).
    const entry = bytes.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]))
    for (const at of [14, entry + 16]) bytes.writeUInt32LE((bytes.readUInt32LE(at) ^ 1) >>> 0, at)
    const place = join(it.folder.base, "other.zip")
    writeFileSync(place, bytes)
    assert.strictEqual((await Effect.runPromise(Effect.flip(verify(place, []))))._tag, "BackupDamaged")
  })

  it("cut at any place is known not to be whole", async () => {
    await using it = await opened()
    const { result } = await runHere(it.folder, it.env, only)
    const whole = readFileSync(result.report.allura?.copy?.file as string)
    const place = join(it.folder.base, "cut.zip")
    for (let at = 0; at < whole.length; at += 97) {
      writeFileSync(place, whole.subarray(0, at))
      assert.strictEqual((await Effect.runPromise(Effect.flip(verify(place, [])))).name, "BackupDamaged", `at ${at}`)
    }
    assert.deepStrictEqual(await Effect.runPromise(verify(result.report.allura?.copy?.file as string, ["nope"])), [
      "nope"
    ])
  })
})
