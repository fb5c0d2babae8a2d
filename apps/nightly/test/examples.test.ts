/** The examples, each run as a program of its own against simulators on this machine. */
import { execFile, spawn } from "node:child_process"
import { createHmac } from "node:crypto"
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { allura, bench, bits, pink } from "@keyturn/simulators"
import { scratch } from "./support/program.ts"

const folder = fileURLToPath(new URL("../examples/", import.meta.url))
const exec = promisify(execFile)

type Env = Readonly<Record<string, string>>

/** Runs a program to its end; what it wrote to stdout. Throws what it wrote when it ends with another code than 0. */
const run = async (args: ReadonlyArray<string>, env: Env = {}): Promise<string> => {
  try {
    const options = { cwd: folder, env: { PATH: process.env.PATH, ...env }, timeout: 25_000 }
    return (await exec(process.execPath, args, options)).stdout
  } catch (error) {
    const { code, stderr, stdout } = error as { code: number; stderr: string; stdout: string }
    throw new Error(`${args[0]} ended with ${code}: ${stderr}${stdout}`)
  }
}

/** Starts a server, waits for the URL that it prints, and stops it at the end. */
const serve = async (name: string, env: Env) => {
  const child = spawn(process.execPath, [name], {
    cwd: folder,
    env: { PATH: process.env.PATH, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"]
  })
  const lines: Array<string> = []
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on("line", (line) => {
      lines.push(line)
      if (lines.length === 1) resolve(line)
    })
    ended.then((code) => reject(new Error(`${name} ended with ${code}`)))
  })
  return {
    url,
    lines,
    stop: (): Promise<number | null> => {
      child.kill("SIGTERM")
      return ended
    },
    [Symbol.dispose]: () => child.kill("SIGKILL")
  }
}

const benchEnv = (server: Awaited<ReturnType<typeof bench.listen>>): Env => ({
  BENCH_URL: server.url,
  BENCH_LOGIN: server.credentials.service.login,
  BENCH_PASSWORD: server.credentials.service.password
})

const bitsEnv = (server: Awaited<ReturnType<typeof bits.listen>>): Env => ({
  BITS_URL: server.url,
  BITS_CLIENT_ID: server.credentials.client.clientId,
  BITS_CLIENT_SECRET: server.credentials.client.clientSecret
})

/** One sign-in, one sign-out, nothing left. */
const cameAndWent = (server: Awaited<ReturnType<typeof bench.listen>>) => {
  const { liveSessions, signIns, signOuts } = server.stats()
  assert.deepStrictEqual({ liveSessions, signIns, signOuts }, { liveSessions: 0, signIns: 1, signOuts: 1 })
}

describe("the example of", { concurrent: false }, () => {
  it("ky reads projects with ky's own calls, and signs out", async () => {
    await using server = await bench.listen()
    const lines = (await run(["ky.ts"], benchEnv(server))).trim().split("\n")
    assert.lengthOf(lines, 1)
    assert.match(lines[0] as string, /^Halden & Moore.*: .+(, .+){4}$/)
    cameAndWent(server)
  })

  it("openapi-react-query renders what it reads, and signs out", async () => {
    await using server = await bench.listen()
    const html = await run(["react-query.ts"], benchEnv(server))
    assert.lengthOf(html.match(/<h2>/g) ?? [], 1)
    assert.lengthOf(html.match(/<li>/g) ?? [], 5)
    cameAndWent(server)
  })

  it("MSW is a test that passes", async () => {
    assert.match(await run(["--test", "msw.ts"]), /pass 1\n/)
  })

  it("Express serves many at once from one session, heals, tells a failure apart, and signs out at the end", async () => {
    await using server = await bench.listen()
    using app = await serve("express.ts", benchEnv(server))
    const get = async (path: string) => {
      const answer = await fetch(app.url + path)
      return [answer.status, await answer.json()] as const
    }
    const all = await Promise.all(Array.from({ length: 8 }, () => get("/projects/1")))
    for (const [status, projects] of all) {
      assert.strictEqual(status, 200)
      assert.lengthOf(projects as ReadonlyArray<unknown>, 20)
    }
    server.clock.advance({ hours: 25 })
    assert.strictEqual((await get("/projects/1"))[0], 200)
    assert.strictEqual((await get("/projects/999"))[0], 403)
    assert.strictEqual(((await get("/healthz"))[1] as { status: string }).status, "active")
    assert.strictEqual(server.stats().rejected.total, 1)
    assert.strictEqual(await app.stop(), 0)
    cameAndWent(server)
  })

  it("Hono answers a signed webhook, reads what happened once, and refuses a wrong signature", async () => {
    await using server = await bits.listen()
    const secret = "hook-secret"
    using app = await serve("hono.ts", { ...bitsEnv(server), BITS_WEBHOOK_SECRET: secret })
    const id = server.applications()[0]?.id as string
    const body = JSON.stringify({ eventId: "e1", publishedAt: "", event: { type: "X", applicationId: id } })
    const post = async (signature: string) =>
      (await fetch(`${app.url}/hooks/bits`, { method: "POST", body, headers: { "content-hmac": signature } })).status
    const signature = createHmac("sha256", secret).update(body).digest("base64")
    assert.deepStrictEqual([await post(signature), await post(signature), await post("bm8=")], [200, 200, 401])
    assert.strictEqual(await app.stop(), 0)
    assert.deepStrictEqual(app.lines.slice(1), [`e1 ${id} ${server.applications()[0]?.status}`])
  })

  it("hey-api is generated, compiles and calls the API with the session's fetch", async () => {
    await using server = await bits.listen()
    const { id, status } = server.applications()[0] as { id: string; status: string }
    await run(["node_modules/@hey-api/openapi-ts/bin/run.js", "-f", "openapi-ts.config.ts"])
    await run(["../../../node_modules/typescript/bin/tsc", "-p", "tsconfig.hey-api.json"])
    const text = await run(["hey-api.ts", id], bitsEnv(server))
    assert.match(text, new RegExp(`^customer bits:customer::.+\n${id} ${status}\n$`))
  })

  it("the run with promises does its four steps and keeps its sessions: a second run signs in nowhere", async () => {
    await using all = new AsyncDisposableStack()
    const [b, a, i, p] = await Promise.all([
      bench.listen(),
      allura.listen({ exportTakes: { milliseconds: 1 } }),
      bits.listen(),
      pink.listen()
    ])
    for (const server of [b, a, i, p]) all.use(server)
    using state = scratch()
    const ids = i
      .applications()
      .slice(0, 3)
      .map(({ id }) => id)
    const env = {
      ...benchEnv(b),
      ...bitsEnv(i),
      ALLURA_URL: a.url,
      ALLURA_TOKEN: a.credentials.bearer,
      ALLURA_PROJECT: "scaffold",
      BITS_APPLICATIONS: ids.join(","),
      PINK_URL: p.url,
      PINK_TOKEN: p.credentials.personalAccessToken,
      NIGHTLY_STATE: `${state.base}/sessions.db`,
      NIGHTLY_REPORT: `${state.base}/nightly.json`
    }
    for (const _ of [1, 2]) assert.match(await run(["promise.ts"], env), /^published as [\da-f-]{36}\n$/)
    const report = JSON.parse(readFileSync(`${state.base}/nightly.json`, "utf8"))
    assert.isAbove(report.unfilled.length, 5)
    assert.match(report.backup, /^scaffold-backup-.*\.zip$/)
    assert.deepStrictEqual(
      report.pending,
      i
        .applications()
        .slice(0, 3)
        .map(({ id, status }) => [id, status])
    )
    assert.deepStrictEqual([b.stats().signIns, i.stats().signIns], [1, 1])
    assert.strictEqual(p.stats().operations["POST /v1/reports"], 2)

    const failed = await run(["promise.ts"], { ...env, ALLURA_TOKEN: "wrong" }).catch((error: Error) => error.message)
    assert.match(failed, /^promise.ts ended with 1: published as/)
    const { backup, unfilled } = JSON.parse(readFileSync(`${state.base}/nightly.json`, "utf8"))
    assert.deepStrictEqual(backup, { failed: "Error: the export was refused (401)" })
    assert.deepStrictEqual(unfilled, report.unfilled)
  })

  it("none is longer than a page", () => {
    for (const name of ["express", "hey-api", "hono", "ky", "msw", "promise", "react-query"])
      assert.isAtMost(readFileSync(`${folder}${name}.ts`, "utf8").trimEnd().split("\n").length, 60, name)
  })
})
