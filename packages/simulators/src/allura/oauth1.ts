/** The three steps of OAuth 1.0a (RFC 5849 §2): request token, consent, access token. */
import type { Context, Hono } from "hono"
import type { Clock } from "../clock.ts"
import { consentPage, htmlPage, makeDesk, pageHeaders, withQuery } from "../consent.ts"
import type { Ledger } from "../ledger.ts"
import { readForm } from "./form.ts"
import { type AlluraSwitches, user } from "./options.ts"
import { isSignedWith, readSigned } from "./signature.ts"
import { type AlluraEvent, newToken, type RequestToken, type Tokens } from "./tokens.ts"

export const addOAuth1 = (
  app: Hono,
  parts: {
    readonly clock: Clock
    readonly ledger: Ledger<AlluraEvent>
    readonly tokens: Tokens
    readonly switches: AlluraSwitches
  }
): void => {
  const { clock, ledger, tokens, switches } = parts
  const desk = makeDesk<RequestToken>(clock)

  const formAnswer = (c: Context, status: 200 | 400, fields: Readonly<Record<string, string>>) =>
    c.body(new URLSearchParams(fields).toString(), status, { "content-type": "application/x-www-form-urlencoded" })
  const missing = (c: Context) => {
    ledger.note("tokenFailed", { reason: "missing parameters" })
    return formAnswer(c, 400, { error: "invalid_request", error_description: "Missing mandatory OAuth parameters." })
  }
  const refused = (c: Context) => {
    ledger.note("tokenFailed", { reason: "not signed right" })
    return c.body(null, 401)
  }

  const requestToken = async (c: Context) => {
    ledger.request("POST /rest/oauth/request_token")
    const signed = readSigned(c.req.raw, await readForm(c.req.raw))
    if (signed === undefined) return missing(c)
    const consumer = tokens.consumers.get(signed.oauth.oauth_consumer_key ?? "")
    if (consumer === undefined || !isSignedWith(signed, consumer.secret, "", clock.now())) return refused(c)
    const callback = signed.oauth.oauth_callback ?? "oob"
    const made: RequestToken = { token: newToken(), secret: newToken(), consumer, callback }
    tokens.requestTokens.set(made.token, made)
    return formAnswer(c, 200, {
      oauth_token: made.token,
      oauth_token_secret: made.secret,
      oauth_callback_confirmed: "true"
    })
  }
  app.post("/rest/oauth/request_token", requestToken)
  app.get("/rest/oauth/request_token", requestToken)

  const allow = (c: Context, pending: RequestToken) => {
    pending.username = user
    pending.verifier = newToken()
    ledger.note("consent", { account: user })
    if (pending.callback === "oob") {
      return c.body(
        htmlPage("Authorized", `<p>Enter this PIN in the application: <code>${pending.verifier}</code></p>`),
        200,
        pageHeaders
      )
    }
    return c.redirect(
      withQuery(pending.callback, { oauth_token: pending.token, oauth_verifier: pending.verifier }),
      302
    )
  }

  app.get("/rest/oauth/authorize", (c) => {
    ledger.request("GET /rest/oauth/authorize")
    const token = c.req.query("oauth_token")
    if (token === undefined)
      return formAnswer(c, 400, { error: "invalid_client", error_description: "oauth_token is missing." })
    const pending = tokens.requestTokens.get(token)
    if (pending === undefined) return c.body(null, 401)
    if (switches.consent === "allow") return allow(c, pending)
    const page = consentPage({
      service: "this Allura site",
      client: pending.consumer.name,
      user,
      scopes: [],
      action: "/rest/oauth/do_authorize",
      ticket: desk.open(pending),
      allow: ["yes", "Allow"],
      deny: ["no", "Deny"]
    })
    return c.body(page, 200, pageHeaders)
  })

  app.post("/rest/oauth/do_authorize", async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const pending = desk.take(form.get("ticket") ?? "")
    if (pending === undefined) return c.body(null, 401)
    if (form.has("yes")) return allow(c, pending)
    // Allura sends the person to their account page: the client never hears of it.
    tokens.requestTokens.delete(pending.token)
    ledger.note("denial", { account: user })
    return c.body(htmlPage("Not authorized", "<p>The application was not authorized.</p>"), 200, pageHeaders)
  })

  const accessToken = async (c: Context) => {
    ledger.request("POST /rest/oauth/access_token")
    const signed = readSigned(c.req.raw, await readForm(c.req.raw))
    if (signed?.oauth.oauth_token === undefined || signed.oauth.oauth_verifier === undefined) return missing(c)
    const pending = tokens.requestTokens.get(signed.oauth.oauth_token)
    if (
      pending?.username === undefined ||
      pending.consumer.key !== signed.oauth.oauth_consumer_key ||
      pending.verifier !== signed.oauth.oauth_verifier ||
      !isSignedWith(signed, pending.consumer.secret, pending.secret, clock.now())
    ) {
      return refused(c)
    }
    tokens.requestTokens.delete(pending.token)
    const made = { token: newToken(), secret: newToken(), consumer: pending.consumer, username: pending.username }
    tokens.oauth1.set(made.token, made)
    ledger.note("signIn", { account: made.username, access: made.token })
    return formAnswer(c, 200, { oauth_token: made.token, oauth_token_secret: made.secret })
  }
  app.post("/rest/oauth/access_token", accessToken)
  app.get("/rest/oauth/access_token", accessToken)
}
