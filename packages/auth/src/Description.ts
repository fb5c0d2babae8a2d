/**
 * A scheme's session description with what the standards say filled in: an OAuth flow needs no `x-session` at all, and
 * an `x-session` overrides what it says otherwise.
 */
import type {
  GrantName,
  OAuthFlow,
  SecurityScheme,
  SessionDescription,
  SessionOperation,
  TokenResponseMap
} from "@keyturn/contract"

/** RFC 6749 §5.1, as runtime expressions. */
export const standardResponse: TokenResponseMap = {
  accessToken: "$response.body#/access_token",
  refreshToken: "$response.body#/refresh_token",
  expiresIn: "$response.body#/expires_in",
  tokenType: "$response.body#/token_type",
  scope: "$response.body#/scope"
}

const tokenCall = (path: string, request: Record<string, string>): SessionOperation => ({
  method: "POST",
  path,
  contentType: "application/x-www-form-urlencoded",
  request
})

/** A refresh (RFC 6749 §6) at a token endpoint. */
export const refreshAt = (path: string): SessionOperation => ({
  ...tokenCall(path, { grant_type: "refresh_token", refresh_token: "$session.refreshToken" }),
  clientAuthentication: "basic"
})

/** What a flow says by the standard. Interactive flows sign in through their plugin; only the refresh is described. */
const fromFlow = (flow: OAuthFlow, grant: GrantName): SessionDescription => {
  const refreshUrl = flow.refreshUrl ?? flow.tokenUrl
  const refresh = refreshUrl === undefined ? undefined : refreshAt(refreshUrl)
  const call =
    flow.tokenUrl === undefined
      ? undefined
      : grant === "client_credentials"
        ? {
            ...tokenCall(flow.tokenUrl, { grant_type: grant, scope: "$session.scope" }),
            clientAuthentication: "basic" as const
          }
        : grant === "password"
          ? {
              ...tokenCall(flow.tokenUrl, {
                grant_type: grant,
                username: "$credentials.login",
                password: "$credentials.password",
                scope: "$session.scope"
              }),
              clientAuthentication: "basic" as const
            }
          : undefined
  return {
    ...(call && { signIn: { ...call, grant } }),
    // RFC 6749 §4.4.3: client credentials come without a refresh token.
    ...(refresh && grant !== "client_credentials" && { refresh }),
    response: standardResponse
  }
}

const declaredFlow = (scheme: SecurityScheme, grant: GrantName): OAuthFlow | undefined => {
  if (scheme.type !== "oauth2") return undefined
  switch (grant) {
    case "client_credentials":
      return scheme.flows.clientCredentials
    case "password":
      return scheme.flows.password
    case "device_code":
      return scheme.flows.deviceAuthorization
    case "authorization_code":
      return scheme.flows.authorizationCode
    case "token":
      return scheme.flows.authorizationCode ?? scheme.flows.deviceAuthorization ?? scheme.flows.password
    default:
      return undefined
  }
}

/**
 * The flow of a scheme that belongs to a grant, its URLs absolute: relative ones are below the server (OpenAPI 3.0, relative
 * references in URLs), unlike paths, which are appended to it. A token made elsewhere is refreshed as one from a flow that has refresh tokens.
 */
export const flowOf = (scheme: SecurityScheme, grant: GrantName, baseUrl: string): OAuthFlow | undefined => {
  const flow = declaredFlow(scheme, grant)
  if (flow === undefined) return undefined
  const resolve = (url: string) =>
    URL.canParse(url) || !URL.canParse(url, `${baseUrl}/`) ? url : new URL(url, `${baseUrl}/`).href
  const { scopes, ...urls } = flow
  return { scopes, ...Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, resolve(url)])) }
}

/** Whether a scheme is one that a grant signs in for. */
export const suits = (scheme: SecurityScheme, grant: GrantName): boolean =>
  scheme.session?.signIn?.grant === grant ||
  // OpenAPI has no type for OAuth 1.0a: it is the scheme `OAuth` of HTTP authentication (RFC 5849 §3.5.1).
  (grant === "oauth1"
    ? scheme.type === "http" && scheme.scheme.toLowerCase() === "oauth"
    : scheme.type === "openIdConnect" ||
      (scheme.type === "oauth2" && (declaredFlow(scheme, grant) !== undefined || scheme.metadataUrl !== undefined)))

/** The ways to sign in that a scheme describes by itself, the first one preferred. */
export const grantsOf = (scheme: SecurityScheme): ReadonlyArray<GrantName> => {
  const described = scheme.session?.signIn?.grant
  const flows = scheme.type === "oauth2" ? scheme.flows : {}
  const names: Array<GrantName> = [
    ...(described === undefined ? [] : [described]),
    ...(flows.clientCredentials ? ["client_credentials"] : []),
    ...(flows.password ? ["password"] : [])
  ]
  return [...new Set(names)]
}

/** The description to work by for one grant of a scheme. */
export const describe = (scheme: SecurityScheme, grant: GrantName, baseUrl: string): SessionDescription => {
  const flow = flowOf(scheme, grant, baseUrl)
  const standard: SessionDescription = flow === undefined ? {} : fromFlow(flow, grant)
  const { signIn, ...said } = scheme.session ?? {}
  return {
    ...standard,
    ...said,
    ...(signIn?.grant === grant ? { signIn: { ...standard.signIn, ...signIn } } : {}),
    ...(said.response === undefined ? {} : { response: { ...standard.response, ...said.response } })
  }
}
