/**
 * Security schemes: how a credential is presented, and how it is obtained, as an OpenAPI document declares it.
 *
 * @see https://spec.openapis.org/oas/v3.2.0#security-scheme-object
 */
import type { SessionDescription } from "./session-description.ts"

/** What every scheme may say, whatever its type. */
interface SchemeBase {
  /** OpenAPI 3.2 `deprecated` (or `x-oai-deprecated`): the scheme still works but should not be chosen anew. */
  readonly deprecated?: boolean
  /** The resolved `x-session` of the scheme: how this API signs in, refreshes and signs out. */
  readonly session?: SessionDescription
}

/** `type: http`: the `Authorization` header, with an IANA scheme such as `bearer` or `basic` (case-insensitive). */
export interface HttpScheme extends SchemeBase {
  readonly type: "http"
  readonly scheme: string
  readonly bearerFormat?: string
}

/** `type: apiKey`: a named header, query parameter or cookie. */
export interface ApiKeyScheme extends SchemeBase {
  readonly type: "apiKey"
  readonly in: "header" | "query" | "cookie"
  readonly name: string
}

/** One OAuth flow. URLs are as declared: absolute, or relative to the server. */
export interface OAuthFlow {
  readonly authorizationUrl?: string
  readonly deviceAuthorizationUrl?: string
  readonly tokenUrl?: string
  readonly refreshUrl?: string
  /** The names of the scopes that the document declares for this flow. */
  readonly scopes: ReadonlyArray<string>
}

/** The OAuth flows a document may declare; `deviceAuthorization` is OpenAPI 3.2's (or its `x-oai-` back-port). */
export interface OAuthFlows {
  readonly authorizationCode?: OAuthFlow
  readonly clientCredentials?: OAuthFlow
  readonly deviceAuthorization?: OAuthFlow
  readonly implicit?: OAuthFlow
  readonly password?: OAuthFlow
}

/** `type: oauth2`: a bearer token from one of the flows. */
export interface OAuth2Scheme extends SchemeBase {
  readonly type: "oauth2"
  readonly flows: OAuthFlows
  /** OpenAPI 3.2 `oauth2MetadataUrl`: authorization server metadata (RFC 8414). */
  readonly metadataUrl?: string
}

/** `type: openIdConnect`: a bearer token from a provider found by discovery. */
export interface OpenIdConnectScheme extends SchemeBase {
  readonly type: "openIdConnect"
  readonly openIdConnectUrl: string
}

/** `type: mutualTLS`: the credential is the client certificate of the connection; nothing is added to a request. */
export interface MutualTLSScheme extends SchemeBase {
  readonly type: "mutualTLS"
}

/** Any security scheme. */
export type SecurityScheme = HttpScheme | ApiKeyScheme | OAuth2Scheme | OpenIdConnectScheme | MutualTLSScheme
