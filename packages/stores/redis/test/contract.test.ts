import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, describe, it } from "@effect/vitest"
import { storeContract } from "@keyturn/auth/testing"
import { redisStore } from "@keyturn/store-redis"
import { Redis } from "ioredis"
import { createClient } from "redis"
import { missing, url } from "./support/server.ts"

const prefix = `keyturn-test-${randomBytes(6).toString("hex")}`

describe.skipIf(missing)("the Redis store", () => {
  const client = createClient({ url })
  let io: Redis
  beforeAll(async () => {
    await client.connect()
    io = new Redis(url)
  })
  afterAll(async () => {
    const keys = await client.keys(`${prefix}*`)
    if (keys.length > 0) await client.del(keys)
    client.destroy()
    io.disconnect()
  })

  describe("by URL", () => {
    for (const { name, run } of storeContract(() => redisStore({ url, prefix }))) it(name, run)
  })
  describe("by URL, encrypted", () => {
    const key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    for (const { name, run } of storeContract(() => redisStore({ url, prefix, key }))) it(name, run)
  })
  describe("with a client of `redis`", () => {
    for (const { name, run } of storeContract(() => redisStore({ client, prefix }))) it(name, run)
  })
  describe("with a client of `ioredis`", () => {
    for (const { name, run } of storeContract(() => redisStore({ client: io, prefix }))) it(name, run)
  })
})
