/** The token endpoint: client credentials by Basic, the one grant, and three scopes. */
import type { Context, Hono } from "hono"
import { basicOf, isForm } from "../headers.ts"
import type { BitsSwitches } from "./inferred.ts"
import { isNamed, isUrl } from "./names.ts"
import type { BitsClient } from "./options.ts"
import { type Scope, type SessionClaims, scopes, type Token } from "./tokens.ts"

export const tokenPath = "/v1/oauth2/token"

export const addTokenEndpoint = (
  app: Hono,
  parts: {
    readonly switches: BitsSwitches
    readonly clients: ReadonlyMap<string, BitsClient>
    readonly note: (reason: string, account?: string) => void
    readonly count: (operation: string) => void
    readonly issue: (client: BitsClient, scope: Scope, claims?: SessionClaims) => Token
    readonly lifeSeconds: number
  }
) => {
  const { switches, clients } = parts
  const refuse = (c: Context, status: 400 | 401 | 415, error: string, description: string, account?: string) => {
    parts.note(error, account)
    if (error === "invalid_client" && status === 401) c.header("www-authenticate", 'Basic realm="bits"')
    return c.json(
      switches.authErrorBody === "oauth" ? { error, error_description: description } : { message: description },
      status
    )
  }
  const decode = (text: string) =>
    switches.basicEncoding === "plain" ? text : (new URLSearchParams(`x=${text}`).get("x") ?? "")

  app.post(tokenPath, async (c) => {
    parts.count(`POST ${tokenPath}`)
    if (!isForm(c.req.header("content-type"))) {
      return refuse(
        c,
        switches.encodingFailureStatus,
        "invalid_request",
        "The body must be application/x-www-form-urlencoded."
      )
    }
    const fields = new URLSearchParams(await c.req.text())
    const basic = basicOf(c.req.header("authorization"))
    const client = basic && clients.get(decode(basic.id))
    if (client === undefined || client.clientSecret !== decode(basic?.secret ?? "")) {
      return refuse(
        c,
        switches.clientFailureStatus,
        "invalid_client",
        "Send client id and secret as Authorization: Basic base64(id:secret).",
        client?.clientId
      )
    }
    const grant = fields.get("grant_type")
    if (grant === null) return refuse(c, 400, "invalid_request", "grant_type is missing.", client.clientId)
    if (grant !== "client_credentials") {
      return refuse(c, 400, "unsupported_grant_type", "The only grant is client_credentials.", client.clientId)
    }
    const scope = (switches.scopeByRequest ? fields.get("scope") : undefined) ?? "application"
    if (!scopes.includes(scope as Scope))
      return refuse(c, 400, "invalid_scope", `There is no scope ${scope}.`, client.clientId)
    const claims = {
      applicationId: fields.get("application_id") ?? "",
      workflowId: fields.get("workflow_id") ?? "",
      redirectUrl: fields.get("redirect_url") ?? ""
    }
    const session = scope === "application.session"
    if (
      session &&
      !(
        isNamed("application", claims.applicationId) &&
        isNamed("workflow", claims.workflowId) &&
        isUrl(claims.redirectUrl)
      )
    ) {
      return refuse(
        c,
        400,
        "invalid_request",
        "application.session needs application_id, workflow_id and redirect_url.",
        client.clientId
      )
    }
    const token = parts.issue(client, scope as Scope, session ? claims : undefined)
    c.header("cache-control", "no-store")
    return c.json(
      {
        ...(switches.tokenTypeField !== "token_type" && { type: "Bearer" }),
        ...(switches.tokenTypeField !== "type" && { token_type: "Bearer" }),
        access_token: token.value,
        expires_in: parts.lifeSeconds,
        scope
      },
      switches.tokenStatus
    )
  })
}
