/** What a contender's process does for the hot path. */
import { createHash } from "node:crypto"
import type { Api } from "../contestant.ts"
import { fetchOf, item, makeOrigin, type Origin } from "../origin.ts"

/** The calls that are measured. */
export const calls = {
  GET: ["read", 1],
  "POST 1 kB": ["store", Array.from({ length: 3 }, (_, id) => ({ ...item, id }))],
  "POST 1 MB": ["store", Array.from({ length: 3000 }, (_, id) => ({ ...item, id }))]
} as const

export type CallName = keyof typeof calls

let api: Api
let inProcess: Origin | undefined

/** Signs in: at `url`, or without a network when there is none. */
export const setup = async (file: string, url: string | undefined): Promise<void> => {
  if (url === undefined) {
    inProcess = makeOrigin()
    globalThis.fetch = fetchOf(inProcess)
  }
  const { setup } = (await import(file)) as { setup: (config: object) => Promise<Api> }
  const config = { url: url ?? "https://items.example", username: "ada", password: "secret" }
  api = await setup({ ...config, inProcess: url === undefined })
}

/** What a call sends (as a digest, when nothing is on the wire) and gives. */
export const check = async (_: string, name: CallName): Promise<{ readonly sent: string; readonly got: string }> => {
  const [method, argument] = calls[name]
  const seen: Array<string> = []
  inProcess?.configure({ witness: (line) => seen.push(line) })
  const got = await api[method](argument as never)
  inProcess?.configure({})
  return { sent: digest(seen.join("\n")), got: JSON.stringify(got) }
}

export const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16)

/** Milliseconds, by the clock and of processor time, that `count` calls take one after the other. */
export const measure = async (_: string, { count, name }: { readonly count: number; readonly name: CallName }) => {
  const [method, argument] = calls[name]
  globalThis.gc?.({ type: "minor" })
  const cpu = process.cpuUsage()
  const wall = performance.now()
  if (api.repeat === undefined) for (let i = 0; i < count; i++) await api[method](argument as never)
  else await api.repeat(method, argument, count)
  const took = performance.now() - wall
  const { system, user } = process.cpuUsage(cpu)
  return { wall: took, cpu: (user + system) / 1000 }
}
