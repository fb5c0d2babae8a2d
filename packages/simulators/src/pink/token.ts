/** The token endpoint (RFC 6749 §3.2, §4.1.3, §6) and the revocation endpoint (RFC 7009). */
import type { Context, Hono } from "hono"
import { verifies } from "../consent.ts"
import { basicOf, isForm } from "../headers.ts"
import type { Ledger } from "../ledger.ts"
import type { Code, GrantFailure, Grants, PinkEvent } from "./grants.ts"
import type { PinkClient, PinkSwitches } from "./options.ts"

const why: Readonly<Record<GrantFailure, string>> = {
  unknown: "It was never issued here.",
  expired: "It has expired.",
  spent: "It was used before.",
  revoked: "It was revoked.",
  client: "It was issued to another client.",
  scope: "The scope is wider than what was granted."
}

/** An error of RFC 6749 §5.2. */
class TokenError extends Error {
  readonly status: 400 | 401
  readonly error: string
  /** What the log calls it. */
  readonly reason: string
  constructor(error: string, description: string, reason = error) {
    super(description)
    this.name = "TokenError"
    this.status = error === "invalid_client" ? 401 : 400
    this.error = error
    this.reason = reason
  }
}

const decode = (text: string): string => new URLSearchParams(`x=${text}`).get("x") ?? ""

export const addTokenEndpoints = (
  app: Hono,
  parts: {
    readonly ledger: Ledger<PinkEvent>
    readonly switches: PinkSwitches
    readonly clients: ReadonlyMap<string, PinkClient>
    readonly grants: Grants
  }
): void => {
  const { ledger, switches, clients, grants } = parts

  const readForm = async (c: Context): Promise<URLSearchParams> => {
    const text = await c.req.text()
    if (!isForm(c.req.header("content-type"))) {
      throw new TokenError("invalid_request", "The body must be application/x-www-form-urlencoded.")
    }
    const form = new URLSearchParams(text)
    for (const name of new Set(form.keys())) {
      if (form.getAll(name).length > 1) throw new TokenError("invalid_request", `${name} is there twice.`)
    }
    return form
  }

  /** The client, by Basic with form-encoded parts or by the body (RFC 6749 §2.3.1), never both. */
  const authenticate = (c: Context, form: URLSearchParams): PinkClient => {
    const basic = basicOf(c.req.header("authorization"))
    const inBody = form.get("client_secret")
    if (basic !== undefined && inBody !== null)
      throw new TokenError("invalid_request", "Send the secret in one way only.")
    const client = clients.get(basic === undefined ? (form.get("client_id") ?? "") : decode(basic.id))
    if (client === undefined) throw new TokenError("invalid_client", "The client is not known.")
    const sent = basic === undefined ? inBody : decode(basic.secret)
    const way = basic === undefined ? "body" : "basic"
    if (
      client.clientSecret !== undefined &&
      switches.clientAuthentication !== "any" &&
      switches.clientAuthentication !== way
    ) {
      throw new TokenError("invalid_client", `The secret must be sent by ${switches.clientAuthentication}.`)
    }
    if ((client.clientSecret ?? null) !== sent)
      throw new TokenError("invalid_client", "The client's secret is wrong or missing.")
    return client
  }

  const answer = async (c: Context, work: (form: URLSearchParams, client: PinkClient) => object) => {
    c.header("cache-control", "no-store")
    try {
      const form = await readForm(c)
      return c.json(work(form, authenticate(c, form)))
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
      ledger.note("tokenFailed", { reason: error.reason })
      if (error.status === 401) c.header("www-authenticate", 'Basic realm="pink"')
      return c.json({ error: error.error, error_description: error.message }, error.status)
    }
  }

  const checkCode = (code: Code | GrantFailure, form: URLSearchParams): Code => {
    if (typeof code === "string")
      throw new TokenError("invalid_grant", `The code is not good. ${why[code]}`, `code ${code}`)
    if (form.get("redirect_uri") !== code.redirectUri) {
      throw new TokenError("invalid_grant", "redirect_uri is not the one of the authorization request.")
    }
    const verifier = form.get("code_verifier")
    // A verifier without a challenge means that somebody took the challenge away (RFC 9700 §4.8.2).
    const proven =
      code.challenge === undefined ? verifier === null : verifier !== null && verifies(verifier, code.challenge, "S256")
    if (!proven) throw new TokenError("invalid_grant", "code_verifier does not belong to the code_challenge.")
    return code
  }

  app.post("/oauth/token", (c) => {
    ledger.request("POST /oauth/token")
    return answer(c, (form, client) => {
      const grant = form.get("grant_type")
      if (grant === "authorization_code") {
        const value = form.get("code")
        if (value === null) throw new TokenError("invalid_request", "code is missing.")
        return grants.redeem(checkCode(grants.takeCode(value, client), form))
      }
      if (grant === "refresh_token") {
        const value = form.get("refresh_token")
        if (value === null) throw new TokenError("invalid_request", "refresh_token is missing.")
        const tokens = grants.refresh(value, client, form.get("scope")?.split(" "))
        if (typeof tokens !== "string") return tokens
        const error = tokens === "scope" ? "invalid_scope" : "invalid_grant"
        throw new TokenError(error, `The refresh token is not good. ${why[tokens]}`, `refresh ${tokens}`)
      }
      throw grant === null
        ? new TokenError("invalid_request", "grant_type is missing.")
        : new TokenError("unsupported_grant_type", "grant_type must be authorization_code or refresh_token.")
    })
  })

  app.post("/oauth/revoke", async (c) => {
    ledger.request("POST /oauth/revoke")
    const told = await answer(c, (form, client) => {
      const value = form.get("token")
      if (value === null) throw new TokenError("invalid_request", "token is missing.")
      const kind = grants.kindOf(value, client)
      if (kind === "access" && !switches.revokeAccessTokens) {
        throw new TokenError("unsupported_token_type", "Access tokens cannot be revoked.")
      }
      // A token that is not known, or not the client's, is no error (RFC 7009 §2.2).
      if (kind !== undefined) grants.revoke(value)
      return {}
    })
    return told.status === 200 ? c.body(null, 200) : told
  })
}
