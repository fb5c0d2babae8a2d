/**
 * Signing in with a browser: the OAuth 2 authorization code grant with PKCE, as a grant for `connect`. The redirect to a
 * program on the person's own machine is `@keyturn/grant-authorization-code/loopback`.
 */
export {
  type AuthorizationCode,
  type AuthorizationCodeOptions,
  authorizationCode,
  type BeginOptions
} from "./AuthorizationCode.ts"
export type { Begun, Pending, RequestOptions } from "./AuthorizationRequest.ts"
export type { Listening, Redirect, Visit } from "./Redirect.ts"
