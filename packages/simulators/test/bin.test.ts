import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { bench } from "@keyturn/simulators"
import { inferred as benchInferred } from "../src/bench/inferred.ts"
import { inferred as bitsInferred } from "../src/bits/inferred.ts"

const start = (...args: ReadonlyArray<string>): ChildProcess & { out: string; err: string } => {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../src/bin.ts", import.meta.url)), ...args])
  const told = Object.assign(child, { out: "", err: "" })
  child.stdout.on("data", (piece: Buffer) => (told.out += piece))
  child.stderr.on("data", (piece: Buffer) => (told.err += piece))
  return told
}

const exitOf = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode === null) await once(child, "close")
  return child.exitCode
}

describe("the command", () => {
  it("listens, prints the URL and credentials that work, and ends with Ctrl-C", async () => {
    const child = start("bench", "--port", "0", "--seed", "3")
    while (!/service .*\n/.test(child.out)) await once(child.stdout as NonNullable<typeof child.stdout>, "data")
    const url = /http:\/\/\S+:\d+/.exec(child.out)?.[0]
    const { login, password } = JSON.parse(/service +(.+)/.exec(child.out)?.[1] ?? "") as {
      login: string
      password: string
    }
    const answer = await fetch(`${url}/auth/signin`, {
      method: "POST",
      body: new URLSearchParams({ username: login, password })
    })
    assert.strictEqual(answer.status, 200)
    child.kill("SIGINT")
    assert.strictEqual(await exitOf(child), 0)
  })

  it("knows all four", async () => {
    for (const name of ["bench", "bits", "allura", "pink"]) {
      const child = start(name)
      while (!child.out.includes("Credentials:")) await once(child.stdout as NonNullable<typeof child.stdout>, "data")
      child.kill("SIGTERM")
      assert.strictEqual(await exitOf(child), 0, name)
    }
  })

  it("shows how it is used", async () => {
    const child = start("--help")
    assert.strictEqual(await exitOf(child), 0)
    assert.match(child.out, /--port <n>/)
    assert.notMatch(child.out, /refreshFailureStatus/)
  })

  it("shows every switch of a simulator, the default first", async () => {
    for (const [name, inferred] of Object.entries({ bench: benchInferred, bits: bitsInferred })) {
      const child = start(name, "--help")
      assert.strictEqual(await exitOf(child), 0)
      for (const [name, values] of Object.entries(inferred))
        assert.match(child.out, new RegExp(`^ +${name} +${values.join(" \\| ")}$`, "m"))
    }
  })

  it("switches behaviours that the vendor does not state", async () => {
    const child = start("bench", "--switch", "signInFailureStatus=400", "--switch", "authErrorBody=bench")
    while (!/service .*\n/.test(child.out)) await once(child.stdout as NonNullable<typeof child.stdout>, "data")
    const answer = await fetch(`${/http:\/\/\S+:\d+/.exec(child.out)?.[0]}/auth/signin`, {
      method: "POST",
      body: new URLSearchParams({ username: "nobody", password: "no" })
    })
    assert.strictEqual(answer.status, 400)
    assert.property(await answer.json(), "errors")
    child.kill("SIGTERM")
    assert.strictEqual(await exitOf(child), 0)
  })

  it("refuses what it does not know with exit code 2 and the usage", async () => {
    for (const args of [
      [],
      ["bunch"],
      ["bench", "--prot", "1"],
      ["bench", "--port", "http"],
      ["bench", "bench"],
      ["bench", "--switch", "sleepy=true"],
      ["bench", "--switch", "signInFailureStatus=418"],
      ["toString"]
    ]) {
      const child = start(...args)
      assert.strictEqual(await exitOf(child), 2, args.join(" "))
      assert.match(child.err, /Usage:/)
    }
  })

  it("says that the port is taken", async () => {
    await using server = await bench.listen()
    const child = start("bench", "--port", new URL(server.url).port)
    assert.strictEqual(await exitOf(child), 1)
    assert.match(child.err, /port is taken/)
  })
})
