/** The process that is killed: one session for each point, each stopped there before the SIGKILL comes. */
import { openStore, type StoreSpec } from "../stores.ts"
import { connectAs, type Way } from "./client.ts"
import { type Point, stopping } from "./points.ts"

/** What the victim is to do. */
export interface Task {
  readonly store: StoreSpec
  readonly url: string
  readonly way: Way
  readonly deadline: number
  readonly deaths: ReadonlyArray<{ readonly login: string; readonly point: Point }>
}

const { deadline, deaths, store: spec, url, way } = JSON.parse(process.argv[2] as string) as Task
const store = openStore(spec)
let left = deaths.length
const sessions = await Promise.all(
  deaths.map(async ({ login, point }) => {
    const stop = stopping(store, point, () => {
      if (--left === 0) process.send?.("dying")
    })
    return {
      client: await connectAs(way, login, { deadline, url, store: stop.store, fetch: stop.fetch }),
      arm: stop.arm
    }
  })
)
process.once("message", () => {
  for (const { arm, client } of sessions) {
    arm()
    void client.GET("/thing")
  }
})
// Nobody is left to kill it.
process.on("disconnect", () => process.exit())
process.send?.("connected")
