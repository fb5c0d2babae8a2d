/** A simulated Bits, put together. */
import { type Context, Hono } from "hono"
import { makeClock, toMillis } from "../clock.ts"
import { makeFaults } from "../faults.ts"
import { bearerOf, isJson } from "../headers.ts"
import { type AuthEvent, makeLedger } from "../ledger.ts"
import { type Service, type Simulator, type Start, startOf } from "../simulator.ts"
import { defaultsOf } from "../switches.ts"
import { type Application, type ApplicationStatus, newApplication, seedApplications } from "./applications.ts"
import { addHosted } from "./hosted.ts"
import { inferred } from "./inferred.ts"
import { isNamed, isUrl } from "./names.ts"
import { type BitsOptions, credentials, defaultClients } from "./options.ts"
import { addTokenEndpoint, tokenPath } from "./token-endpoint.ts"
import { type BitsEvent, type BitsRejection, makeTokens, type Scope, scopes, type Token } from "./tokens.ts"
import { type Delivery, makeWebhooks } from "./webhooks.ts"

/** The operations that faults can name. */
export type BitsOperation = "signIn"

/** What a simulated Bits has seen. */
export interface BitsStats {
  /** Tokens given for a client's credentials. */
  readonly signIns: number
  /** Token requests refused, for whatever reason. */
  readonly failedSignIns: number
  /** Session tokens given with a new application. */
  readonly sessionTokens: number
  /** Requests answered 401 for their token, in total and by reason. */
  readonly rejected: Readonly<Record<BitsRejection | "total", number>>
  /** Requests answered 403 for their scope. */
  readonly forbidden: number
  /** Requests that reached an operation, in total. */
  readonly requests: number
  /** The same by operation. */
  readonly operations: Readonly<Record<string, number>>
  /** Tokens that are good now. */
  readonly liveTokens: number
  /** Everything that matters to tokens, in order. */
  readonly log: ReadonlyArray<AuthEvent<BitsEvent>>
}

/** What a simulated Bits adds to every simulator. */
export interface BitsExtras {
  /** What it has seen so far. */
  stats(): BitsStats
  /** A client that works. */
  readonly credentials: typeof credentials
  /** Ends a token, as a rotation of the secret in the dashboard does. */
  revoke(token: string): void
  /** The applications there are: the API itself has no list of them. */
  applications(): ReadonlyArray<Readonly<Application>>
  /** Moves an application on and tells the webhook; resolves when that was posted. Throws when there is no such application. */
  decide(applicationId: string, status: ApplicationStatus): Promise<void>
  /** What became of the posts to the webhook. */
  deliveries(): ReadonlyArray<Delivery>
}

/** A simulated Bits at work. */
export type BitsSimulator = Simulator<BitsOperation> & BitsExtras

type RefusalStatus = 400 | 401 | 403 | 404 | 415

/** A request refused, with the status and message of the answer. */
class Refusal extends Error {
  readonly status: RefusalStatus
  constructor(status: RefusalStatus, message: string) {
    super(message)
    this.name = "Refusal"
    this.status = status
  }
}

/** The fields of a JSON body. */
const bodyOf = async (c: Context): Promise<Readonly<Record<string, unknown>>> => {
  if (!isJson(c.req.header("content-type"))) throw new Refusal(400, "The body must be application/json.")
  const body: unknown = await c.req.json().catch(() => undefined)
  if (typeof body !== "object" || body === null) throw new Refusal(400, "The body must be a JSON object.")
  return body as Readonly<Record<string, unknown>>
}

const build = (options: BitsOptions): Service<BitsOperation, BitsExtras> => {
  const clock = makeClock(options.start)
  const ledger = makeLedger<BitsEvent>(clock)
  const switches = { ...defaultsOf(inferred), ...options.switches }
  const clients = options.clients ?? defaultClients
  const tokens = makeTokens(clock, ledger, switches.oneTokenPerClient)
  const tokenLife = toMillis(options.lifetimes?.token ?? { hours: 1 })
  const sessionLife = toMillis(options.lifetimes?.session ?? { minutes: 60 })
  const webhooks = makeWebhooks(clock, options.webhook, switches)
  const applications = new Map(
    seedApplications(options.seed ?? 1, clock.started, clients[0]?.customerId ?? "").map((application) => [
      application.id,
      application
    ])
  )

  const app = new Hono()
  const codes = { 400: "invalid_request", 401: "invalid_token", 403: "insufficient_scope" } as const
  const failure = (c: Context, status: RefusalStatus | 500, message: string) =>
    c.json(
      switches.apiErrorBody === "message"
        ? { message }
        : { error: codes[status as keyof typeof codes] ?? "server_error", error_description: message },
      status
    )
  app.onError((error, c) => failure(c, error instanceof Refusal ? error.status : 500, error.message))
  app.notFound((c) => failure(c, 404, `There is no ${c.req.method} ${c.req.path}.`))
  addTokenEndpoint(app, {
    switches,
    clients: new Map(clients.map((client) => [client.clientId, client])),
    note: (reason, account) => ledger.note("signInFailed", { reason, ...(account !== undefined && { account }) }),
    count: ledger.request,
    issue: (client, scope, claims) =>
      tokens.issue(client, scope, claims === undefined ? tokenLife : sessionLife, claims),
    lifeSeconds: Math.round(tokenLife / 1000)
  })

  /** The token of a request, good and of one of these scopes. */
  const admit = (c: Context, operation: string, ...allowed: ReadonlyArray<Scope>): Token => {
    ledger.request(operation)
    const value = bearerOf(c.req.header("authorization"))
    const token = value === undefined ? "missing" : tokens.find(value)
    if (typeof token === "string") {
      ledger.note("requestRejected", { reason: token, operation, ...(value !== undefined && { access: value }) })
      if (switches.wwwAuthenticate)
        c.header("www-authenticate", token === "missing" ? "Bearer" : 'Bearer error="invalid_token"')
      throw new Refusal(401, token === "missing" ? "The bearer token is missing." : "The bearer token is not valid.")
    }
    if (!allowed.includes(token.scope)) {
      ledger.note("requestForbidden", { operation, access: token.value, reason: token.scope })
      throw new Refusal(403, `The scope ${token.scope} does not allow this.`)
    }
    const accept = /application\/vnd\.bits\.v([\d.]+)\+json/.exec(c.req.header("accept") ?? "")?.[1]
    if (switches.mediaTypeVersions && accept !== undefined && accept !== "1.0") {
      throw new Refusal(415, `There is no version ${accept}.`)
    }
    return token
  }

  const forUserinfo = switches.userinfoForSessions ? scopes : scopes.filter((scope) => scope !== "application.session")
  const userinfo = (path: string) =>
    app.get(path, (c) => c.json({ customerId: admit(c, `GET ${path}`, ...forUserinfo).client.customerId }))
  userinfo("/oauth2/userinfo")
  if (switches.userinfoUnderV1) userinfo("/v1/oauth2/userinfo")

  const post = (operation: string, handler: (c: Context) => Promise<Response>) => {
    app.post(`/v1/${operation}`, handler)
    if (switches.unversionedPaths) app.post(`/${operation}`, handler)
  }

  post("applications.create", async (c) => {
    const token = admit(c, "POST /v1/applications.create", "application")
    const { workflowId, [switches.countryField]: countryCode, redirectUrl } = await bodyOf(c)
    if (!isNamed("workflow", workflowId)) throw new Refusal(400, "workflowId must be bits:workflow:: and a UUID.")
    if (typeof countryCode !== "string" || !/^[A-Z]{2}$/.test(countryCode))
      throw new Refusal(400, `${switches.countryField} must be two capital letters.`)
    if (!isUrl(redirectUrl)) throw new Refusal(400, "redirectUrl must be a URL.")
    const application = newApplication(
      { customerId: token.client.customerId, workflowId, countryCode, redirectUrl },
      clock.now()
    )
    applications.set(application.id, application)
    const session = tokens.issue(token.client, "application.session", sessionLife, {
      applicationId: application.id,
      workflowId,
      redirectUrl
    })
    return c.json({ id: application.id, sessionToken: session.value })
  })

  const read = (method: string, show: (application: Application) => object) => {
    const operation = `applications.${method}`
    post(operation, async (c) => {
      const token = admit(c, `POST /v1/${operation}`, "application", "application.read")
      const { applicationId } = await bodyOf(c)
      if (!isNamed("application", applicationId))
        throw new Refusal(400, "applicationId must be bits:application:: and a UUID.")
      const application = applications.get(applicationId)
      if (application === undefined || application.customerId !== token.client.customerId) {
        throw new Refusal(switches.missingApplicationStatus, "There is no such application.")
      }
      return c.json(show(application))
    })
  }
  read("get", ({ id, status }) => ({ id, status }))
  read("organization.get", ({ organization, countryCode }) => ({
    organizationName: organization.name,
    organizationNumber: { id: organization.number, issuingCountry: countryCode },
    legalType: organization.legalType
  }))
  read("bankAccounts.list", ({ iban }) => [{ iban }])

  const move = (application: Application, status: ApplicationStatus) => {
    application.status = status
    return webhooks.send(application)
  }
  addHosted(app, { switches, find: tokens.find, applications, move: (...step) => void move(...step) })

  const faults = makeFaults<BitsOperation>({
    now: clock.now,
    nameOf: (request) => (new URL(request.url).pathname === tokenPath ? "signIn" : undefined),
    evict: (request) => tokens.revoke(bearerOf(request.headers.get("authorization")) ?? ""),
    onFire: (reason, operation) => ledger.note("fault", { reason, operation })
  })

  const rejections: ReadonlyArray<BitsRejection> = ["missing", "unknown", "expired", "revoked"]
  return {
    clock,
    faults,
    handle: (request) => app.fetch(request),
    close: webhooks.close,
    extras: {
      credentials,
      revoke: tokens.revoke,
      applications: () => [...applications.values()],
      deliveries: () => [...webhooks.deliveries],
      decide: async (applicationId, status) => {
        const application = applications.get(applicationId)
        if (application === undefined) throw new Error(`There is no application ${applicationId}. See applications().`)
        await move(application, status)
      },
      stats: () => {
        const operations = ledger.operations()
        return {
          signIns: ledger.count("signIn"),
          failedSignIns: ledger.count("signInFailed"),
          sessionTokens: ledger.count("sessionToken"),
          rejected: Object.fromEntries([
            ["total", ledger.count("requestRejected")],
            ...rejections.map((reason) => [reason, ledger.count("requestRejected", reason)])
          ]) as BitsStats["rejected"],
          forbidden: ledger.count("requestForbidden"),
          requests: Object.values(operations).reduce((sum, count) => sum + count, 0),
          operations,
          liveTokens: tokens.live(),
          log: ledger.log()
        }
      }
    }
  }
}

/**
 * Bits, simulated: the applications of a sign-up flow, behind tokens that last an hour.
 *
 * @example
 * ```ts
 * await using server = await bits.listen({ webhook: { url: "http://127.0.0.1:8080/hook", secret: "shared" } })
 * await server.decide(server.applications()[0].id, "APPROVED")
 * ```
 */
export const bits: Start<BitsOptions, BitsSimulator> = startOf(build)
