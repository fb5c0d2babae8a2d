/**
 * The referee: `oidc-provider`, a certified authorization server, over real HTTP on loopback, with a small API beside it.
 * It shares no code with what is tested. Refresh tokens rotate and are single use; using one twice ends its whole family.
 */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import type { Contract } from "@keyturn/contract"
import Provider, { type ClientMetadata, type Configuration } from "oidc-provider"
import { calculateJwkThumbprint, decodeProtectedHeader } from "./jose.ts"

/** A call that the server got, in order. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  /** The parameters of a form. */
  readonly form: URLSearchParams
  readonly status: number
}

/** A running server. */
export interface Referee extends AsyncDisposable {
  /** Where it listens. Its API is `/api/me`, for any token, and `/api/write`, which needs the scope `write` (RFC 6750 §3.1). */
  readonly url: string
  readonly provider: Provider
  readonly calls: ReadonlyArray<Call>
  /** The token answers that were given, in order. */
  readonly issued: ReadonlyArray<{ readonly access_token: string; readonly refresh_token?: string }>
  /** The token calls of one grant type. */
  readonly tokenCalls: (grantType: string) => ReadonlyArray<Call>
  /** What the server itself says of a token (RFC 7662). */
  readonly introspect: (token: string) => Promise<{ readonly active: boolean; readonly [claim: string]: unknown }>
  /** A contract with one scheme. */
  readonly contract: (schemes: Contract["schemes"]) => Contract
  /** Changes a successful answer before it is sent. */
  amend: ((path: string, grantType: unknown, body: Record<string, unknown>) => void) | undefined
  /** Runs before a call is handled: a fault, once. Answering itself, or destroying the socket, is up to it. */
  fault: ((request: http.IncomingMessage, response: http.ServerResponse) => boolean) | undefined
  /** Whether an access token ends with its first use at the API. */
  spends: boolean
}

export const secrets = { web: "s3cr&t+%|>#=", machine: "m/ch:ne+50% secret~*", post: "post secret" } as const
export const person = { login: "alice", password: "correct horse &+%" } as const

const clients: Array<ClientMetadata> = [
  {
    client_id: "cli",
    application_type: "native",
    token_endpoint_auth_method: "none",
    redirect_uris: ["http://127.0.0.1/callback", "http://localhost/back", "http://[::1]/callback"],
    grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]
  },
  {
    client_id: "web",
    client_secret: secrets.web,
    redirect_uris: ["https://app.example/callback"],
    grant_types: ["authorization_code", "refresh_token"]
  },
  {
    client_id: "post",
    client_secret: secrets.post,
    token_endpoint_auth_method: "client_secret_post",
    redirect_uris: ["https://app.example/callback"],
    grant_types: ["authorization_code", "client_credentials", "password", "refresh_token"]
  },
  {
    client_id: "machine",
    scope: "openid offline_access read",
    client_secret: secrets.machine,
    redirect_uris: [],
    response_types: [],
    grant_types: ["client_credentials", "password", "refresh_token"]
  },
  {
    client_id: "inspector",
    client_secret: "inspector secret",
    redirect_uris: [],
    response_types: [],
    grant_types: ["client_credentials"]
  }
]

/** RFC 6749 §4.3, which the server leaves to be registered. */
const registerPassword = (provider: Provider) =>
  provider.registerGrantType<{ username: string; password: string }>(
    "password",
    async (ctx) => {
      const { client, params } = ctx.oidc
      const { AccessToken, Grant, RefreshToken } = provider
      if (params.username !== person.login || params.password !== person.password) {
        ctx.status = 400
        ctx.body = { error: "invalid_grant", error_description: "unknown user or wrong password" }
        return
      }
      const scope = "openid offline_access"
      const grant = new Grant({ accountId: person.login, clientId: client.clientId })
      grant.addOIDCScope(scope)
      const grantId = await grant.save()
      const shared = { accountId: person.login, client, grantId, gty: "password", scope }
      const access = new AccessToken(shared)
      const refresh = new RefreshToken({ ...shared, rotations: 0 } as never)
      const proof = ctx.get("dpop")
      if (proof !== "") access.setThumbprint("jkt", await calculateJwkThumbprint(decodeProtectedHeader(proof).jwk))
      ctx.body = {
        access_token: await access.save(),
        token_type: access.tokenType,
        expires_in: access.expiration,
        refresh_token: await refresh.save()
      }
    },
    ["username", "password", "scope"]
  )

/** Starts a server. `configure` changes the provider's configuration. */
export const listen = async (configure: Configuration = {}): Promise<Referee> => {
  const server = http.createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { warn } = console
  // The server says on standard output that its keys and pages are for development: here they are.
  console.warn = () => {}
  const provider = new Provider(url, {
    clients,
    scopes: ["openid", "offline_access", "read", "write"],
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed("refresh_token") && code.scopes.has("offline_access"),
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    ttl: {
      AccessToken: 60,
      AuthorizationCode: 60,
      ClientCredentials: 60,
      DeviceCode: 60,
      Grant: 3600,
      IdToken: 60,
      Interaction: 60,
      RefreshToken: 3600,
      Session: 3600
    },
    pkce: { required: () => true },
    cookies: { keys: ["referee"] },
    ...configure,
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (ctx, form, _out, error) => {
          ctx.body = error === undefined ? form : `${form} ${error.message}`
        },
        userCodeConfirmSource: (ctx, form) => {
          ctx.body = form
        },
        successSource: (ctx) => {
          ctx.body = "You can go back to the device."
        }
      },
      introspection: { enabled: true, allowedPolicy: () => true },
      pushedAuthorizationRequests: { enabled: true },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      dPoP: { enabled: true },
      ...configure.features
    } as NonNullable<Configuration["features"]>
  })
  registerPassword(provider)
  provider.use(async (ctx, next) => {
    if (ctx.path !== "/api/me" && ctx.path !== "/api/write") {
      await next()
      const { body } = ctx as { body?: unknown }
      if (ctx.status < 300 && typeof body === "object" && body !== null) {
        referee.amend?.(ctx.path, ctx.oidc?.params?.grant_type, body as Record<string, unknown>)
      }
      return
    }
    const [, type, token = ""] = /^(Bearer|DPoP) (.+)$/.exec(ctx.get("authorization")) ?? []
    const found = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token))
    const proof = type === "DPoP" ? await calculateJwkThumbprint(decodeProtectedHeader(ctx.get("dpop")).jwk) : undefined
    if (found === undefined || !found.isValid || found.jkt !== proof) {
      ctx.status = 401
      ctx.set("www-authenticate", 'Bearer realm="api", error="invalid_token"')
      ctx.body = { error: "invalid_token" }
      return
    }
    if (ctx.path === "/api/write" && !found.scopes.has("write")) {
      ctx.status = 403
      ctx.set("www-authenticate", 'Bearer realm="api", error="insufficient_scope", scope="read write"')
      ctx.body = { error: "insufficient_scope" }
      return
    }
    if (referee.spends) await found.destroy()
    ctx.body = { client: found.clientId, account: (found as { accountId?: string }).accountId ?? null }
  })
  const handle = provider.callback()
  console.warn = warn
  const calls: Array<Call> = []
  const issued: Array<Referee["issued"][number]> = []
  provider.on("grant.success", (ctx) => void issued.push(ctx.body as Referee["issued"][number]))
  const referee: Referee = {
    url,
    provider,
    calls,
    issued,
    amend: undefined,
    fault: undefined,
    spends: false,
    tokenCalls: (grantType) =>
      calls.filter(({ form, path }) => path === "/token" && form.get("grant_type") === grantType),
    introspect: async (token) => {
      const answer = await fetch(`${url}/token/introspection`, {
        method: "POST",
        headers: { authorization: `Basic ${btoa("inspector:inspector+secret")}` },
        body: new URLSearchParams({ token })
      })
      return (await answer.json()) as { active: boolean }
    },
    contract: (schemes) => ({
      name: "referee",
      servers: [{ url }],
      schemes,
      security: { default: Object.keys(schemes).map((name) => ({ [name]: [] })), operations: {} }
    }),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
  server.on("request", (request, response) => {
    const chunks: Array<Buffer> = []
    // Listening for data would start it flowing before the server is ready to read.
    const emit = request.emit.bind(request)
    request.emit = (event: string | symbol, ...args: Array<unknown>) => {
      if (event === "data") chunks.push(args[0] as Buffer)
      return emit(event, ...args)
    }
    response.on("close", () => {
      const path = new URL(request.url ?? "/", url).pathname
      if (path === "/token/introspection") return
      calls.push({
        method: request.method ?? "",
        path,
        headers: request.headers,
        form: new URLSearchParams(Buffer.concat(chunks).toString()),
        status: response.writableFinished ? response.statusCode : 0
      })
    })
    if (referee.fault?.(request, response) === true) {
      request.resume()
      return
    }
    void handle(request, response)
  })
  return referee
}

/** The flow URLs of the server, as an oauth2 scheme declares them. */
export const flows = (url: string) => ({
  authorizationUrl: `${url}/auth`,
  tokenUrl: `${url}/token`,
  scopes: ["openid", "offline_access", "read"]
})
