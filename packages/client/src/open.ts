import * as AuthFetch from "@keyturn/auth/AuthFetch"
import * as Credentials from "@keyturn/auth/Credentials"
import * as Policy from "@keyturn/auth/Policy"
import { choose } from "@keyturn/auth/Requirement"
import * as Scopes from "@keyturn/auth/Scopes"
import * as Session from "@keyturn/auth/Session"
import { ConfigurationError, CredentialMissing, InsufficientScope, type SessionError } from "@keyturn/auth/SessionError"
import * as SessionStore from "@keyturn/auth/SessionStore"
import * as Transport from "@keyturn/auth/Transport"
import { type Contract, type Requirements, requirementsOf, serverUrl } from "@keyturn/contract"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CommonOptions } from "./options.ts"
import { resolveOrigins } from "./origins.ts"

/** An API that is signed in to: what both faces are made from. */
export interface Opened {
  readonly baseUrl: string
  /** What calls ask for in `Accept` when they say nothing else. */
  readonly accept: string | undefined
  /** One session a configured scheme, by the scheme's name. */
  readonly sessions: Readonly<Record<string, Session.Session>>
  /**
   * The sessions that an operation uses. Throws `CredentialMissing` when it needs what is not configured, and
   * `InsufficientScope` when it is known to need more than was granted.
   */
  readonly sessionsFor: (method: string, path: string) => ReadonlyArray<Session.Session>
  /**
   * The sessions of a request that is of no operation, such as one of `session.fetch`: those of the contract's default, and
   * where that is anonymous the first one configured, for such a request is meant to be signed in.
   */
  readonly defaultSessions: () => ReadonlyArray<Session.Session>
  /** The server of an operation that has one of its own. */
  readonly serverOf: (method: string, path: string) => string | undefined
  readonly send: (call: AuthFetch.Call) => Promise<Response>
  readonly fetch: (request: Request, extra?: RequestInit) => Promise<Response>
}

/** Clients of one process share it, so that two of them on one account share one session. */
const processStore = SessionStore.memory()

const schemesFrom = (
  contract: Contract,
  credentials: Record<string, unknown> | undefined,
  grant: Credentials.GrantPlugin | undefined
): ReadonlyArray<readonly [string, Credentials.CredentialInput | undefined, Credentials.GrantPlugin | undefined]> => {
  const names = Object.keys(contract.schemes).filter((name) => contract.schemes[name]?.type !== "mutualTLS")
  if (names.length === 0) return []
  if (grant !== undefined) return [[Credentials.schemeFor(contract, grant), undefined, grant]]
  if (credentials === undefined) return []
  // With one scheme the credentials are its own; with several they are named by scheme.
  if (names.length === 1) return names.map((name) => [name, credentials, undefined])
  const unknown = Object.keys(credentials).filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    throw new ConfigurationError({
      message: `${contract.name} has several security schemes, so credentials are given by scheme: { ${names.map((name) => `${name}: { … }`).join(", ")} }. Not one of them: ${unknown.join(", ")}.`
    })
  }
  return Object.entries(credentials).map(([name, input]) => [name, input as Credentials.CredentialInput, undefined])
}

/** What an operation is sent with. */
interface Plan {
  readonly sessions: ReadonlyArray<Session.Session>
  /** The scopes it needs of a session, for those sessions whose tokens have scopes. */
  readonly scoped: ReadonlyArray<readonly [Session.Session, ReadonlyArray<string>]>
}

const planFor = (
  contract: Contract,
  requirements: Requirements,
  configured: ReadonlySet<string>,
  sessions: Readonly<Record<string, Session.Session>>,
  operation: string
): Plan => {
  const chosen = choose(contract, requirements, configured)
  if (chosen === undefined) {
    const needed = requirements.map((requirement) => Object.keys(requirement))
    const ways = needed.map((schemes) => schemes.join(" and ")).join(", or ")
    throw new CredentialMissing({
      needed,
      message: `${operation} needs credentials for ${ways}. Give them to connect.`
    })
  }
  const used = Object.keys(chosen).flatMap((name) =>
    sessions[name] === undefined ? [] : [[name, sessions[name]] as const]
  )
  return {
    sessions: used.map(([, session]) => session),
    scoped: used.flatMap(([name, session]) => {
      const needed = Scopes.needed(contract, chosen, name)
      return needed.length === 0 ? [] : [[session, needed] as const]
    })
  }
}

const checkScopes = (scoped: Plan["scoped"], operation: string): void => {
  for (const [session, needed] of scoped) {
    const granted = session.state().scope
    const missing = Scopes.missing(needed, granted)
    if (missing.length > 0) {
      throw new InsufficientScope({
        needed,
        granted,
        message: `${operation} needs the scope ${missing.join(" ")}, which this session was not granted. Sign in asking for it, or use credentials that may have it.`
      })
    }
  }
}

/** Signs in with every configured credential; the scope's end signs out. */
export const open = (
  contract: Contract,
  credentials: unknown,
  options: CommonOptions & { readonly operations?: ReadonlyArray<string> | undefined },
  run: AuthFetch.Options["run"]
): Effect.Effect<Opened, SessionError, Scope.Scope> =>
  Effect.gen(function* () {
    const fetch = options.fetch ?? globalThis.fetch
    const policy = Policy.make(options.policy)
    const { baseUrl, configured, origins } = yield* Effect.try({
      try: () => {
        const { baseUrl, origins } = resolveOrigins(contract, options.baseUrl, options.allowOrigins)
        const transport = Transport.make(fetch)
        const given = credentials as Record<string, unknown> | undefined
        const schemes = schemesFrom(contract, given, options.grant)
        const names = new Set(schemes.map(([name]) => name))
        const configured = schemes.map(([schemeName, input, plugin]) => {
          const scopes = Scopes.forOperations(contract, schemeName, names, options.operations)
          const place = { contract, schemeName, baseUrl, scopes, transport, policy }
          return { schemeName, ...Credentials.resolve(place, input, plugin) }
        })
        return { baseUrl, configured, origins }
      },
      catch: (error) => {
        if (error instanceof ConfigurationError) return error
        throw error
      }
    })
    const sessions: Record<string, Session.Session> = {}
    for (const { context, grant, schemeName } of configured) {
      sessions[schemeName] = yield* Session.make({
        contract,
        schemeName,
        grant,
        context,
        policy,
        store: options.store ?? processStore,
        onEvent: options.onEvent
      })
    }
    const names = new Set(Object.keys(sessions))
    const plans = new Map<string, Plan>()
    const sessionsOf = (requirements: Requirements, operation: string): ReadonlyArray<Session.Session> => {
      let plan = plans.get(operation)
      if (plan === undefined) {
        plan = planFor(contract, requirements, names, sessions, operation)
        plans.set(operation, plan)
      }
      if (plan.scoped.length > 0) checkScopes(plan.scoped, operation)
      return plan.sessions
    }
    return {
      baseUrl,
      accept: contract.accept,
      sessions,
      sessionsFor: (method, path) => sessionsOf(requirementsOf(contract, method, path), `${method} ${path}`),
      defaultSessions: () => {
        const usual = choose(contract, contract.security.default, names) ?? {}
        const [first] = Object.keys(sessions)
        const chosen = Object.keys(usual).length > 0 || first === undefined ? usual : { [first]: [] }
        return sessionsOf([chosen], "A request")
      },
      serverOf: (method, path) => {
        const [server] = options.baseUrl === undefined ? (contract.operationServers?.[`${method} ${path}`] ?? []) : []
        return server === undefined ? undefined : new URL(serverUrl(server), `${baseUrl}/`).href
      },
      send: AuthFetch.make({ fetch, origins, retries: policy.retries, run }),
      fetch
    }
  })
