/** One process of a fleet: connects, waits for the start, sends its requests, waits for the end, leaves. */
import { contract } from "@keyturn/bench"
import { connect } from "@keyturn/client"
import type { Job, Order, Report } from "./fleet.ts"
import { openStore } from "./stores.ts"

const job = JSON.parse(process.argv[2] as string) as Job
const say = (report: Report) => process.send?.(report)
const orders = new Map<Order, () => void>()
const ordered = (order: Order) => new Promise<void>((resolve) => orders.set(order, resolve))
const [start, end] = [ordered("start"), ordered("end")]
process.on("message", (order: Order) => orders.get(order)?.())

const store = openStore(job.store)
const bench = await connect(contract, {
  credentials: job.credentials,
  baseUrl: job.url,
  store,
  policy: { heartbeat: "300 millis", deadline: { signIn: "2 seconds", refresh: "2 seconds" } },
  onEvent: ({ _tag }) => say({ event: _tag })
})
say({ event: "connected" })
await start
for (let sent = 0; sent < job.requests; sent++) {
  try {
    const { response } = await bench.GET("/rp/api/v1/Accounts")
    if (!response.ok) say({ failed: `${response.status}` })
  } catch (error) {
    say({ failed: String(error) })
  }
  await new Promise((resolve) => setTimeout(resolve, job.pause * (0.5 + Math.random())))
}
say({ event: "finished" })
await end
await bench[Symbol.asyncDispose]()
await store.close()
process.disconnect()
