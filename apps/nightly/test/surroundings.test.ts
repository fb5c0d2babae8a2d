import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { bits } from "@keyturn/simulators"
import pg from "pg"
import { createClient } from "redis"
import { runHere } from "./support/here.ts"
import { run, scratch } from "./support/program.ts"
import { pointAtBits } from "./support/services.ts"

const redisUrl = process.env.REDIS_URL ?? "redis://127.0.0.1:6379"
const databaseUrl = process.env.DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/postgres"

/** Whether a server is there; with `CI` set it has to be. */
const isThere = async (name: string, ask: () => Promise<unknown>): Promise<boolean> => {
  try {
    await ask()
    return true
  } catch (error) {
    if (process.env.CI) throw error
    console.warn(`NOT TESTED: sessions of the nightly run in ${name}, which does not answer.`)
    return false
  }
}

const redis = async <A>(work: (client: ReturnType<typeof createClient>) => Promise<A>): Promise<A> => {
  const client = createClient({ url: redisUrl, socket: { reconnectStrategy: false } })
  client.on("error", () => {})
  await client.connect()
  try {
    return await work(client as ReturnType<typeof createClient>)
  } finally {
    client.destroy()
  }
}

const redisIsThere = await isThere("Redis", () => redis((client) => client.ping()))

const database = async <A>(work: (client: pg.Client) => Promise<A>): Promise<A> => {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

const databaseIsThere = await isThere("PostgreSQL", () => database((client) => client.query("select 1")))

/** Two runs that share nothing but the store: how often they signed in. */
const signInsOfTwo = async (
  env: Readonly<Record<string, string>>,
  clean: (url: string) => Promise<unknown> = async () => {}
): Promise<number> => {
  using first = scratch()
  using second = scratch()
  await using server = await bits.listen()
  for (const [folder, sessions] of [
    [first, "keep"],
    [second, "sign-out"]
  ] as const) {
    const own = pointAtBits(server, join(folder.base, "applications.json"))
    await runHere(folder, { ...own, ...env, NIGHTLY_SESSIONS: sessions }, { only: ["bits"] })
  }
  await clean(server.url)
  return server.stats().signIns
}

describe("sessions", () => {
  it("that are kept in a folder each are two", async () => {
    assert.strictEqual(await signInsOfTwo({}), 2)
  })

  it.skipIf(!redisIsThere)("in Redis are shared, by REDIS_URL, encrypted by KEYTURN_KEY", async () => {
    const key = Buffer.alloc(32, 7).toString("base64")
    // What is left of a session that has ended: no token, but a key that others need not find.
    const clean = (url: string) =>
      redis(async (client) => {
        const keys = await client.keys(`keyturn:*${encodeURIComponent(url)}*`)
        assert.isNotEmpty(keys)
        await client.del(keys)
      })
    assert.strictEqual(await signInsOfTwo({ REDIS_URL: redisUrl, KEYTURN_KEY: key }, clean), 1)
  })

  it.skipIf(!databaseIsThere)("in PostgreSQL are shared, by DATABASE_URL", async () => {
    const schema = `nightly_test_${process.pid}`
    await database((client) => client.query(`create schema ${schema}`))
    try {
      const url = new URL(databaseUrl)
      url.searchParams.set("options", `-c search_path=${schema}`)
      assert.strictEqual(await signInsOfTwo({ DATABASE_URL: url.href }), 1)
    } finally {
      await database((client) => client.query(`drop schema ${schema} cascade`))
    }
  })
})

describe("telemetry", () => {
  it("goes to the collector that OpenTelemetry's variables name, from every process", async () => {
    const received = new Map<string, Array<string>>()
    const collector = createServer(async (request, response) => {
      let body = ""
      for await (const part of request) body += part
      const path = request.url as string
      received.set(path, [...(received.get(path) ?? []), body])
      response.end("{}")
    }).listen(0, "127.0.0.1")
    await new Promise((resolve) => collector.once("listening", resolve))
    using folder = scratch()
    await using server = await bits.listen()
    const { code, stderr } = await run(
      ["--only", "bits", "--workers", "2", "--out", folder.path, "--log-level", "debug"],
      {
        ...pointAtBits(server, join(folder.base, "applications.json")),
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
        OTEL_SERVICE_NAME: "our-nights"
      }
    )
    collector.closeAllConnections()
    collector.close()
    assert.strictEqual(code, 0, stderr)
    const text = (path: string) => (received.get(path) ?? []).join("\n")
    for (const span of ["nightly", "nightly.bits", "nightly.bits.ask", "keyturn.signIn"]) {
      assert.include(text("/v1/traces"), `"name":"${span}"`)
    }
    assert.include(text("/v1/metrics"), "keyturn.session.sign_ins")
    assert.include(text("/v1/logs"), "keyturn: SignedIn")
    assert.include(text("/v1/traces"), "our-nights")
    // A secret is in none of it (I7).
    for (const body of [...received.values()].flat()) assert.notInclude(body, server.credentials.client.clientSecret)
  })
})
