/**
 * Sends what a session tells of itself to an OpenTelemetry collector: logs, metrics and spans, over OTLP/HTTP.
 *
 *     OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 BENCH_LOGIN=… BENCH_PASSWORD=… node otlp.ts
 */
import { contract } from "@keyturn/bench"
import { Client } from "@keyturn/client/effect"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import { FetchHttpClient } from "effect/http"
import * as Layer from "effect/Layer"
import { Otlp } from "effect/observability"
import * as References from "effect/References"

class Bench extends Client.Service<Bench>()("example/Bench", contract) {}

const program = Effect.gen(function* () {
  const bench = yield* Bench
  const accounts = yield* bench.GET("/rp/api/v1/Accounts")
  yield* Effect.log(`read ${accounts.length} accounts`)
}).pipe(Effect.withSpan("nightly"))

const bench = Layer.unwrap(
  Effect.gen(function* () {
    const baseUrl = yield* Config.String("BENCH_URL").pipe(Config.withDefault("https://bench.gobridgit.com"))
    const credentials = {
      login: yield* Config.Redacted("BENCH_LOGIN"),
      password: yield* Config.Redacted("BENCH_PASSWORD")
    }
    return Bench.layer({ baseUrl, credentials })
  })
)

const telemetry = Layer.unwrap(
  Effect.map(
    Config.String("OTEL_EXPORTER_OTLP_ENDPOINT").pipe(Config.withDefault("http://localhost:4318")),
    (baseUrl) => Otlp.layerJson({ baseUrl, resource: { serviceName: "nightly" } })
  )
).pipe(Layer.provide(FetchHttpClient.layer))

// The session is made within the telemetry's layer, so that signing out at the end is told, too.
await Effect.runPromise(
  program.pipe(
    Effect.provide(Layer.provideMerge(bench, telemetry)),
    Effect.provideService(References.MinimumLogLevel, "Debug")
  )
)
