/** The live page's script: built from its sources at the start, so that there is nothing to build or commit before. */
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { LiveUnavailable } from "./failure.ts"

/** Builds the script. */
export const bundle: Effect.Effect<string, LiveUnavailable> = Effect.tryPromise({
  try: async () => {
    const { build } = await import("vite")
    const built = await build({
      configFile: false,
      envFile: false,
      logLevel: "silent",
      root: fileURLToPath(new URL("page/", import.meta.url)),
      build: {
        write: false,
        modulePreload: false,
        reportCompressedSize: false,
        target: "es2023",
        rollupOptions: { input: fileURLToPath(new URL("page/main.ts", import.meta.url)) }
      }
    })
    const [first] = [built].flat()
    const chunk = first && "output" in first ? first.output[0] : undefined
    if (chunk?.type !== "chunk") throw new Error("there is no script in what was built")
    return chunk.code
  },
  catch: (error) => new LiveUnavailable({ message: `The live page cannot be built: ${(error as Error).message}` })
})
