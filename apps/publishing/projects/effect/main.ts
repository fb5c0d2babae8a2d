// npm install @keyturn/client @keyturn/bench @keyturn/bits effect
import { contract as benchContract } from "@keyturn/bench"
import { contract as bitsContract } from "@keyturn/bits"
import { Client } from "@keyturn/client/effect"
import { Config, Console, Effect, Layer } from "effect"

class Bench extends Client.Service<Bench>()("app/Bench", benchContract) {}
class Bits extends Client.Service<Bits>()("app/Bits", bitsContract) {}

const program = Effect.gen(function* () {
  const bench = yield* Bench
  const bits = yield* Bits
  const accounts = yield* bench.GET("/rp/api/v1/Accounts")
  const owner = yield* bits.GET("/oauth2/userinfo")
  yield* Console.log(`${accounts.length} accounts, read for ${owner.customerId}`)
})

const services = Layer.mergeAll(
  Bench.layer({
    baseUrl: process.env.BENCH_URL!,
    credentials: Config.all({ login: Config.String("BENCH_LOGIN"), password: Config.Redacted("BENCH_PASSWORD") })
  }),
  Bits.layer({
    baseUrl: process.env.BITS_URL!,
    credentials: Config.all({
      appToken: Config.all({
        clientId: Config.String("BITS_CLIENT_ID"),
        clientSecret: Config.Redacted("BITS_CLIENT_SECRET")
      })
    })
  })
)

await Effect.runPromise(program.pipe(Effect.provide(services)))
