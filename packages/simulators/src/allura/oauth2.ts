/** OAuth 2 as Allura has it: the client in the body, a form or JSON, and one token a client and user. */
import type { Context, Hono } from "hono"
import type { Clock } from "../clock.ts"
import { consentPage, htmlPage, makeDesk, pageHeaders, verifies, withQuery } from "../consent.ts"
import type { Ledger } from "../ledger.ts"
import { HttpError } from "./errors.ts"
import { type AlluraSwitches, type OAuth2Client, user } from "./options.ts"
import type { AlluraEvent, OAuth2Token, Tokens } from "./tokens.ts"

interface Pending {
  readonly client: OAuth2Client
  readonly redirectUri: string
  readonly state: string | undefined
  readonly challenge: string | undefined
  readonly method: string
}

/** An error of the token endpoint. */
class TokenError extends Error {
  readonly status: 400 | 401
  readonly error: string
  constructor(error: string, description = "") {
    super(description)
    this.name = "TokenError"
    this.status = error === "invalid_client" ? 401 : 400
    this.error = error
  }
}

const isLoopback = (uri: string): boolean =>
  URL.canParse(uri) && new URL(uri).protocol === "http:" && ["127.0.0.1", "[::1]"].includes(new URL(uri).hostname)

const withoutPort = (uri: string): string => {
  const url = new URL(uri)
  url.port = ""
  return url.href
}

export const addOAuth2 = (
  app: Hono,
  parts: {
    readonly clock: Clock
    readonly ledger: Ledger<AlluraEvent>
    readonly tokens: Tokens
    readonly switches: AlluraSwitches
    readonly accessSeconds: number
  }
): void => {
  const { clock, ledger, tokens, switches } = parts
  const desk = makeDesk<Pending>(clock)

  const isRegistered = (client: OAuth2Client, uri: string): boolean => {
    if (uri.startsWith("https:")) return client.redirectUris.includes(uri)
    return (
      switches.loopbackRedirects &&
      isLoopback(uri) &&
      client.redirectUris.some((one) => isLoopback(one) && withoutPort(one) === withoutPort(uri))
    )
  }

  const allow = (c: Context, { client, redirectUri, state, challenge, method }: Pending) => {
    const code = tokens.issueCode({ clientId: client.clientId, username: user, redirectUri, challenge, method })
    ledger.note("consent", { account: user })
    return c.redirect(withQuery(redirectUri, { code, state }), 302)
  }

  app.get("/auth/oauth2/authorize", (c) => {
    ledger.request("GET /auth/oauth2/authorize")
    const client = tokens.clients.get(c.req.query("client_id") ?? "")
    // Allura does not catch what is wrong here: the person sees the page of a server error.
    if (client === undefined) throw new HttpError(switches.badClientStatus, "The client is not known.")
    const redirectUri = c.req.query("redirect_uri") ?? client.redirectUris[0] ?? ""
    if (!isRegistered(client, redirectUri))
      throw new HttpError(switches.badClientStatus, "The redirect URI is not registered.")
    if (c.req.query("response_type") !== "code") throw new HttpError(500, "The only response type is code.")
    const challenge = c.req.query("code_challenge")
    const pending: Pending = {
      client,
      redirectUri,
      state: c.req.query("state"),
      challenge,
      method: c.req.query("code_challenge_method") ?? "plain"
    }
    if (switches.consent === "allow") return allow(c, pending)
    const page = consentPage({
      service: "this Allura site",
      client: client.name,
      user,
      scopes: [],
      action: "/auth/oauth2/do_authorize",
      ticket: desk.open(pending),
      allow: ["yes", "Allow"],
      deny: ["no", "Deny"]
    })
    return c.body(page, 200, pageHeaders)
  })

  app.post("/auth/oauth2/do_authorize", async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const pending = desk.take(form.get("ticket") ?? "")
    if (pending === undefined) throw new HttpError(500, "There is no request to answer.")
    if (form.has("yes")) return allow(c, pending)
    ledger.note("denial", { account: user })
    if (switches.oauth2Denial === "redirect")
      return c.redirect(withQuery(pending.redirectUri, { error: "access_denied", state: pending.state }), 302)
    // As with OAuth 1.0a the client never hears of it.
    return c.body(htmlPage("Not authorized", "<p>The application was not authorized.</p>"), 200, pageHeaders)
  })

  const answerOf = ({ access, refresh }: OAuth2Token) => ({
    access_token: access,
    expires_in: parts.accessSeconds,
    token_type: "Bearer",
    refresh_token: refresh
  })

  const readFields = (text: string): Readonly<Record<string, unknown>> => {
    try {
      const parsed: unknown = JSON.parse(text)
      if (typeof parsed === "object" && parsed !== null) return parsed as Readonly<Record<string, unknown>>
    } catch {
      // What is not JSON is a form.
    }
    return Object.fromEntries(new URLSearchParams(text))
  }

  const field = (fields: Readonly<Record<string, unknown>>, name: string): string | undefined => {
    const value = fields[name]
    return typeof value === "string" && value !== "" ? value : undefined
  }

  /** The client by the body's fields alone; HTTP Basic is not looked at. */
  const clientOf = (fields: Readonly<Record<string, unknown>>): OAuth2Client => {
    const client = tokens.clients.get(field(fields, "client_id") ?? "")
    if (client === undefined || client.clientSecret !== field(fields, "client_secret"))
      throw new TokenError("invalid_client")
    return client
  }

  const byCode = (fields: Readonly<Record<string, unknown>>) => {
    const value = field(fields, "code")
    if (value === undefined) throw new TokenError("invalid_request", "Missing code parameter.")
    const client = clientOf(fields)
    const code = tokens.code(value, client.clientId)
    if (code === undefined) throw new TokenError("invalid_grant")
    const verifier = field(fields, "code_verifier")
    if (code.challenge !== undefined) {
      if (verifier === undefined) throw new TokenError("invalid_request", "Code verifier required.")
      if (!verifies(verifier, code.challenge, code.method)) throw new TokenError("invalid_grant")
    }
    if (code.redirectUri !== field(fields, "redirect_uri"))
      throw new TokenError("invalid_request", "Mismatching redirect URI.")
    tokens.dropCode(value)
    const row = tokens.issue(client.clientId, code.username, "evicted")
    ledger.note("signIn", { account: row.username, access: row.access, refresh: row.refresh })
    return row
  }

  const byRefresh = (fields: Readonly<Record<string, unknown>>) => {
    const value = field(fields, "refresh_token")
    if (value === undefined) throw new TokenError("invalid_request", "Missing refresh token parameter.")
    const client = clientOf(fields)
    const old = tokens.byRefresh(value, client.clientId)
    if (old === undefined) throw new TokenError("invalid_grant")
    const row = tokens.issue(client.clientId, old.username, "rotated")
    ledger.note("refresh", { account: row.username, access: row.access, refresh: row.refresh })
    return row
  }

  app.post("/rest/oauth2/token", async (c) => {
    ledger.request("POST /rest/oauth2/token")
    const fields = readFields(await c.req.text())
    c.header("cache-control", "no-store")
    c.header("pragma", "no-cache")
    try {
      const grant = field(fields, "grant_type")
      if (grant === "authorization_code") return c.json(answerOf(byCode(fields)))
      if (grant === "refresh_token") return c.json(answerOf(byRefresh(fields)))
      throw new TokenError("unsupported_grant_type")
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
      ledger.note("tokenFailed", { reason: error.error })
      if (error.status === 401) c.header("www-authenticate", 'Bearer error="invalid_client"')
      return c.json(
        { error: error.error, ...(error.message !== "" && { error_description: error.message }) },
        error.status
      )
    }
  })
  app.all("/rest/oauth2/token", () => {
    throw new HttpError(405, "Only POST is allowed.", "POST")
  })
}
