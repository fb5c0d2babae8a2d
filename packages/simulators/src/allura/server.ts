/** A simulated Allura, put together. */
import { Hono } from "hono"
import { makeClock, toMillis } from "../clock.ts"
import { makeFaults } from "../faults.ts"
import { bearerOf } from "../headers.ts"
import { type AuthEvent, makeLedger } from "../ledger.ts"
import { grantOf, watchRenewals } from "../renewals.ts"
import { type Service, type Simulator, type Start, startOf } from "../simulator.ts"
import { defaultsOf } from "../switches.ts"
import { addAdmin } from "./admin.ts"
import { addArtifacts } from "./artifacts.ts"
import { authenticate } from "./authenticate.ts"
import { errorAnswer, HttpError } from "./errors.ts"
import { makeExports } from "./export.ts"
import { keyOf, makeForge } from "./forge.ts"
import { inferred } from "./inferred.ts"
import { addOAuth1 } from "./oauth1.ts"
import { addOAuth2 } from "./oauth2.ts"
import { type AlluraOptions, credentials, defaultClients, defaultConsumers, defaultSite, user } from "./options.ts"
import { makeRoute } from "./routes.ts"
import { type AlluraEvent, type AlluraRejection, makeTokens } from "./tokens.ts"
import { makePushes, type PushDelivery } from "./webhooks.ts"

/** The operations that faults can name: the pages, a code or a third leg exchanged for a token, a refresh. */
export type AlluraOperation = "authorize" | "signIn" | "refresh"

/** What a simulated Allura has seen. */
export interface AlluraStats {
  /** Times that a person allowed, and refused. */
  readonly consents: number
  readonly denials: number
  /** Codes and request tokens exchanged for access tokens. */
  readonly signIns: number
  /** Refreshes that gave tokens. */
  readonly refreshes: number
  /** Tokens that ended because their client got another for the same user. */
  readonly evictions: number
  /** Token requests refused, for whatever reason. */
  readonly failedTokens: number
  /** Requests answered 401, in total and by reason. */
  readonly rejected: Readonly<Record<AlluraRejection | "total", number>>
  /** Requests answered 403 for who asked. */
  readonly forbidden: number
  /** Requests that reached an operation, in total. */
  readonly requests: number
  /** The same by operation. */
  readonly operations: Readonly<Record<string, number>>
  /** Access tokens of OAuth 2 that are good now. */
  readonly liveTokens: number
  /** The most exchanges and refreshes that were ever under way at the same time. */
  readonly peakRenewals: number
  /** Everything that matters to tokens, in order. */
  readonly log: ReadonlyArray<AuthEvent<AlluraEvent>>
}

/** What a simulated Allura adds to every simulator. */
export interface AlluraExtras {
  /** What it has seen so far. */
  stats(): AlluraStats
  /** Tokens of an administrator and a guest, an OAuth 1.0a consumer with its token, and an OAuth 2 application. */
  readonly credentials: typeof credentials
  /** Ends a token, as its owner can on the account page. */
  revoke(token: string): void
  /** The same user allows the same application elsewhere, which ends the token that there was. */
  stranger(clientId: string): void
  /** The bytes of a finished export; Allura itself serves them by scp only. */
  exported(project: string, filename: string): Uint8Array | undefined
  /** Commits are pushed to a repository of a project, which its webhooks hear of. */
  push(project: string, mountPoint: string, commits: ReadonlyArray<string>): Promise<void>
  /** What became of the posts to webhooks. */
  deliveries(): ReadonlyArray<PushDelivery>
}

/** A simulated Allura at work. */
export type AlluraSimulator = Simulator<AlluraOperation> & AlluraExtras

const nameOf = (request: Request): AlluraOperation | undefined | Promise<AlluraOperation> => {
  switch (new URL(request.url).pathname) {
    case "/auth/oauth2/authorize":
    case "/rest/oauth/authorize":
      return "authorize"
    case "/rest/oauth2/token":
      return grantOf(request)
    case "/rest/oauth/access_token":
      return "signIn"
    default:
      return undefined
  }
}

/** The token that a request came with, for the log. */
const tokenOf = (request: Request): string | undefined => {
  const header = request.headers.get("authorization")
  const query = new URL(request.url).searchParams
  return (
    bearerOf(header) ??
    /oauth_token="([^"]*)"/.exec(header ?? "")?.[1] ??
    query.get("access_token") ??
    query.get("oauth_token") ??
    undefined
  )
}

const build = (options: AlluraOptions): Service<AlluraOperation, AlluraExtras> => {
  const clock = makeClock(options.start)
  const ledger = makeLedger<AlluraEvent>(clock)
  const switches = { ...defaultsOf(inferred), ...defaultSite, ...options.switches }
  const access = toMillis(options.lifetimes?.access ?? { hours: 1 })
  const tokens = makeTokens(
    clock,
    ledger,
    { clients: options.clients ?? defaultClients, consumers: options.consumers ?? defaultConsumers },
    { code: toMillis(options.lifetimes?.code ?? { minutes: 10 }), access }
  )
  const forge = makeForge(options.seed ?? 1, clock.now())
  const exports = makeExports(clock, forge, {
    takes: toMillis(options.exportTakes ?? { seconds: 2 }),
    failing: switches.failingExports,
    directory: options.exportDirectory
  })
  const pushes = makePushes()

  // A trailing slash is the same place.
  const app = new Hono({ getPath: (request) => new URL(request.url).pathname.replace(/(.)\/+$/, "$1") })
  app.onError((error, c) => {
    const known = error instanceof HttpError ? error : new HttpError(500, error.message)
    if (known.status === 401) {
      const token = tokenOf(c.req.raw)
      ledger.note("requestRejected", {
        reason: tokens.whyNot(token),
        operation: `${c.req.method} ${c.req.path}`,
        ...(token && { access: token })
      })
    }
    return errorAnswer(known, c.req.header("accept") ?? null)
  })
  app.notFound((c) => errorAnswer(new HttpError(404, "There is nothing here."), c.req.header("accept") ?? null))
  addOAuth1(app, { clock, ledger, tokens, switches })
  addOAuth2(app, { clock, ledger, tokens, switches, accessSeconds: Math.round(access / 1000) })
  const route = makeRoute(app, {
    forge,
    ledger,
    userOf: (request, form) => authenticate(request, form, { clock, tokens, switches })
  })
  // A fixed part of a path comes before a parameter in its place.
  addAdmin(route, clock, exports, switches)
  addArtifacts(route, forge, clock, switches)

  const stranger = (clientId: string) => {
    if (!tokens.clients.has(clientId)) throw new Error(`There is no client ${clientId}.`)
    const row = tokens.issue(clientId, user, "evicted")
    ledger.note("signIn", { account: user, access: row.access, refresh: row.refresh })
  }
  const faults = makeFaults<AlluraOperation>({
    now: clock.now,
    nameOf,
    evict: (request) => {
      const token = tokenOf(request) ?? ""
      const row = tokens.byAccess(token)
      if (row === undefined) tokens.revoke(token)
      else stranger(row.clientId)
    },
    onFire: (reason, operation) => ledger.note("fault", { reason, operation })
  })
  const renewals = watchRenewals(faults, nameOf)
  const rejections: ReadonlyArray<AlluraRejection> = ["missing", "unknown", "expired", "evicted", "rotated", "revoked"]
  return {
    clock,
    faults: renewals.faults,
    handle: (request) => app.fetch(request),
    close: pushes.close,
    extras: {
      credentials,
      revoke: tokens.revoke,
      stranger,
      exported: exports.file,
      deliveries: () => [...pushes.deliveries],
      push: async (shortname, mountPoint, commits) => {
        const project = forge.projects.get(keyOf("p", shortname))
        const tool = project?.tools.find((one) => one.mountPoint === mountPoint)
        if (project === undefined || tool === undefined) throw new Error(`There is no ${mountPoint} in ${shortname}.`)
        await pushes.push(project, tool, commits, "https://allura.example")
      },
      stats: () => {
        const operations = ledger.operations()
        return {
          consents: ledger.count("consent"),
          denials: ledger.count("denial"),
          signIns: ledger.count("signIn"),
          refreshes: ledger.count("refresh"),
          evictions: ledger.count("eviction"),
          failedTokens: ledger.count("tokenFailed"),
          rejected: Object.fromEntries([
            ["total", ledger.count("requestRejected")],
            ...rejections.map((reason) => [reason, ledger.count("requestRejected", reason)])
          ]) as AlluraStats["rejected"],
          forbidden: ledger.count("requestForbidden"),
          requests: Object.values(operations).reduce((sum, count) => sum + count, 0),
          operations,
          liveTokens: tokens.liveOAuth2(),
          peakRenewals: renewals.peak(),
          log: ledger.log()
        }
      }
    }
  }
}

/**
 * Allura, simulated: a forge with tickets, a wiki and an export, behind bearer tokens, OAuth 1.0a and OAuth 2.
 *
 * @example
 * ```ts
 * await using server = await allura.listen({ exportTakes: { seconds: 5 } })
 * const headers = { authorization: `Bearer ${server.credentials.bearer}`, accept: "application/json" }
 * const answer = await fetch(`${server.url}/rest/p/scaffold`, { headers })
 * ```
 */
export const allura: Start<AlluraOptions, AlluraSimulator> = startOf(build)
