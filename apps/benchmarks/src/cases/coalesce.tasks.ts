/** What a contender's process does when ten thousand calls meet the end of a token. */
import { moveClock } from "../clock.ts"
import type { Api } from "../contestant.ts"
import { fetchOf, item, makeOrigin } from "../origin.ts"
import { quantile } from "../statistics.ts"

/** How long the origin takes for a token call, in milliseconds. */
export const tokenCall = 200

/** The ways in which the token ends. */
export type Scenario = "at expiry" | "staggered 401s" | "first caller aborts"

/** What one storm cost. */
export interface Storm {
  readonly tokenCalls: number
  readonly failed: number
  /** Milliseconds on top of what the same call took with a valid token. */
  readonly addedP50: number
  readonly addedP99: number
  /** Rejections that nobody handled: they end a Node process by default. */
  readonly unhandled: number
  /** One of the errors, if any. */
  readonly error: string | undefined
}

interface Timed {
  readonly took: number
  readonly error?: unknown
}

const expected = JSON.stringify(item)

const timed = async (call: Promise<unknown>, start: number): Promise<Timed> => {
  try {
    const got = JSON.stringify(await call)
    const took = performance.now() - start
    return got === expected ? { took } : { took, error: new Error(`got ${got?.slice(0, 80)}`) }
  } catch (error) {
    return { took: performance.now() - start, error }
  }
}

const all = (count: number, call: (i: number) => Promise<unknown>): Promise<ReadonlyArray<Timed>> =>
  Promise.all(Array.from({ length: count }, (_, i) => timed(call(i), performance.now())))

/** Signs in, calls `count` times at once with a valid token, then again as the token ends. */
export const storm = async (
  file: string,
  { count, scenario }: { readonly count: number; readonly scenario: Scenario }
): Promise<Storm> => {
  let unhandled = 0
  process.on("unhandledRejection", () => unhandled++)
  const origin = makeOrigin()
  globalThis.fetch = fetchOf(origin)
  const { setup } = (await import(file)) as { setup: (config: object) => Promise<Api> }
  const api = await setup({ url: "https://items.example", username: "ada", password: "secret", inProcess: true })

  // First attempts are answered over two token calls' time; what is sent again is answered at once.
  const answer =
    scenario === "staggered 401s" ? (n: number) => (n < count ? ((n % 40) / 20) * tokenCall : 0) : undefined
  const options = { tokenCall, ...(answer && { answer }) }
  // Until the engine has optimised, the later of two rounds is the faster one, whatever happens in it.
  for (let i = 0; i < 6; i++) {
    await all(count, () => api.read(1))
    globalThis.gc?.()
  }
  origin.configure(options)
  const before = await all(count, () => api.read(1))
  const broken = before.find(({ error }) => error !== undefined)
  if (broken !== undefined) throw broken.error

  globalThis.gc?.()
  origin.configure(options)
  origin.revoke()
  if (scenario !== "staggered 401s") moveClock(2 * 3600 * 1000)
  const { refreshes, refusedRefreshes, signIns } = origin.stats
  const earlier = refreshes + refusedRefreshes + signIns
  const abort = new AbortController()
  if (scenario === "first caller aborts") setTimeout(() => abort.abort(), tokenCall / 4)
  const during = await all(count, (i) =>
    scenario === "first caller aborts" && i === 0 ? api.read(1, abort.signal) : api.read(1)
  )
  const { stats } = origin
  const others = scenario === "first caller aborts" ? during.slice(1) : during
  const added = others.flatMap(({ error, took }, i) =>
    error === undefined ? [took - (before[i + during.length - others.length] as Timed).took] : []
  )
  const failures = others.filter(({ error }) => error !== undefined)
  const error = failures[0]?.error
  return {
    tokenCalls: stats.refreshes + stats.refusedRefreshes + stats.signIns - earlier,
    failed: failures.length,
    addedP50: quantile(added, 0.5),
    addedP99: quantile(added, 0.99),
    unhandled,
    error: error instanceof Error ? error.message : error === undefined ? undefined : String(error)
  }
}
