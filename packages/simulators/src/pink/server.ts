/** A simulated platform.pink, put together. */
import { type Context, Hono } from "hono"
import { makeClock, toMillis } from "../clock.ts"
import { makeFaults } from "../faults.ts"
import { bearerOf } from "../headers.ts"
import { type AuthEvent, makeLedger } from "../ledger.ts"
import { grantOf, watchRenewals } from "../renewals.ts"
import { type Service, type Simulator, type Start, startOf } from "../simulator.ts"
import { defaultsOf } from "../switches.ts"
import { addAuthorize } from "./authorize.ts"
import { makeGrants, type PinkEvent, type PinkRejection } from "./grants.ts"
import { inferred } from "./inferred.ts"
import { credentials, defaultClients, defaultScene, type PinkOptions, scopes } from "./options.ts"
import { type Admit, addReports } from "./reports.ts"
import { addTokenEndpoints } from "./token.ts"

/** The operations that faults can name: the page, a code and a refresh token at the token endpoint, and revocation. */
export type PinkOperation = "authorize" | "signIn" | "refresh" | "signOut"

/** What a simulated platform.pink has seen. */
export interface PinkStats {
  /** Times that a person allowed, and refused. */
  readonly consents: number
  readonly denials: number
  /** Codes exchanged for tokens. */
  readonly signIns: number
  /** Refreshes that gave tokens, without those answered again within the grace. */
  readonly refreshes: number
  /** Spent refresh tokens answered again within the grace. */
  readonly refreshReplays: number
  /** Spent refresh tokens refused. */
  readonly refreshReuses: number
  /** Codes that came a second time. */
  readonly codeReplays: number
  /** Token requests refused, for whatever reason. */
  readonly failedTokens: number
  /** Tokens that their client revoked. */
  readonly signOuts: number
  /** Consents that ended by a replay, a reuse or a withdrawal. */
  readonly revocations: number
  /** Requests answered 401 for their token, in total and by reason. */
  readonly rejected: Readonly<Record<PinkRejection | "total", number>>
  /** Requests answered 403 for their scope. */
  readonly forbidden: number
  /** Requests that reached an operation, in total. */
  readonly requests: number
  /** The same by operation. */
  readonly operations: Readonly<Record<string, number>>
  /** Access tokens that are good now. */
  readonly liveTokens: number
  /** The most code exchanges and refreshes that were ever under way at the same time. */
  readonly peakRenewals: number
  /** Everything that matters to tokens, in order. */
  readonly log: ReadonlyArray<AuthEvent<PinkEvent>>
}

/** What a simulated platform.pink adds to every simulator. */
export interface PinkExtras {
  /** What it has seen so far. */
  stats(): PinkStats
  /** A client without and one with a secret, and a personal access token that work. */
  readonly credentials: typeof credentials
  /** Ends a personal access token, or all of the consent that an access token came of. */
  withdraw(token: string): void
}

/** A simulated platform.pink at work. */
export type PinkSimulator = Simulator<PinkOperation> & PinkExtras

const nameOf = (request: Request): PinkOperation | undefined | Promise<PinkOperation> => {
  switch (new URL(request.url).pathname) {
    case "/oauth/authorize":
      return "authorize"
    case "/oauth/token":
      return grantOf(request)
    case "/oauth/revoke":
      return "signOut"
    default:
      return undefined
  }
}

const build = (options: PinkOptions): Service<PinkOperation, PinkExtras> => {
  const clock = makeClock(options.start)
  const ledger = makeLedger<PinkEvent>(clock)
  const switches = { ...defaultsOf(inferred), ...defaultScene, ...options.switches }
  const clients = new Map((options.clients ?? defaultClients).map((client) => [client.clientId, client]))
  const personal = new Set(options.personalAccessTokens ?? [credentials.personalAccessToken])
  const withdrawn = new Set<string>()
  const grants = makeGrants(clock, ledger, switches, {
    code: toMillis(options.lifetimes?.code ?? { minutes: 10 }),
    access: toMillis(options.lifetimes?.access ?? { hours: 1 }),
    refresh: options.lifetimes?.refresh === undefined ? Number.POSITIVE_INFINITY : toMillis(options.lifetimes.refresh)
  })

  /** What a token may do; a personal access token has all rights of its owner. */
  const find = (value: string | undefined): ReadonlyArray<string> | PinkRejection => {
    if (value === undefined) return "missing"
    if (withdrawn.has(value)) return "revoked"
    if (personal.has(value)) return Object.keys(scopes)
    const found = grants.find(value)
    return typeof found === "string" ? found : found.scopes
  }

  const challenge = (c: Context, value: string) => {
    if (switches.wwwAuthenticate) c.header("www-authenticate", value)
  }

  const admit: Admit = (c, operation, scope) => {
    ledger.request(operation)
    const value = bearerOf(c.req.header("authorization"))
    const found = find(value)
    const about = { operation, ...(value !== undefined && { access: value }) }
    if (typeof found === "string") {
      ledger.note("requestRejected", { reason: found, ...about })
      // RFC 6750 §3.1: no error code for a request that had no credentials at all.
      challenge(c, found === "missing" ? "Bearer" : 'Bearer error="invalid_token"')
      return c.json({ error: "invalid_token", error_description: `The access token is ${found}.` }, 401)
    }
    if (!found.includes(scope)) {
      ledger.note("requestForbidden", { reason: scope, ...about })
      challenge(c, `Bearer error="insufficient_scope", scope="${scope}"`)
      return c.json({ error: "insufficient_scope", error_description: `The scope ${scope} is needed.`, scope }, 403)
    }
    return undefined
  }

  const app = new Hono()
  app.onError((error, c) => c.json({ error: "server_error", error_description: error.message }, 500))
  app.notFound((c) =>
    c.json({ error: "not_found", error_description: `There is no ${c.req.method} ${c.req.path}.` }, 404)
  )
  addAuthorize(app, { clock, ledger, switches, clients, grants })
  addTokenEndpoints(app, { ledger, switches, clients, grants })
  addReports(app, clock, options.seed ?? 1, admit)

  const withdraw = (token: string) => {
    if (personal.has(token)) withdrawn.add(token)
    else grants.withdraw(token)
  }
  const faults = makeFaults<PinkOperation>({
    now: clock.now,
    nameOf,
    evict: (request) => withdraw(bearerOf(request.headers.get("authorization")) ?? ""),
    onFire: (reason, operation) => ledger.note("fault", { reason, operation })
  })
  const renewals = watchRenewals(faults, nameOf)
  const rejections: ReadonlyArray<PinkRejection> = ["missing", "unknown", "expired", "revoked"]
  return {
    clock,
    handle: (request) => app.fetch(request),
    faults: renewals.faults,
    extras: {
      credentials,
      withdraw,
      stats: () => {
        const operations = ledger.operations()
        return {
          consents: ledger.count("consent"),
          denials: ledger.count("denial"),
          signIns: ledger.count("signIn"),
          refreshes: ledger.count("refresh"),
          refreshReplays: ledger.count("refreshReplay"),
          refreshReuses: ledger.count("tokenFailed", "refresh spent"),
          codeReplays: ledger.count("tokenFailed", "code spent"),
          failedTokens: ledger.count("tokenFailed"),
          signOuts: ledger.count("signOut"),
          revocations: ledger.count("revocation"),
          rejected: Object.fromEntries([
            ["total", ledger.count("requestRejected")],
            ...rejections.map((reason) => [reason, ledger.count("requestRejected", reason)])
          ]) as PinkStats["rejected"],
          forbidden: ledger.count("requestForbidden"),
          requests: Object.values(operations).reduce((sum, count) => sum + count, 0),
          operations,
          liveTokens: grants.live(),
          peakRenewals: renewals.peak(),
          log: ledger.log()
        }
      }
    }
  }
}

/**
 * platform.pink, simulated: an authorization server with a consent page, personal access tokens, and a few reports.
 *
 * @example
 * ```ts
 * await using server = await pink.listen({ switches: { consent: "allow" } })
 * const headers = { authorization: `Bearer ${server.credentials.personalAccessToken}` }
 * const answer = await fetch(`${server.url}/v1/me`, { headers })
 * ```
 */
export const pink: Start<PinkOptions, PinkSimulator> = startOf(build)
