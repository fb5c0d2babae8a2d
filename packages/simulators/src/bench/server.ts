/** A simulated Bench, put together. */
import { Hono } from "hono"
import { makeClock, toMillis } from "../clock.ts"
import { makeFaults } from "../faults.ts"
import { bearerOf } from "../headers.ts"
import { type AuthEvent, makeLedger } from "../ledger.ts"
import { watchRenewals } from "../renewals.ts"
import { type Service, type Simulator, type Start, startOf } from "../simulator.ts"
import { defaultsOf } from "../switches.ts"
import { addAccounts } from "./accounts.ts"
import { addActivities, noting } from "./activities.ts"
import { addAllocations } from "./allocations.ts"
import { addAttachments } from "./attachments.ts"
import { addAuth, type BenchEnv, guard } from "./auth.ts"
import { addCertifications } from "./certifications.ts"
import { addCollaborations } from "./collaborations.ts"
import { addExperienceFields } from "./experience-fields.ts"
import { addExperiences } from "./experiences.ts"
import { addExternal } from "./external.ts"
import { addFieldValues } from "./field-values.ts"
import { addFields } from "./fields.ts"
import { addFilters } from "./filters.ts"
import { furnish } from "./furnish.ts"
import { addGroupings } from "./groupings.ts"
import { addHours } from "./hours.ts"
import { addErrors, makeRoute } from "./http.ts"
import { type BenchSwitches, inferred } from "./inferred.ts"
import { makeLogins } from "./logins.ts"
import { addNotes } from "./notes.ts"
import { type BenchOptions, credentials, defaultPrincipals, type Principal } from "./options.ts"
import { addPersons } from "./persons.ts"
import { addPhases } from "./phases.ts"
import { addProjectPhases } from "./project-phases.ts"
import { addProjects } from "./projects.ts"
import { addRoleCategories } from "./role-categories.ts"
import { addRoleNames } from "./role-names.ts"
import { addRoles } from "./roles.ts"
import { makeWorld, type Size } from "./seed.ts"
import { addServiceAccounts, isAllowed } from "./service-accounts.ts"
import { type BenchEvent, makeSessions, type Rejection, type Sessions } from "./sessions.ts"
import { addTaskRoles } from "./task-roles.ts"
import { addTasks } from "./tasks.ts"
import { addAvailabilities, addUnavailabilities } from "./time-away.ts"
import { addUploads } from "./uploads.ts"
import { addUsers } from "./users.ts"
import type { Account, World, Worlds } from "./world.ts"

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
  /** What the first account has that the interface uses but does not list: it is made on the service's web pages. */
  unlisted(): {
    readonly taskTemplates: ReadonlyArray<{ readonly id: string; readonly name: string }>
    /** Ids of shared filters. */
    readonly sharedFilters: ReadonlyArray<string>
  }
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
const makeWorlds = (
  seed: number,
  now: number,
  principals: ReadonlyArray<Principal>,
  switches: BenchSwitches
): Worlds => {
  const main = {
    id: 1,
    name: "Halden & Moore",
    organizationId: "0b7a1f5e-52f0-4c39-9a4e-6f1a7d5be301",
    companyType: "General Contractor",
    marketSegment: "Commercial",
    isDemo: false
  }
  const second = { ...main, id: 2, name: "Halden & Moore Interiors", companyType: "Specialty Contractor" }
  const make = (account: Account, size: Size) => () => {
    const world = makeWorld(account, seed, now, size, switches)
    furnish(world, { seed, now, users: size.users, principals })
    return world
  }
  const makers = new Map([
    [main.id, make(main, { salaried: 205, hourly: 45, projects: 70, users: 38 })],
    [second.id, make(second, { salaried: 14, hourly: 6, projects: 5, users: 6 })]
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
  const switches = { ...defaultsOf(inferred), ...options.switches }
  const principals = new Map(
    (options.principals ?? defaultPrincipals).map((one): [string, Principal] => [one.login, one])
  )
  const idle = toMillis(options.lifetimes?.access ?? { hours: 24 })
  const refreshLife = toMillis(options.lifetimes?.refresh ?? { days: 7 })
  const sessions = makeSessions(
    {
      idle,
      refreshLife,
      caps: { person: options.caps?.person ?? 3, service: options.caps?.service ?? 1 },
      evictionEndsRefresh: switches.evictionEndsRefresh,
      refreshKeepsAge: switches.refreshKeepsAge
    },
    clock,
    ledger
  )
  const logins = makeLogins(principals, sessions)
  const worlds = makeWorlds(options.seed ?? 1, clock.started, [...principals.values()], switches)

  const fold = (path: string) => (switches.caseInsensitivePaths ? path.toLowerCase() : path)
  const app = new Hono<BenchEnv>({ getPath: (request) => fold(new URL(request.url).pathname) })
  const mayComeFrom = (login: string, address: string) =>
    (principals.get(login)?.accounts ?? []).every((id) => isAllowed(worlds.get(id), login, address))
  const parts = { app, clock, ledger, sessions, principals, switches, idle, refreshLife, worlds, mayComeFrom }
  addErrors(app)
  addAuth(app, parts)
  app.use("/rp/*", guard(parts))
  app.use("/bin/*", guard(parts))
  const route = noting(makeRoute(parts))
  addAccounts(route, worlds)
  addProjects(route)
  // A fixed part of a path comes before a parameter in its place.
  addUnavailabilities(route)
  addAvailabilities(route)
  addPersons(route)
  addRoles(route)
  addAllocations(route)
  addTasks(route)
  addTaskRoles(route)
  addPhases(route)
  addProjectPhases(route)
  addRoleNames(route)
  addRoleCategories(route)
  addHours(route)
  addCollaborations(route)
  addActivities(route)
  addFields(route)
  addFieldValues(route)
  addExperienceFields(route)
  addExperiences(route)
  addCertifications(route)
  addAttachments(route, addUploads(app, clock, switches.uploadMinutes))
  addGroupings(route)
  addNotes(route)
  addUsers(route, logins, worlds)
  addServiceAccounts(route, logins)
  addFilters(route)
  addExternal(route)

  const nameOf = (request: Request) => names[fold(new URL(request.url).pathname)]
  const faults = makeFaults<BenchOperation>({
    now: clock.now,
    nameOf,
    evict: (request) => evict(sessions, request),
    onFire: (reason, operation) => ledger.note("fault", { reason, operation })
  })
  const renewals = watchRenewals(faults, nameOf)

  const rejections: ReadonlyArray<Rejection> = [
    "missing",
    "unknown",
    "expired",
    "evicted",
    "rotated",
    "signedOut",
    "revoked"
  ]
  return {
    clock,
    faults: renewals.faults,
    handle: (request) => app.fetch(request),
    extras: {
      credentials,
      unlisted: () => {
        const world = worlds.get(1)
        return {
          taskTemplates: [...(world?.taskTemplates.values() ?? [])].map(({ id, name }) => ({ id, name })),
          sharedFilters: [...(world?.sharedFilters ?? [])]
        }
      },
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
