// npm install @keyturn/client @keyturn/bench
import { contract } from "@keyturn/bench"
import { connect } from "@keyturn/client"

await using bench = await connect(contract, {
  baseUrl: process.env.BENCH_URL!,
  credentials: { login: process.env.BENCH_LOGIN!, password: process.env.BENCH_PASSWORD! }
})
const { data, error } = await bench.GET("/rp/api/v1/Accounts")
if (error !== undefined) throw new Error("Bench refused", { cause: error })
console.log(`${data.length} accounts, the first is ${data[0]?.name}`)
