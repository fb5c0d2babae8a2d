import * as AuthFetch from "@keyturn/auth/AuthFetch"
import * as Credentials from "@keyturn/auth/Credentials"
import * as Policy from "@keyturn/auth/Policy"
import { choose } from "@keyturn/auth/Requirement"
import * as Scopes from "@keyturn/auth/Scopes"
import { ConfigurationError, CredentialMissing, InsufficientScope, type SessionError } from "@keyturn/auth/SessionError"
import type { Options, SessionHandle } from "@keyturn/auth/SessionHandle"
import * as SessionStore from "@keyturn/auth/SessionStore"
import * as Transport from "@keyturn/auth/Transport"
import { type Contract, type Requirement, type Requirements, requirementsOf, serverUrl } from "@keyturn/contract"
import * as Effect from "effect/Effect"
import type { CommonOptions } from "./options.ts"
import { resolveOrigins } from "./origins.ts"

/** An API at a server: what its clients have in common, made once for all of them. */
export interface Api {
  readonly contract: Contract
  readonly baseUrl: string
  readonly transport: Transport.Transport
  readonly policy: Policy.Policy
  readonly send: ReturnType<typeof AuthFetch.make>
  readonly fetch: (request: Request) => Promise<Response>
  /** Whether the contract's own server is in use, and with it those of single operations. */
  readonly declared: boolean
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
  if (names.length === 1) return names.map((name) => [name, credentials as Credentials.CredentialInput, undefined])
  const unknown = Object.keys(credentials).filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    throw new ConfigurationError({
      message: `${contract.name} has several security schemes, so credentials are given by scheme: { ${names.map((name) => `${name}: { … }`).join(", ")} }. Not one of them: ${unknown.join(", ")}.`
    })
  }
  return Object.entries(credentials).map(([name, input]) => [name, input as Credentials.CredentialInput, undefined])
}

/** How an operation is sent, worked out once. */
interface Plan {
  /** Its name, such as `GET /pets`. */
  readonly operation: string
  readonly sessions: ReadonlyArray<SessionHandle>
  /** The scopes it needs of a session, for those sessions whose tokens have scopes. */
  readonly scoped: ReadonlyArray<readonly [SessionHandle, ReadonlyArray<string>]>
}

const planFor = (
  contract: Contract,
  requirements: Requirements,
  configured: ReadonlySet<string>,
  sessions: Readonly<Record<string, SessionHandle>>,
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
    operation,
    sessions: used.map(([, session]) => session),
    scoped: used.flatMap(([name, session]) => {
      const needed = Scopes.needed(contract, chosen, name)
      return needed.length === 0 ? [] : [[session, needed] as const]
    })
  }
}

const checkScopes = ({ operation, scoped }: Plan): void => {
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

/** How a face of the client runs and makes sessions. */
export interface Face<S extends SessionHandle, R> {
  readonly run: AuthFetch.Options["run"]
  readonly wait?: AuthFetch.Options["wait"]
  readonly session: (options: Options) => Effect.Effect<S, SessionError, R>
}

/** The APIs in use, the latest first, with what they were made of. */
const known = new WeakMap<Contract, ReadonlyArray<readonly [Given, Api]>>()

interface Given {
  readonly baseUrl: string | undefined
  readonly origins: string
  readonly fetch: unknown
  readonly policy: Policy.Policy
  readonly run: AuthFetch.Options["run"]
}

const apiOf = (
  contract: Contract,
  options: CommonOptions,
  { run, wait }: Pick<Face<never, never>, "run" | "wait">
): Api => {
  const { fetch = globalThis.fetch } = options
  const policy = Policy.make(options.policy)
  const given: Given = { baseUrl: options.baseUrl, origins: String(options.allowOrigins ?? ""), fetch, policy, run }
  const before = known.get(contract) ?? []
  const found = before.find(([one]) =>
    (Object.keys(given) as ReadonlyArray<keyof Given>).every((name) => one[name] === given[name])
  )
  if (found !== undefined) return found[1]
  const { baseUrl, origins } = resolveOrigins(contract, options.baseUrl, options.allowOrigins)
  const send = AuthFetch.make({ fetch, origins, retries: policy.retries, run, wait })
  const declared = options.baseUrl === undefined
  const api: Api = { contract, baseUrl, transport: Transport.make(fetch), policy, send, fetch, declared }
  known.set(contract, [[given, api] as const, ...before].slice(0, 8))
  return api
}

/** An API that is signed in to: what both faces are made from. */
export class Opened<S extends SessionHandle = SessionHandle> extends AuthFetch.Memory {
  readonly api: Api
  /** One session a configured scheme, by the scheme's name. */
  readonly sessions: Readonly<Record<string, S>>
  /** By path and method, both as the caller writes them: neither has to be put together to be looked up. */
  private plans: Map<string, Map<string, Plan>> | undefined

  constructor(api: Api, sessions: Readonly<Record<string, S>>) {
    super()
    this.api = api
    this.sessions = sessions
  }

  get baseUrl(): string {
    return this.api.baseUrl
  }
  /** What calls ask for in `Accept` when they say nothing else. */
  get accept(): string | undefined {
    return this.api.contract.accept
  }

  /** The plan that is known already. Throws `InsufficientScope` when it is known to need more than was granted. */
  private known(path: string, method: string): Plan | undefined {
    const plan = this.plans?.get(path)?.get(method)
    if (plan !== undefined && plan.scoped.length > 0) checkScopes(plan)
    return plan
  }

  private planned(path: string, method: string, requirements: Requirements, operation: string): Plan {
    const { api, sessions } = this
    const plan = planFor(api.contract, requirements, new Set(Object.keys(sessions)), sessions, operation)
    this.plans ??= new Map()
    this.plans.set(path, (this.plans.get(path) ?? new Map()).set(method, plan))
    checkScopes(plan)
    return plan
  }

  /**
   * How an operation is sent. Throws `CredentialMissing` when it needs what is not configured, and `InsufficientScope` when it
   * is known to need more than was granted.
   */
  planOf(method: string, path: string): Plan {
    return (
      this.known(path, method) ??
      this.planned(path, method, requirementsOf(this.api.contract, method, path), `${method} ${path}`)
    )
  }

  /**
   * The sessions of a request that is of no operation, such as one of `session.fetch`: those of the contract's default, and
   * where that is anonymous the first one configured, for such a request is meant to be signed in.
   */
  defaultSessions(): ReadonlyArray<SessionHandle> {
    return (this.known("", "") ?? this.planned("", "", [this.usual()], "A request")).sessions
  }

  private usual(): Requirement {
    const { contract } = this.api
    const names = Object.keys(this.sessions)
    const usual = choose(contract, contract.security.default, new Set(names)) ?? {}
    const [first] = names
    return Object.keys(usual).length > 0 || first === undefined ? usual : { [first]: [] }
  }

  /** The server of an operation that has one of its own. */
  serverOf(method: string, path: string): string | undefined {
    const { contract, declared } = this.api
    const [server] = declared ? (contract.operationServers?.[`${method} ${path}`] ?? []) : []
    return server === undefined ? undefined : new URL(serverUrl(server), `${this.baseUrl}/`).href
  }
}

/** Signs in with every configured credential, one after the other. */
export const open = <S extends SessionHandle, R>(
  contract: Contract,
  credentials: unknown,
  options: CommonOptions & { readonly operations?: ReadonlyArray<string> | undefined },
  face: Face<S, R>
): Effect.Effect<Opened<S>, SessionError, R> =>
  Effect.gen(function* () {
    const { api, configured } = yield* Effect.try({
      try: () => {
        const api = apiOf(contract, options, face)
        const given = credentials as Record<string, unknown> | undefined
        const schemes = schemesFrom(contract, given, options.grant)
        const names = new Set(schemes.map(([name]) => name))
        const configured = schemes.map(([schemeName, input, plugin]) => {
          const scopes = Scopes.forOperations(contract, schemeName, names, options.operations)
          const { baseUrl, policy, transport } = api
          const place = { contract, schemeName, baseUrl, scopes, transport, policy }
          return { schemeName, ...Credentials.resolve(place, input, plugin) }
        })
        return { api, configured }
      },
      catch: (error) => {
        if (error instanceof ConfigurationError) return error
        throw error
      }
    })
    const sessions: Record<string, S> = {}
    for (const { context, grant, schemeName } of configured) {
      sessions[schemeName] = yield* face.session({
        contract,
        schemeName,
        grant,
        context,
        policy: api.policy,
        store: options.store ?? processStore,
        onEvent: options.onEvent
      })
    }
    return new Opened(api, sessions)
  })
