/**
 * The vocabulary of Keyturn: the `Contract` that a generated package exports, and the few helpers that read one.
 * No dependency, no side effect.
 */
export {
  type Contract,
  type ContractTypes,
  type CredentialsOf,
  type PathsOf,
  paginationOf,
  type Requirement,
  type Requirements,
  requirementsOf,
  type Security,
  type Server,
  serverUrl,
  type Typed
} from "./contract.ts"
export { parseDuration } from "./duration.ts"
export {
  type Expression,
  isExpression,
  parseExpression,
  parsePointer,
  resolvePointer,
  type SessionValue
} from "./expression.ts"
export type { PagedOperations, Pagination } from "./pagination.ts"
export type { ErrorOf } from "./responses.ts"
export type {
  ApiKeyScheme,
  HttpScheme,
  MutualTLSScheme,
  OAuth2Scheme,
  OAuthFlow,
  OAuthFlows,
  OpenIdConnectScheme,
  SecurityScheme
} from "./scheme.ts"
export type {
  ClientAuthentication,
  GrantName,
  Lifetime,
  RefreshReuse,
  SessionDescription,
  SessionLimit,
  SessionOperation,
  SignInOperation,
  TokenResponseMap
} from "./session-description.ts"
