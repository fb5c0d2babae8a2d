/** One process of a fleet: connects, waits for the start, sends its requests, waits for the end, leaves. */
import "./clock.ts"
import { contract } from "@keyturn/bench"
import { connect } from "@keyturn/client"
import type { Job, Order, Report } from "./fleet.ts"
import { openStore } from "./stores.ts"

const job = JSON.parse(process.argv[2] as string) as Job
const say = (report: Report) => process.send?.(report)
const orders = new Map<Order, () => void>()
const ordered = (order: Order) => new Promise<void>((resolve) => orders.set(order, resolve))
const [start, end] = [ordered("start"), ordered("end")]
orders.set("ask", async () => say({ event: `answered ${await ask()}` }))
orders.set("everywhere", async () => {
  await bench.session.signOut({ everywhere: true })
  say({ event: "signed everybody out" })
})
process.on("disconnect", () => process.exit())
process.on("message", (order: Order) => orders.get(order)?.())

/** Tokens that were refused: one request at a time is under way, so none of them may be sent again. */
const refused = new Set<string>()
const watching: typeof fetch = async (input, init) => {
  const token = new Request(input, init).headers.get("authorization") ?? ""
  if (refused.has(token)) say({ failed: "A token was sent again that had been refused." })
  const response = await fetch(input, init)
  if (response.status === 401) refused.add(token)
  return response
}

const store = openStore(job.store)
const bench = await connect(contract, {
  credentials: job.credentials,
  baseUrl: job.url,
  store,
  fetch: watching,
  // More tries than the default, to outlast a cut of five seconds.
  policy: {
    heartbeat: "300 millis",
    deadline: { signIn: "3 seconds", refresh: "3 seconds" },
    retries: 7,
    ...job.policy
  },
  onEvent: ({ _tag }) => say({ event: _tag })
})
/** The status of an answer, or the name of an error. */
const ask = (): Promise<unknown> =>
  bench.GET("/rp/api/v1/Accounts").then(
    ({ response }) => response.status,
    (error) => error._tag ?? error
  )
say({ event: "connected" })
await start
for (let sent = 0; sent < job.requests; sent++) {
  const answer = await ask()
  if (answer !== 200) say({ failed: String(answer) })
  await new Promise((resolve) => setTimeout(resolve, job.pause * (0.5 + Math.random())))
}
say({ event: "finished" })
await end
await bench[Symbol.asyncDispose]()
await store.close()
process.removeAllListeners("disconnect") // from here on it must end by itself
process.disconnect()
