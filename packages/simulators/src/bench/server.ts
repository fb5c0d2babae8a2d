/** A simulated Bench, put together. */
import { Hono } from "hono"
import { makeClock, toMillis } from "../clock.ts"
import { makeFaults } from "../faults.ts"
import { bearerOf } from "../headers.ts"
import { type AuthEvent, makeLedger } from "../ledger.ts"
import { watchRenewals } from "../renewals.ts"
import { type Service, type Simulator, type Start, startOf } from "../simulator.ts"
import { addAccounts } from "./accounts.ts"
import { addAllocations } from "./allocations.ts"
import { addAuth, type BenchEnv, guard } from "./auth.ts"
import { addErrors, makeRoute } from "./http.ts"
import { type BenchOptions, credentials, defaultPrincipals, defaultSwitches, type Principal } from "./options.ts"
import { addPersons } from "./persons.ts"
import { addProjects } from "./projects.ts"
import { addRoles } from "./roles.ts"
import { makeWorld } from "./seed.ts"
import { type BenchEvent, makeSessions, type Rejection, type Sessions } from "./sessions.ts"
import { addAvailabilities, addUnavailabilities } from "./time-away.ts"
import type { World, Worlds } from "./world.ts"

/** The operations that faults can name. */
export type BenchOperation = "signIn" | "refresh" | "signOut"

/** What a simulated Bench has seen. */
export interface BenchStats {
  /** Sign-ins that gave a session, by the clients and by the stranger. */
  readonly signIns: number
  /** Refreshes that gave a session. */
  readonly refreshes: number
  /** Sessions ended by their holder. */
  readonly signOuts: number
  /** Sessions ended because their account had too many. */
  readonly evictions: number
  /** Sign-ins refused, for whatever reason. */
  readonly failedSignIns: number
  /** Refreshes refused, for whatever reason. */
  readonly failedRefreshes: number
  /** Refreshes refused because the token had been used before. */
  readonly refreshReuses: number
  /** Requests answered 401 for their token, in total and by reason. */
  readonly rejected: Readonly<Record<Rejection | "total", number>>
  /** Requests that reached an operation, in total. */
  readonly requests: number
  /** The same by operation, such as `GET /rp/api/v1/Accounts`. */
  readonly operations: Readonly<Record<string, number>>
  /** Sessions alive now. */
  readonly liveSessions: number
  /** The most sign-ins and refreshes that were ever under way at the same time. */
  readonly peakRenewals: number
  /** Everything that matters to sessions, in order. */
  readonly log: ReadonlyArray<AuthEvent<BenchEvent>>
}

/** What a simulated Bench adds to every simulator. */
export interface BenchExtras {
  /** What it has seen so far. */
  stats(): BenchStats
  /** Logins and passwords that work: a service account that may write, one that only reads, and a person. */
  readonly credentials: typeof credentials
  /** Somebody else signs in with this account, from elsewhere. Throws when there is no such login. */
  stranger(login: string): void
}

/** A simulated Bench at work. */
export type BenchSimulator = Simulator<BenchOperation> & BenchExtras

const names: Readonly<Record<string, BenchOperation>> = {
  "/auth/signin": "signIn",
  "/auth/token": "refresh",
  "/auth/signout": "signOut"
}

/** The accounts, each made when it is first asked for, as it stood when the simulator started. */
const makeWorlds = (seed: number, now: number): Worlds => {
  const main = {
    id: 1,
    name: "Halden & Moore",
    organizationId: "0b7a1f5e-52f0-4c39-9a4e-6f1a7d5be301",
    members: 38,
    companyType: "General Contractor",
    marketSegment: "Commercial",
    isDemo: false
  }
  const second = { ...main, id: 2, name: "Halden & Moore Interiors", members: 6, companyType: "Specialty Contractor" }
  const makers = new Map([
    [main.id, () => makeWorld(main, seed, now, { salaried: 205, hourly: 45, projects: 70 })],
    [second.id, () => makeWorld(second, seed, now, { salaried: 14, hourly: 6, projects: 5 })]
  ])
  const made = new Map<number, World>()
  return {
    get: (id) => {
      const world = made.get(id) ?? makers.get(id)?.()
      if (world !== undefined) made.set(id, world)
      return world
    }
  }
}

/** Signs in from elsewhere until the session is gone: once for a service account, as often as the cap asks for a person. */
const evict = (sessions: Sessions, request: Request) => {
  const token = bearerOf(request.headers.get("authorization"))
  const session = token === undefined ? undefined : sessions.peek(token)
  if (session === undefined) return
  while (sessions.peek(session.accessToken) !== undefined) sessions.signIn(session.principal)
}

const build = (options: BenchOptions): Service<BenchOperation, BenchExtras> => {
  const clock = makeClock(options.start)
  const ledger = makeLedger<BenchEvent>(clock)
  const switches = { ...defaultSwitches, ...options.switches }
  const principals = new Map(
    (options.principals ?? defaultPrincipals).map((one): [string, Principal] => [one.login, one])
  )
  const idle = toMillis(options.lifetimes?.access ?? { hours: 24 })
  const sessions = makeSessions(
    {
      idle,
      refreshLife: toMillis(options.lifetimes?.refresh ?? { days: 7 }),
      caps: { person: options.caps?.person ?? 3, service: options.caps?.service ?? 1 },
      evictionEndsRefresh: switches.evictionEndsRefresh,
      refreshKeepsAge: switches.refreshKeepsAge
    },
    clock,
    ledger
  )
  const worlds = makeWorlds(options.seed ?? 1, clock.now())

  const fold = (path: string) => (switches.caseInsensitivePaths ? path.toLowerCase() : path)
  const app = new Hono<BenchEnv>({ getPath: (request) => fold(new URL(request.url).pathname) })
  const parts = { app, clock, ledger, sessions, principals, switches, idle, worlds }
  addErrors(app)
  addAuth(app, parts)
  app.use("/rp/*", guard(parts))
  const route = makeRoute(parts)
  addAccounts(route, worlds)
  addProjects(route)
  // A fixed part of a path comes before a parameter in its place.
  addUnavailabilities(route)
  addAvailabilities(route)
  addPersons(route)
  addRoles(route)
  addAllocations(route)

  const nameOf = (request: Request) => names[fold(new URL(request.url).pathname)]
  const faults = makeFaults<BenchOperation>({
    now: clock.now,
    nameOf,
    evict: (request) => evict(sessions, request),
    onFire: (reason, operation) => ledger.note("fault", { reason, operation })
  })
  const renewals = watchRenewals(faults, nameOf)

  const rejections: ReadonlyArray<Rejection> = ["missing", "unknown", "expired", "evicted", "rotated", "signedOut"]
  return {
    clock,
    faults: renewals.faults,
    handle: (request) => app.fetch(request),
    extras: {
      credentials,
      stranger: (login) => {
        const principal = principals.get(login)
        if (principal === undefined)
          throw new Error(`There is no login ${login}. Give one of: ${[...principals.keys()].join(", ")}.`)
        sessions.signIn(principal)
      },
      stats: () => {
        const operations = ledger.operations()
        return {
          signIns: ledger.count("signIn"),
          refreshes: ledger.count("refresh"),
          signOuts: ledger.count("signOut"),
          evictions: ledger.count("eviction"),
          failedSignIns: ledger.count("signInFailed"),
          failedRefreshes: ledger.count("refreshFailed"),
          refreshReuses: ledger.count("refreshFailed", "spent"),
          rejected: Object.fromEntries([
            ["total", ledger.count("requestRejected")],
            ...rejections.map((reason) => [reason, ledger.count("requestRejected", reason)])
          ]) as BenchStats["rejected"],
          requests: Object.values(operations).reduce((sum, count) => sum + count, 0),
          operations,
          liveSessions: sessions.live(),
          peakRenewals: renewals.peak(),
          log: ledger.log()
        }
      }
    }
  }
}

/**
 * Bridgit Bench, simulated: people, projects and who works on what, behind sessions that end when somebody else signs in.
 *
 * @example
 * ```ts
 * await using server = await bench.listen()
 * const { login, password } = server.credentials.service
 * const body = new URLSearchParams({ username: login, password })
 * const answer = await fetch(`${server.url}/auth/signin`, { method: "POST", body })
 * ```
 */
export const bench: Start<BenchOptions, BenchSimulator> = startOf(build)
