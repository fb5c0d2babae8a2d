/** A program of its own, for what only the end of a process can show. */
import { contract } from "@keyturn/bench"
import { bench } from "@keyturn/simulators"
import { connect } from "../../src/index.ts"

const [what, baseUrl = ""] = process.argv.slice(2)
const { login, password } = bench.create().credentials.service
let failed = () => {}
const failing = new Promise<void>((resolve) => {
  failed = resolve
})
const client = await connect(contract, {
  baseUrl,
  credentials: { login, password },
  policy: { deadline: { signIn: "1 second", refresh: "1 second" } },
  onEvent: ({ _tag }) => {
    if (_tag === "RenewalFailed") failed()
  }
})
console.log("ready")
const get = () => client.GET("/rp/api/v1/Accounts")
if (what === "renew") {
  // A refused token: the renewal waits for the server's Retry-After, and nothing else keeps this process alive.
  const { response } = await client.session.fetch("/rp/api/v1/Accounts", { method: "GET" }).then(async (response) => {
    await response.body?.cancel()
    return { response }
  })
  console.log(response.status)
}
if (what === "background") {
  const ticking = setInterval(() => void get().catch(() => {}), 50)
  await failing
  clearInterval(ticking)
  await client[Symbol.asyncDispose]()
}
