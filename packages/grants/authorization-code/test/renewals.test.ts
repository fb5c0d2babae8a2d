import { spawn } from "node:child_process"
import type { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { channels, type Life } from "./support/life.ts"
import { listen, person, type Referee, secrets } from "./support/referee.ts"

const machine = { clientId: "machine", clientSecret: secrets.machine }

interface Outcome {
  readonly code: number | null
  readonly output: string
  /** Calls of the token endpoint until all had renewed as often as they should. */
  readonly calls: Referee["calls"]
}

/** Runs the program of `support/life.ts` to its crash. */
const live = async (server: Referee, life: Pick<Life, "times" | "plant">): Promise<Outcome> => {
  server.amend = (path, _grantType, body) => {
    if (path === "/device/auth") body.interval = 0.02
  }
  server.spends = true
  const program = fileURLToPath(new URL("support/life.ts", import.meta.url))
  const told = JSON.stringify({ url: server.url, person, machine, ...life } satisfies Life)
  const child = spawn(process.execPath, [program, told], { stdio: ["ignore", "pipe", "pipe", "ipc"] })
  let calls: Referee["calls"] = []
  child.once("message", () => {
    calls = server.calls.filter(({ path }) => path === "/token")
    server.fault = (request, response) => {
      if (request.url !== "/token") return false
      const chunks: Array<Buffer> = []
      request.on("data", (chunk) => chunks.push(chunk))
      request.on("end", () => {
        const sent = [...new URLSearchParams(Buffer.concat(chunks).toString()).values()].join(" ")
        const said = `I do not like ${sent} ${request.headers.authorization ?? ""}`
        response.writeHead(400, { "content-type": "application/json" })
        response.end(JSON.stringify({ error: "invalid_grant", error_description: said }))
      })
      return true
    }
    child.send("go on")
  })
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
  const [out, errors, code] = await Promise.all([text(child.stdout as Readable), text(child.stderr as Readable), ended])
  return { code, calls, output: `${out}${errors.replace(/^/gm, "crash\t")}` }
}

/** Everything secret that went between the program and the server. */
const canariesOf = ({ calls, issued }: Referee): ReadonlySet<string> => {
  const given = issued.flatMap(({ access_token, refresh_token }) => [access_token, refresh_token])
  const sent = calls.flatMap(({ form, headers }) => [
    ...["code", "code_verifier", "device_code", "refresh_token", "password", "client_secret"].map((name) =>
      form.get(name)
    ),
    headers.authorization?.replace(/^\w+ /, ""),
    String(headers.dpop ?? "").split(".")[2]
  ])
  const all = [...given, ...sent, ...Object.values(secrets), person.password]
  return new Set(all.filter((one): one is string => typeof one === "string" && one !== ""))
}

/** The channels in which a canary shows: as it is, percent-encoded, or within base64. */
const leaks = (output: string, canaries: ReadonlySet<string>): ReadonlyArray<string> => {
  const opaque = new Set([...canaries].filter((canary) => /^[\w-]{43}$/.test(canary)))
  const others = [...canaries].filter((canary) => !opaque.has(canary))
  const shows = (line: string): boolean => {
    for (const [run] of line.matchAll(/[\w-]{43,}/g)) {
      for (let at = 0; at + 43 <= run.length; at++) if (opaque.has(run.slice(at, at + 43))) return true
    }
    return others.some((canary) => line.includes(canary))
  }
  const plain = (line: string) =>
    line.replace(/(?:%[0-9a-f]{2})+/gi, (part) => {
      try {
        return decodeURIComponent(part)
      } catch {
        return part
      }
    })
  const decoded = (line: string) =>
    [...line.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g)]
      .map(([part]) => Buffer.from(part, "base64").toString("latin1"))
      .join(" ")
  const found = output.split("\n").filter((line) => shows(line) || shows(plain(line)) || shows(decoded(line)))
  return [...new Set(found.map((line) => line.slice(0, line.indexOf("\t"))))].sort()
}

describe("sessions of every grant, side by side", () => {
  it("I1, I7, C6: three thousand renewals by rotation without one refused token, and not a secret in anything that is said", {
    timeout: 240_000
  }, async () => {
    await using server = await listen()
    const { calls, code, output } = await live(server, { times: 601, plant: [] })
    // The device asks until its person has answered; nothing else may be refused.
    const refused = calls.filter(
      ({ form, status }) => status !== 200 && form.get("grant_type")?.endsWith("device_code") !== true
    )
    assert.deepStrictEqual(refused, [])
    const refreshes = calls.filter(({ form }) => form.get("grant_type") === "refresh_token")
    assert.strictEqual(refreshes.length, 4 * 600)
    assert.strictEqual(new Set(refreshes.map(({ form }) => form.get("refresh_token"))).size, 4 * 600)
    assert.strictEqual(calls.filter(({ form }) => form.get("grant_type") === "client_credentials").length, 601)
    const canaries = canariesOf(server)
    assert.isAbove(canaries.size, 7000)
    assert.deepStrictEqual(leaks(output, canaries), [])
    // It did say what is searched, and did crash.
    assert.strictEqual(code, 1)
    const said = new Set(output.split("\n").map((line) => line.slice(0, line.indexOf("\t"))))
    for (const channel of channels) assert.isTrue(said.has(channel), channel)
    for (const word of [
      "SignedIn",
      "Refreshed",
      "keyturn.refresh",
      "SessionLost",
      "SignInRejected",
      "OriginRefused",
      "I do not like",
      "nobody took this"
    ]) {
      assert.include(output, word)
    }
  })

  it("I7: a planted token is found in each channel, and in whatever form it takes", { timeout: 120_000 }, async () => {
    await using server = await listen()
    const { output } = await live(server, { times: 1, plant: channels })
    const canaries = canariesOf(server)
    assert.deepStrictEqual(leaks(output, canaries), [...channels].sort())
    const token = server.issued.at(0)?.access_token ?? ""
    for (const form of [
      `x${token}y`,
      encodeURIComponent(secrets.machine),
      `%${token.charCodeAt(0).toString(16)}${token.slice(1)}`,
      Buffer.from(`a:${token}`).toString("base64"),
      Buffer.from(`${token}:b`).toString("base64url")
    ]) {
      assert.deepStrictEqual(leaks(`log\t${form}`, canaries), ["log"], form)
    }
    assert.deepStrictEqual(leaks(`log\t${token.slice(1)}`, canaries), [])
  })
})
