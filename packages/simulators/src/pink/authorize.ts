/** The authorization endpoint (RFC 6749 §3.1 and §4.1, RFC 7636, RFC 9207): a page for the person, a redirect for the client. */
import type { Context, Hono } from "hono"
import type { Clock } from "../clock.ts"
import { consentPage, escapeHtml, htmlPage, makeDesk, pageHeaders, withQuery } from "../consent.ts"
import type { Ledger } from "../ledger.ts"
import type { Grants, PinkEvent } from "./grants.ts"
import { scopes as known, type PinkClient, type PinkSwitches, user } from "./options.ts"

const path = "/oauth/authorize"

interface Pending {
  readonly client: PinkClient
  readonly redirectUri: string
  readonly state: string | undefined
  readonly asked: ReadonlyArray<string>
  readonly challenge: string | undefined
}

const loopback = new Set(["127.0.0.1", "[::1]", "localhost"])

/** Whether a redirect URI is registered: compared as text, except for the port of a loopback address (RFC 8252 §7.3). */
const isRegistered = (client: PinkClient, redirectUri: string, portFree: boolean): boolean => {
  if (!URL.canParse(redirectUri)) return false
  const portless = (uri: string) => {
    const url = new URL(uri)
    if (!portFree || url.protocol !== "http:" || !loopback.has(url.hostname)) return uri
    url.port = ""
    return url.href
  }
  return client.redirectUris.some((registered) => portless(registered) === portless(redirectUri))
}

/** A problem that is told to the person and never redirected (RFC 6749 §4.1.2.1). */
const problem = (c: Context, text: string) =>
  c.body(htmlPage("This link does not work", `<p>${escapeHtml(text)}</p>`), 400, pageHeaders)

export const addAuthorize = (
  app: Hono,
  parts: {
    readonly clock: Clock
    readonly ledger: Ledger<PinkEvent>
    readonly switches: PinkSwitches
    readonly clients: ReadonlyMap<string, PinkClient>
    readonly grants: Grants
  }
): void => {
  const { clock, ledger, switches, clients, grants } = parts
  const desk = makeDesk<Pending>(clock)

  const back = (
    c: Context,
    { redirectUri, state }: Pick<Pending, "redirectUri" | "state">,
    parameters: Readonly<Record<string, string>>
  ) => {
    c.header("cache-control", "no-store")
    const iss = switches.iss ? new URL(c.req.url).origin : undefined
    return c.redirect(withQuery(redirectUri, { ...parameters, state, iss }), 302)
  }

  const allow = (c: Context, pending: Pending, chosen: ReadonlyArray<string>) => {
    const granted = pending.asked.filter(
      (scope) => chosen.includes(scope) && (switches.grantScopes?.includes(scope) ?? true)
    )
    if (granted.length === 0) return deny(c, pending)
    const consent = { client: pending.client, scopes: granted, revoked: false }
    const code = grants.issueCode({
      consent,
      redirectUri: pending.redirectUri,
      asked: pending.asked,
      challenge: pending.challenge
    })
    ledger.note("consent", { account: pending.client.clientId })
    return back(c, pending, { code })
  }

  const deny = (c: Context, pending: Pending) => {
    ledger.note("denial", { account: pending.client.clientId })
    return back(c, pending, { error: "access_denied" })
  }

  app.get(path, (c) => {
    ledger.request(`GET ${path}`)
    const query = new URL(c.req.url).searchParams
    const client = clients.get(query.get("client_id") ?? "")
    if (client === undefined) return problem(c, "The application is not known (client_id).")
    const redirectUri = query.get("redirect_uri") ?? ""
    if (!isRegistered(client, redirectUri, switches.loopbackPortFree))
      return problem(c, "The address to return to is not registered (redirect_uri).")

    const state = query.get("state") ?? undefined
    const refuse = (error: string, description: string) =>
      back(c, { redirectUri, state }, { error, error_description: description })
    // RFC 6749 §3.1: a parameter must not be there twice.
    for (const name of new Set(query.keys())) {
      if (query.getAll(name).length > 1) return refuse("invalid_request", `${name} is there twice.`)
    }
    const type = query.get("response_type")
    if (type === null) return refuse("invalid_request", "response_type is missing.")
    if (type !== "code") return refuse("unsupported_response_type", "The only response_type is code.")
    const challenge = query.get("code_challenge") ?? undefined
    if (challenge === undefined && switches.pkce === "required")
      return refuse("invalid_request", "code_challenge is missing.")
    if (challenge !== undefined && !/^[A-Za-z0-9._~-]{43,128}$/.test(challenge)) {
      return refuse("invalid_request", "code_challenge must be 43 to 128 unreserved characters.")
    }
    if (challenge !== undefined && query.get("code_challenge_method") !== "S256") {
      return refuse("invalid_request", "code_challenge_method must be S256.")
    }
    const asked = [
      ...new Set((query.get("scope") ?? Object.keys(known).join(" ")).split(" ").filter((scope) => scope !== ""))
    ]
    const unknown = asked.find((scope) => known[scope] === undefined)
    if (unknown !== undefined || asked.length === 0) return refuse("invalid_scope", "A scope is not known.")

    const pending: Pending = { client, redirectUri, state, asked, challenge }
    if (switches.consent === "allow") return allow(c, pending, asked)
    if (switches.consent === "deny") return deny(c, pending)
    const page = consentPage({
      service: "platform.pink",
      client: client.name,
      user: user.name,
      scopes: asked.map((name) => ({ name, about: known[name] ?? name })),
      action: path,
      ticket: desk.open(pending),
      allow: ["decision", "allow"],
      deny: ["decision", "deny"]
    })
    return c.body(page, 200, pageHeaders)
  })

  app.post(path, async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const pending = desk.take(form.get("ticket") ?? "")
    if (pending === undefined)
      return problem(c, "This page was answered already, or is too old. Go back to the application and start again.")
    return form.get("decision") === "allow" ? allow(c, pending, form.getAll("scope")) : deny(c, pending)
  })
}
