import * as AuthFetch from "@keyturn/auth/AuthFetch"
import * as Credentials from "@keyturn/auth/Credentials"
import * as Policy from "@keyturn/auth/Policy"
import { choose } from "@keyturn/auth/Requirement"
import * as Session from "@keyturn/auth/Session"
import { ConfigurationError, CredentialMissing, type SessionError } from "@keyturn/auth/SessionError"
import * as SessionStore from "@keyturn/auth/SessionStore"
import * as Transport from "@keyturn/auth/Transport"
import { type Contract, requirementsOf } from "@keyturn/contract"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CommonOptions } from "./options.ts"
import { resolveOrigins } from "./origins.ts"

/** An API that is signed in to: what both faces are made from. */
export interface Opened {
  readonly baseUrl: string
  /** One session a configured scheme, by the scheme's name. */
  readonly sessions: Readonly<Record<string, Session.Session>>
  /** The sessions that an operation uses. Throws `CredentialMissing` when it needs what is not configured. */
  readonly sessionsFor: (method: string, path: string) => ReadonlyArray<Session.Session>
  /** The sessions of operations that have no requirement of their own. */
  readonly defaultSessions: () => ReadonlyArray<Session.Session>
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
  const [first] = names
  if (first === undefined) return []
  if (grant !== undefined) return [[first, undefined, grant]]
  if (credentials === undefined) return []
  // With one scheme the credentials are its own; with several they are named by scheme.
  if (names.length === 1) return [[first, credentials, undefined]]
  const unknown = Object.keys(credentials).filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    throw new ConfigurationError({
      message: `${contract.name} has several security schemes, so credentials are given by scheme: { ${names.map((name) => `${name}: { … }`).join(", ")} }. Not one of them: ${unknown.join(", ")}.`
    })
  }
  return Object.entries(credentials).map(([name, input]) => [name, input as Credentials.CredentialInput, undefined])
}

/** Signs in with every configured credential; the scope's end signs out. */
export const open = (
  contract: Contract,
  credentials: unknown,
  options: CommonOptions,
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
        const configured = schemesFrom(contract, given, options.grant).map(([schemeName, input, plugin]) => ({
          schemeName,
          ...Credentials.resolve({ contract, schemeName, baseUrl, scopes: [], transport, policy }, input, plugin)
        }))
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
    const plans = new Map<string, ReadonlyArray<Session.Session>>()
    const plan = (requirements: Contract["security"]["default"], what: string): ReadonlyArray<Session.Session> => {
      const chosen = choose(contract, requirements, names)
      if (chosen === undefined) {
        const needed = requirements.map((requirement) => Object.keys(requirement))
        const ways = needed.map((schemes) => schemes.join(" and ")).join(", or ")
        throw new CredentialMissing({
          needed,
          message: `${what} needs credentials for ${ways}. Give them to connect.`
        })
      }
      return chosen.map((name) => sessions[name] as Session.Session)
    }
    return {
      baseUrl,
      sessions,
      sessionsFor: (method, path) => {
        const key = `${method} ${path}`
        const known = plans.get(key)
        if (known !== undefined) return known
        const made = plan(requirementsOf(contract, method, path), key)
        plans.set(key, made)
        return made
      },
      defaultSessions: () => plan(contract.security.default, "A request"),
      send: AuthFetch.make({ fetch, origins, run }),
      fetch
    }
  })
