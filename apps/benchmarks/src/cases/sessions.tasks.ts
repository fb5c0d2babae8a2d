/** What a contender's process does with many sessions: one account each, all in one process. */
import { monitorEventLoopDelay } from "node:perf_hooks"
import { moveClock } from "../clock.ts"
import type { Api } from "../contestant.ts"

/** The server, without a memory of its own that would be counted as the sessions'. */
const server = {
  tokenCalls: 0,
  /** Seconds that the next token lives. */
  expiresIn: () => 24 * 3600
}

const answer = async (input: string | URL | Request): Promise<Response> => {
  const url = input instanceof Request ? input.url : String(input)
  if (!url.endsWith("/oauth/token")) return Response.json({ id: 1 })
  const n = ++server.tokenCalls
  // Of the usual length: an opaque access token and a refresh token.
  const access_token = `access-${n}-`.padEnd(64, "x")
  const refresh_token = `refresh-${n}-`.padEnd(64, "x")
  return Response.json({ access_token, refresh_token, token_type: "Bearer", expires_in: server.expiresIn() })
}

const sessions: Array<Api> = []
let setup: (config: object) => Promise<Api>

const openOne = async (n: number) => {
  const username = `tenant-${n}@example.com`
  sessions.push(await setup({ url: "https://items.example", username, password: `secret-${n}`, inProcess: true }))
}

const batches = async (count: number, size: number, work: (i: number) => Promise<unknown>): Promise<void> => {
  for (let i = 0; i < count; i += size) {
    await Promise.all(Array.from({ length: Math.min(size, count - i) }, (_, j) => work(i + j)))
  }
}

const settledHeap = async (): Promise<number> => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** What a contender's program holds for each session besides: three functions, the same for all, so they are not counted. */
const handle = (session: object): Api => ({
  read: async () => session,
  store: async () => session,
  close: async () => void session
})

/** Bytes of one handle. */
const handleBytes = async (count: number): Promise<number> => {
  const before = await settledHeap()
  const handles = Array.from({ length: count }, () => handle(sessions))
  const bytes = ((await settledHeap()) - before) / count
  return handles.length === count ? bytes : 0
}

/** Timers of a session that only waits. Counted, not weighed: counting has a weight of its own. */
export const timers = async (file: string, count: number): Promise<number> => {
  const { clearInterval, clearTimeout, setInterval, setTimeout } = globalThis
  const live = new Set<unknown>()
  globalThis.setTimeout = ((callback: (...given: Array<unknown>) => void, ...rest: [number]) => {
    const timer = setTimeout(
      (...given: Array<unknown>) => {
        live.delete(timer)
        callback(...given)
      },
      ...rest
    )
    live.add(timer)
    return timer
  }) as typeof setTimeout
  globalThis.setInterval = ((...given: Parameters<typeof setInterval>) => {
    const timer = setInterval(...given)
    live.add(timer)
    return timer
  }) as typeof setInterval
  globalThis.clearTimeout = (timer) => {
    live.delete(timer)
    clearTimeout(timer)
  }
  globalThis.clearInterval = (timer) => {
    live.delete(timer)
    clearInterval(timer)
  }
  await load(file)
  const before = live.size
  await batches(count, 100, (i) => openOne(i + 1))
  return (live.size - before) / count
}

const load = async (file: string): Promise<void> => {
  globalThis.fetch = answer as typeof fetch
  setup = ((await import(file)) as { setup: typeof setup }).setup
  await openOne(0)
}

/** Opens `count` sessions and gives the bytes that each holds (without the program's own handle of it), and how many were opened in a second. */
export const open = async (
  file: string,
  { count, dueIn }: { readonly count: number; readonly dueIn: readonly [from: number, to: number] | undefined }
): Promise<{ readonly bytes: number; readonly perSecond: number }> => {
  await load(file)
  const handles = count < 100 ? 0 : await handleBytes(count)
  const before = await settledHeap()
  const start = performance.now()
  if (dueIn !== undefined) {
    // A fifth of its life before its end, a token is due.
    const [from, to] = dueIn
    server.expiresIn = () => (from + Math.random() * (to - from) - (performance.now() - start) / 1000) / 0.8
  }
  await batches(count, 500, (i) => openOne(i + 1))
  // Only a session that is used is renewed ahead of time.
  if (dueIn !== undefined) await batches(count, 500, (i) => (sessions[i] as Api).read(1))
  const took = performance.now() - start
  return { bytes: ((await settledHeap()) - before) / count - handles, perSecond: (count / took) * 1000 }
}

/** Waits for `seconds` while renewals fall due by themselves. */
export const storm = async (
  _: string,
  seconds: number
): Promise<{ readonly renewals: number; readonly delayP99: number; readonly delayMax: number }> => {
  server.expiresIn = () => 24 * 3600
  const before = server.tokenCalls
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  delay.disable()
  // What it measures includes the millisecond that it asked to sleep.
  const milliseconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - 1)
  return {
    renewals: server.tokenCalls - before,
    delayP99: milliseconds(delay.percentile(99)),
    delayMax: milliseconds(delay.max)
  }
}

/** Renews `count` sessions because their next use finds them expired; gives what one renewal costs, without the use itself. */
export const renew = async (
  _: string,
  count: number
): Promise<{ readonly perSecond: number; readonly cpu: number; readonly renewals: number }> => {
  const round = async () => {
    const cpu = process.cpuUsage()
    const start = performance.now()
    await batches(count, 100, (i) => (sessions[i] as Api).read(1))
    const { system, user } = process.cpuUsage(cpu)
    return { cpu: user + system, wall: performance.now() - start }
  }
  await round()
  const plain = await round()
  moveClock(48 * 3600 * 1000)
  const before = server.tokenCalls
  const renewing = await round()
  return {
    renewals: server.tokenCalls - before,
    perSecond: (count / (renewing.wall - plain.wall)) * 1000,
    cpu: (renewing.cpu - plain.cpu) / count
  }
}
