/** Another process on the same file: does what it is told, call by call. */
import { fileStore } from "@keyturn/store-file"
import * as Effect from "effect/Effect"

const store = fileStore({ path: process.argv[2] as string })

/** Adds one to the version, again and again, and tells each version that it stored. */
const count = async (key: string, times: number) => {
  for (let done = 0; done < times; ) {
    const { generation, version } = await Effect.runPromise(store.read(key))
    const stored = await Effect.runPromise(
      store.write(key, { version: version + 1, generation: generation + 1, proof: "x".repeat(2000) })
    )
    if (!stored) continue
    done++
    process.send?.({ stored: version + 1 })
  }
}

type Call = { readonly id: number; readonly name: string; readonly args: ReadonlyArray<never> }

process.on("message", async ({ args, id, name }: Call) => {
  if (name === "count") await count(...(args as unknown as [string, number]))
  const call = store[name as "read"] as unknown as (...args: ReadonlyArray<never>) => Effect.Effect<unknown>
  process.send?.({ id, result: name === "count" ? undefined : await Effect.runPromise(call(...args)) })
})
