import { execFileSync } from "node:child_process"
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { storeContract } from "@keyturn/auth/testing"
import { redisStore } from "@keyturn/store-redis"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { Redis } from "ioredis"
import { createClient, createCluster } from "redis"
import { startRedis } from "./support/private-server.ts"
import { makeWay } from "./support/way.ts"

const run = Effect.runPromise
const record = {
  version: 1,
  generation: 1,
  tokens: { accessToken: Redacted.make("canary-access"), tokenType: "Bearer", issuedAt: 1 }
}
const messageOf = async (effect: Effect.Effect<unknown, { readonly message: string }>) =>
  (await run(Effect.flip(effect))).message

const installed = (() => {
  try {
    execFileSync("redis-server", ["--version"])
    return true
  } catch {
    if (process.env.CI === "true") throw new Error("There is no redis-server, and CI must test with one.")
    console.warn("NOT TESTED: there is no redis-server to start, stop and freeze. Install Redis or Valkey.")
    return false
  }
})()

describe.skipIf(!installed).concurrent("the Redis store and its server", () => {
  it("rides out a restart: calls wait, subscriptions come back and look again", async () => {
    await using server = await startRedis()
    await using store = redisStore({ url: server.url })
    const scope = await run(Scope.make())
    let woken = 0
    await run(
      Scope.provide(
        store.subscribe("key", () => void woken++),
        scope
      )
    )
    await run(store.write("key", record))
    await server.stop()
    const write = run(store.write("key", { ...record, version: 2 }))
    const before = woken
    await server.start()
    assert.isTrue(await write)
    while (woken === before) await new Promise(setImmediate)
    const reconnected = woken
    await run(store.write("key", { ...record, version: 3 }))
    while (woken === reconnected) await new Promise(setImmediate)
    await run(Scope.close(scope, Exit.void))
  })

  it("looks again when its listening connection was lost: word may have been missed", async () => {
    await using server = await startRedis()
    await using store = redisStore({ url: server.url })
    const scope = await run(Scope.make())
    let woken = 0
    await run(
      Scope.provide(
        store.subscribe("key", () => void woken++),
        scope
      )
    )
    const before = woken
    await server.admin("CLIENT", "KILL", "TYPE", "pubsub")
    while (woken === before) await new Promise(setImmediate)
    await run(Scope.close(scope, Exit.void))
  })

  it("leaves a connection on which nothing comes back any more", async () => {
    await using server = await startRedis()
    await using way = await makeWay(server.port)
    await using store = redisStore({ url: way.url })
    await run(store.write("key", record))
    way.swallow()
    assert.isTrue(await run(store.write("key", { ...record, version: 2 })))
  })

  it("rides out a server that hangs for a while, and does every step once", async () => {
    await using server = await startRedis()
    await using store = redisStore({ url: server.url })
    await run(store.write("key", record))
    server.signal("SIGSTOP")
    const write = run(store.write("key", { ...record, version: 2 }))
    setTimeout(() => server.signal("SIGCONT"), 4000)
    assert.isTrue(await write)
    assert.strictEqual((await run(store.read("key"))).version, 2)
  })

  it("fails with what to do when the server stays away, and shows no password (I7, I8)", async () => {
    await using server = await startRedis()
    await server.stop()
    await using store = redisStore({ url: `redis://me:canary@127.0.0.1:${server.port}` })
    const since = performance.now()
    const error = await run(Effect.flip(store.read("key")))
    assert.isBelow(performance.now() - since, 15_000)
    assert.strictEqual(error._tag, "StoreUnavailable")
    assert.include(error.message, "ECONNREFUSED")
    assert.notInclude(inspect(error, { depth: null }), "canary")
  })

  it("fails at once when waiting would not help: a password that is missing or wrong", async () => {
    await using server = await startRedis()
    await server.admin("CONFIG", "SET", "requirepass", "canary")
    await using store = redisStore({ url: server.url })
    assert.include(await messageOf(store.read("key")), "asks for a password")
    const wrong = server.url.replace("//", "//:wrong@")
    await using refused = redisStore({ url: wrong })
    assert.include(await messageOf(refused.read("key")), "refused the user name or password")
  })

  it("does without pub/sub when the user may not use it", async () => {
    await using server = await startRedis()
    await server.admin("ACL", "SETUSER", "mute", "on", ">secret", "~*", "resetchannels", "+@all")
    const url = server.url.replace("//", "//mute:secret@")
    for (const { name, run } of storeContract(() => redisStore({ url }))) {
      if (name.startsWith("wakes")) await run()
    }
  })

  it("keeps a live record for ever, and the version of an ended one for a month", async () => {
    await using server = await startRedis()
    await using store = redisStore({ url: server.url })
    const ttl = async (what: string) => Number(await server.admin("PTTL", `keyturn:{key}:${what}`))
    await run(store.write("key", record))
    assert.strictEqual(await ttl("record"), -1)
    await run(store.hold("key", "one", 5000))
    await run(store.hold("key", "two", 1000))
    assert.isAbove(await ttl("holders"), 4000)
    await run(store.acquire("key", "one", 5000))
    assert.isAbove(await ttl("lease"), 4000)
    await run(store.leave("key", "two", true))
    assert.strictEqual(await ttl("record"), -1)
    await run(store.leave("key", "one", true))
    assert.closeTo(await ttl("record"), 30 * 24 * 3600 * 1000, 60_000)
    await run(store.write("key", { ...record, version: 3 }))
    assert.strictEqual(await ttl("record"), -1)
  })

  it("counts a write only when the replicas have it, if that is asked for", async () => {
    await using primary = await startRedis()
    await using store = redisStore({ url: primary.url, wait: { replicas: 1, timeout: 100 } })
    const write = run(store.write("key", record)) // it is repeated until there is one
    await using replica = await startRedis(
      "--replicaof",
      "127.0.0.1",
      `${primary.port}`,
      "--repl-diskless-sync-delay",
      "0"
    )
    assert.isTrue(await write)
    await using reader = redisStore({ url: replica.url })
    assert.strictEqual((await run(reader.read("key"))).version, 1)
    assert.include(await messageOf(reader.write("key", { ...record, version: 2 })), "replica")
    await replica.stop()
    assert.include(await messageOf(store.write("key", { ...record, version: 2 })), "0 of 1 Redis replicas")
  }, 60_000)

  it("keeps the contract in a cluster, with the cluster clients of both packages", async () => {
    await using server = await startRedis("--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1")
    await server.admin("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    while (!String(await server.admin("CLUSTER", "INFO")).includes("cluster_state:ok")) {}
    const cluster = createCluster({ rootNodes: [{ url: server.url }] })
    cluster.on("error", () => {})
    await cluster.connect()
    const io = new Redis.Cluster([server.url])
    try {
      for (const client of [cluster, io]) {
        await Promise.all(storeContract(() => redisStore({ client })).map((one) => one.run()))
      }
    } finally {
      cluster.destroy()
      io.disconnect()
    }
  })

  it("leaves the client that it was given open", async () => {
    await using server = await startRedis()
    const client = createClient({ url: server.url })
    await client.connect()
    const store = redisStore({ client })
    await run(store.write("key", record))
    await store.close()
    assert.strictEqual(await client.ping(), "PONG")
    client.destroy()
  })

  it("keeps no process alive", async () => {
    await using server = await startRedis()
    const program = `
      import { redisStore } from "@keyturn/store-redis"
      import * as Effect from "effect/Effect"
      import * as Scope from "effect/Scope"
      const store = redisStore({ url: ${JSON.stringify(server.url)} })
      await Effect.runPromise(Scope.provide(store.subscribe("key", () => {}), Effect.runSync(Scope.make())))
      await Effect.runPromise(store.hold("key", "me", 1000))
      console.log("done")`
    const cwd = new URL("..", import.meta.url)
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd,
      timeout: 20_000,
      stdio: "pipe"
    })
    assert.strictEqual(out.toString().trim(), "done")
  })
})
