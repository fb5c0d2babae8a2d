/** The stores that are measured where their servers are: Redis and PostgreSQL at the addresses that the tests use. */
import { randomBytes } from "node:crypto"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { contenderFile } from "./prepare.ts"

/** The engines. */
export const engines = ["file", "redis", "postgres"] as const
export type Engine = (typeof engines)[number]

/** A store of a measurement's own: a folder, a prefix or a schema that nobody else uses. */
export interface Place {
  readonly engine: Engine
  readonly path?: string
  readonly url?: string
  readonly prefix?: string
  readonly schema?: string
}

const { DATABASE_URL = "postgres://postgres@127.0.0.1:5432/postgres", REDIS_URL = "redis://127.0.0.1:6379" } =
  process.env

const placeOf = (engine: Engine): Place => {
  const own = randomBytes(6).toString("hex")
  switch (engine) {
    case "file":
      return { engine, path: join(mkdtempSync(join(tmpdir(), "keyturn-benchmark-")), "sessions.db") }
    case "redis":
      return { engine, url: REDIS_URL, prefix: `keyturn-benchmark-${own}:` }
    case "postgres":
      return { engine, url: DATABASE_URL, schema: `keyturn_benchmark_${own}` }
  }
}

interface Helpers {
  readonly furnish: (place: Place) => Promise<void>
  readonly tidy: (place: Place) => Promise<void>
}

const helpers = async (): Promise<Helpers> => (await import(contenderFile("stores"))) as Helpers

/** Uses a new place of an engine, and leaves nothing in it. */
export const withPlace = async <A>(engine: Engine, use: (place: Place) => Promise<A>): Promise<A> => {
  const { furnish, tidy } = await helpers()
  const place = placeOf(engine)
  await furnish(place)
  try {
    return await use(place)
  } finally {
    await tidy(place)
  }
}

/** The engines whose servers answer, and a note for each that does not. */
export const reachable = async (): Promise<{
  readonly there: ReadonlyArray<Engine>
  readonly notes: ReadonlyArray<string>
}> => {
  const there: Array<Engine> = []
  const notes: Array<string> = []
  for (const engine of engines) {
    try {
      await withPlace(engine, async () => {})
      there.push(engine)
    } catch {
      notes.push(`${engine} was not measured: no server answers. REDIS_URL and DATABASE_URL say where they are.`)
    }
  }
  return { there, notes }
}
