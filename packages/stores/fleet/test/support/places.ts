/** A place of its own for one fleet, on an engine of its own, and what may befall that engine. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { type OwnServer, ownPostgres, ownRedis, postgresProgram } from "./own-servers.ts"
import type { StoreSpec } from "./stores.ts"
import { openWay } from "./way.ts"

/** Something that lasts so many milliseconds. */
export type Outage = (milliseconds: number) => Promise<void>

export interface Place extends AsyncDisposable {
  readonly spec: StoreSpec
  readonly outages: Readonly<Record<string, Outage>>
}

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

/** A file needs no server and no network; what can keep it away is another program. */
const file = async (): Promise<Place> => {
  const folder = mkdtempSync(join(tmpdir(), "keyturn-fleet-"))
  const path = join(folder, "sessions.db")
  return {
    spec: { engine: "file", path },
    outages: {
      "is locked by another program": async (milliseconds) => {
        const rude = new DatabaseSync(path, { timeout: 5000 })
        rude.exec("begin exclusive")
        await sleep(milliseconds)
        rude.close()
      }
    },
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true })
  }
}

/** A server at the end of a way that can be cut. */
const behindWay = async (server: OwnServer, specOf: (port: number) => StoreSpec): Promise<Place> => {
  const way = await openWay(() => server.port)
  return {
    spec: specOf(way.port),
    outages: {
      "is killed and started again": server.crash,
      "is cut off": way.sever,
      "cannot be reached for a while": way.stall
    },
    [Symbol.asyncDispose]: async () => {
      await way[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    }
  }
}

/** The engines of the fleets. */
export const places = {
  file,
  redis: async () =>
    behindWay(await ownRedis(), (port) => ({ engine: "redis", url: `redis://127.0.0.1:${port}`, prefix: "fleet" })),
  postgres: async () =>
    behindWay(await ownPostgres(), (port) => ({
      engine: "postgres",
      url: `postgres://postgres@127.0.0.1:${port}/postgres`,
      schema: "public"
    }))
} satisfies Record<string, () => Promise<Place>>

export type EngineName = keyof typeof places
export const engineNames = Object.keys(places) as ReadonlyArray<EngineName>

/** The engines that cannot be started here: said loudly, and an error where `CI` is `true`. */
export const missing = new Set<EngineName>()
for (const [engine, program] of [
  ["redis", "redis-server"],
  ["postgres", postgresProgram("postgres")]
] as const) {
  const { error } = spawnSync(program, ["--version"], { stdio: "ignore" })
  if (error === undefined) continue
  if (process.env.CI === "true") throw error
  console.warn(`NOT TESTED: fleets on ${engine}. They start a server of their own: install ${program}.`)
  missing.add(engine)
}
