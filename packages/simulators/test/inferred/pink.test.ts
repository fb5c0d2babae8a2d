import { createHash, randomBytes } from "node:crypto"
import { type PinkSimulator, pink } from "@keyturn/simulators"
import { inferred } from "../../src/pink/inferred.ts"
import { asking, everyReading, form } from "../support/readings.ts"

// Without a port, so that it is registered however ports are compared.
const redirect_uri = "http://127.0.0.1/callback"
const verifier = randomBytes(32).toString("base64url")
const pkce = {
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "S256"
}
const native = { client_id: "pink-nightly" }

/** The answer to a request for a person's consent, which is given at once. */
const authorize = async (server: PinkSimulator, changes: Record<string, string> = {}, challenge: object = pkce) => {
  const query = { response_type: "code", scope: "profile", redirect_uri, ...native, ...challenge, ...changes }
  const { headers, status } = await asking(server)("GET", `/oauth/authorize?${form(query)}`)
  const parameters = Object.fromEntries(new URL(headers.get("location") ?? "none:").searchParams)
  return { status, parameters }
}

const post = (
  server: PinkSimulator,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {}
) => asking(server)("POST", path, form(fields), headers)

const codeFields = async (server: PinkSimulator, client: Record<string, string>) => ({
  grant_type: "authorization_code",
  redirect_uri,
  code: (await authorize(server, client)).parameters.code as string,
  code_verifier: verifier
})

/** The answer of a sign-in, and how to refresh it. */
const signedIn = async (server: PinkSimulator) => {
  const fields = { ...native, ...(await codeFields(server, {})) }
  const { json: tokens } = await post(server, "/oauth/token", fields)
  const refresh = async (token: string) =>
    post(server, "/oauth/token", { ...native, grant_type: "refresh_token", refresh_token: token })
  const isAlive = async (token: string) => (await asking(server, token)("GET", "/v1/me")).status === 200
  return { fields, tokens, refresh, isAlive }
}

everyReading("pink", inferred, (switches) => pink.create({ switches: { consent: "allow", ...switches } }), {
  pkce: async (server) => ((await authorize(server, {}, {})).parameters.code === undefined ? "required" : "optional"),
  refresh: async (server) => {
    const { refresh, tokens } = await signedIn(server)
    if (tokens.refresh_token === undefined) return "none"
    const next = (await refresh(tokens.refresh_token)).json.refresh_token
    const again = (await refresh(tokens.refresh_token)).status
    return next === undefined ? (again === 200 ? "keep" : undefined) : again === 400 ? "rotate" : undefined
  },
  reuseEndsAll: async (server) => {
    const { isAlive, refresh, tokens } = await signedIn(server)
    const next = (await refresh(tokens.refresh_token)).json
    await refresh(tokens.refresh_token)
    return !(await isAlive(next.access_token))
  },
  codeReplayEndsAll: async (server) => {
    const { fields, isAlive, tokens } = await signedIn(server)
    const { status } = await post(server, "/oauth/token", fields)
    return status === 400 ? !(await isAlive(tokens.access_token)) : undefined
  },
  announceExpiry: async (server) => "expires_in" in (await signedIn(server)).tokens,
  tokenType: async (server) => (await signedIn(server)).tokens.token_type,
  clientAuthentication: async (server) => {
    const { clientId: client_id, clientSecret: client_secret } = server.credentials.web
    const encode = (text: string) => form({ x: text }).toString().slice(2)
    const authorization = `Basic ${Buffer.from(`${encode(client_id)}:${encode(client_secret)}`).toString("base64")}`
    const basic = await post(server, "/oauth/token", await codeFields(server, { client_id }), { authorization })
    const body = await post(server, "/oauth/token", {
      ...(await codeFields(server, { client_id })),
      client_id,
      client_secret
    })
    const ways = new Map([
      ["200 200", "any"],
      ["200 401", "basic"],
      ["401 200", "body"]
    ])
    return ways.get(`${basic.status} ${body.status}`)
  },
  iss: async (server) => "iss" in (await authorize(server)).parameters,
  loopbackPortFree: async (server) => {
    const { status } = await authorize(server, { redirect_uri: "http://127.0.0.1:50123/callback" })
    return status === 302
  },
  alwaysNameScope: async (server) => "scope" in (await signedIn(server)).tokens,
  revokeAccessTokens: async (server) => {
    const { isAlive, tokens } = await signedIn(server)
    const { json, status } = await post(server, "/oauth/revoke", { ...native, token: tokens.access_token })
    const alive = await isAlive(tokens.access_token)
    if (alive) return json.error === "unsupported_token_type" ? false : undefined
    return status === 200
  },
  wwwAuthenticate: async (server) => {
    const without = await asking(server)("GET", "/v1/me")
    const { tokens } = await signedIn(server)
    const forbidden = await asking(server, tokens.access_token)("GET", "/v1/reports")
    const [one, other] = [without, forbidden].map(({ headers }) => headers.has("www-authenticate"))
    return one === other && forbidden.status === 403 ? one : undefined
  }
})
