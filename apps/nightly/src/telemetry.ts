/** Logs, metrics and spans for an OpenTelemetry collector, when the usual variables name one. */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Environment } from "./settings.ts"

const signals = ["TRACES", "METRICS", "LOGS"] as const

/** What OpenTelemetry takes for granted, and Effect wants to be told: that signals go out by OTLP. */
const standard = Object.fromEntries(signals.map((signal) => [`OTEL_${signal}_EXPORTER`, "otlp"]))

/** The exporters, if the environment names an endpoint; nothing is loaded otherwise. */
export const telemetry = (env: Environment): Layer.Layer<never> => {
  const names = ["OTEL_EXPORTER_OTLP_ENDPOINT", ...signals.map((signal) => `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`)]
  if (!names.some((name) => env[name])) return Layer.empty
  return Layer.unwrap(
    Effect.promise(async () => {
      const [{ FetchHttpClient }, { Otlp, OtlpSerialization }] = await Promise.all([
        import("effect/http"),
        import("effect/observability")
      ])
      return Layer.effectDiscard(Effect.void).pipe(
        Layer.provideMerge(Otlp.layerFromConfig({ resource: { serviceName: env.OTEL_SERVICE_NAME ?? "nightly" } })),
        Layer.provide(Layer.mergeAll(FetchHttpClient.layer, OtlpSerialization.layerJson)),
        Layer.provide(
          ConfigProvider.layer(ConfigProvider.fromEnv({ env: { ...standard, ...env } as Record<string, string> }))
        )
      )
    })
  )
}
