/** `keyturn sessions doctor`: whether a store does what sessions need of it, and what stands in their way. */
import { statSync } from "node:fs"
import { dirname } from "node:path"
import * as SessionRecord from "@keyturn/auth/SessionRecord"
import type { SessionStore } from "@keyturn/auth/SessionStore"
import { serverUrl } from "@keyturn/contract"
import * as Effect from "effect/Effect"
import type { SessionConfig } from "./config.ts"
import type { Kept } from "./kept.ts"

/** One thing that was looked at. */
export interface Finding {
  readonly check: "store" | "lock" | "permissions" | "key" | "clock" | "sessions"
  /** `warning`: it works, and somebody should look. `skipped`: it could not be looked at. */
  readonly outcome: "ok" | "warning" | "failed" | "skipped"
  /** What was found, and what to do about it. */
  readonly message: string
}

/** The doctor's own key: it holds no session, only a version that grows. */
const PROBE = "keyturn doctor"

/** Whether a key is the doctor's own. */
export const isProbe = ({ key }: Pick<Kept, "key">): boolean => key === PROBE

const finding = (check: Finding["check"], outcome: Finding["outcome"], message: string): Finding => ({
  check,
  outcome,
  message
})

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Runs a check; what it throws is what is wrong. */
const checking = async (
  check: Finding["check"],
  look: () => Promise<ReadonlyArray<Finding> | Finding>
): Promise<ReadonlyArray<Finding>> => {
  try {
    return [await look()].flat()
  } catch (error) {
    return [finding(check, "failed", messageOf(error))]
  }
}

const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => Effect.runPromise(effect)

/** Writes, reads back, and sees that a write of the same version is refused. */
const checkStore = async (store: SessionStore): Promise<Finding> => {
  const from = performance.now()
  const before = await run(store.read(PROBE))
  const next = SessionRecord.next(before, {})
  if (!(await run(store.write(PROBE, next)))) {
    return finding("store", "warning", "Somebody else wrote at the same time. Run it again.")
  }
  const after = await run(store.read(PROBE))
  const again = await run(store.write(PROBE, SessionRecord.next(before, { generation: before.generation + 1 })))
  if (after.version !== next.version || again) {
    return finding(
      "store",
      "failed",
      "What was written is not what is read, or was overwritten by an older version: two processes would lose each other's sessions. Keep sessions elsewhere."
    )
  }
  return finding("store", "ok", `reachable; four calls took ${Math.round(performance.now() - from)} ms`)
}

/** Takes the lease, sees that nobody else gets it, and gives it back. */
const checkLock = async (store: SessionStore): Promise<Finding> => {
  const [one, other] = [`doctor ${process.pid} a`, `doctor ${process.pid} b`]
  if (!(await run(store.acquire(PROBE, one, 10_000)))) {
    return finding("lock", "warning", "Another doctor has the lease. Run it again in ten seconds.")
  }
  const taken = await run(store.acquire(PROBE, other, 10_000))
  await run(store.release(PROBE, one))
  const free = await run(store.acquire(PROBE, other, 10_000))
  await run(store.release(PROBE, other))
  return !taken && free
    ? finding("lock", "ok", "one owner at a time, and free once it is given back")
    : finding("lock", "failed", "Two owners got the lease, or it was not given back. Keep sessions elsewhere.")
}

/** A file of tokens is for its owner alone. */
const checkPermissions = (path: string | undefined): Finding => {
  if (path === undefined || process.platform === "win32") {
    return finding("permissions", "skipped", "only a file store's file can be looked at")
  }
  const [file, folder] = [statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777]
  if ((file & 0o077) !== 0) {
    return finding("permissions", "failed", `${path} can be read by others. Run: chmod 600 ${path}`)
  }
  return (folder & 0o022) !== 0
    ? finding("permissions", "warning", `${dirname(path)} can be written by others. Run: chmod 700 ${dirname(path)}`)
    : finding("permissions", "ok", `${path} is for its owner alone`)
}

const checkKey = (kept: ReadonlyArray<Kept>): ReadonlyArray<Finding> => {
  const unreadable = kept.filter(({ state }) => state === "unreadable")
  return unreadable.length === 0
    ? [finding("key", "ok", kept.length === 0 ? "nothing is stored yet" : "everything that is stored can be read")]
    : unreadable.map(({ error, key }) => finding("key", "failed", `${key}: ${error}`))
}

/** A little is normal: `Date` has whole seconds, and an answer takes its time. */
const TOLERATED = 5000

/** Asks an API for nothing but its clock: without credentials, and whatever it answers. */
const checkClock = async (name: string, { baseUrl, contract, fetch: given }: SessionConfig, signal: AbortSignal) => {
  const [declared] = contract.servers
  const url = baseUrl ?? (declared && serverUrl(declared))
  if (url === undefined) return finding("clock", "skipped", `${name} has no server`)
  const from = Date.now()
  const { headers } = await (given ?? globalThis.fetch)(url, {
    method: "HEAD",
    redirect: "manual",
    signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)])
  })
  const date = Date.parse(headers.get("date") ?? "")
  if (Number.isNaN(date)) return finding("clock", "skipped", `${name} does not tell the time`)
  const ahead = Math.round((from + Date.now()) / 2 - (date + 500))
  return Math.abs(ahead) <= TOLERATED
    ? finding("clock", "ok", `this machine and ${name} agree`)
    : finding(
        "clock",
        "warning",
        `this machine's clock is ${Math.abs(Math.round(ahead / 1000))} s ${ahead > 0 ? "ahead of" : "behind"} ${name}'s. Sessions allow for it; set the clock all the same (NTP).`
      )
}

const checkSessions = (kept: ReadonlyArray<Kept>, now: number): ReadonlyArray<Finding> => {
  const stuck = kept.filter(({ leased, marker }) => marker !== undefined && marker.deadline < now && leased === 0)
  const living = kept.filter(({ state }) => state === "signed in" || state === "expired").length
  return [
    finding("sessions", "ok", `${living} signed in`),
    ...stuck.map(({ key, marker }) =>
      finding(
        "sessions",
        "warning",
        `${key}: a process sent a ${marker?.operation === "signIn" ? "sign-in" : "refresh"} and died. The next program to use it goes on from there.`
      )
    )
  ]
}

/** Looks at everything, one thing after the other. */
export const examine = async (options: {
  readonly store: SessionStore
  readonly path: string | undefined
  readonly sessions: ReadonlyMap<string, SessionConfig>
  readonly kept: () => Promise<ReadonlyArray<Kept>>
  readonly signal: AbortSignal
}): Promise<ReadonlyArray<Finding>> => {
  const { path, sessions, signal, store } = options
  const reached = await checking("store", () => checkStore(store))
  if (reached.some(({ outcome }) => outcome === "failed")) return reached
  const kept = (await options.kept()).filter((one) => !isProbe(one))
  const clocks = await Promise.all(
    [...sessions].map(([name, entry]) =>
      checking("clock", async () => {
        try {
          return await checkClock(name, entry, signal)
        } catch {
          return finding("clock", "warning", `${name} cannot be reached from here. Check the network and the base URL.`)
        }
      })
    )
  )
  return [
    ...reached,
    ...(await checking("lock", () => checkLock(store))),
    ...(await checking("permissions", async () => checkPermissions(path))),
    ...checkKey(kept),
    ...clocks.flat(),
    ...checkSessions(kept, Date.now())
  ]
}

const marks: Readonly<Record<Finding["outcome"], string>> = { ok: "✓", warning: "!", failed: "✗", skipped: "–" }

/** The findings, one a line. */
export const doctorText = (findings: ReadonlyArray<Finding>): string =>
  findings.map(({ check, message, outcome }) => `${marks[outcome]} ${check.padEnd(12)} ${message}`).join("\n")
