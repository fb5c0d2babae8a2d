/**
 * The resolved form of `x-session`: what OpenAPI cannot say about signing in, refreshing and signing out.
 * `operationId`s have become methods and paths; durations stay ISO 8601 strings; runtime expressions stay strings.
 */

/** The grants a session description can name (RFC 6749 and friends); plugins add further ones by name. */
export type GrantName =
  | "password"
  | "client_credentials"
  | "authorization_code"
  | "device_code"
  | "token"
  | "oauth1"
  | (string & {})

/**
 * How a client says who it is (RFC 6749 §2.3.1): `basic` form-encodes id and secret before it joins them, as the standard
 * asks; `basic-plain` joins them as they are, for servers that decode nothing (RFC 7617); `body` sends them as fields.
 */
export type ClientAuthentication = "basic" | "basic-plain" | "body"

/** An operation of the same document that the session calls itself. */
export interface SessionOperation {
  readonly method: string
  readonly path: string
  /** Media type of the request body; absent when the operation takes none. */
  readonly contentType?: string
  /**
   * Body fields: a constant, or a runtime expression such as `$credentials.password` or `$session.refreshToken`.
   * A field is a property name.
   */
  readonly request?: Readonly<Record<string, string | number | boolean>>
  /** Where the client's own id and secret go when the operation authenticates the client. */
  readonly clientAuthentication?: ClientAuthentication
  /** Overrides the description's `response` for this operation. */
  readonly response?: TokenResponseMap
}

/** Where the answer of a sign-in or refresh keeps its values: OpenAPI runtime expressions on `$response`. */
export interface TokenResponseMap {
  readonly accessToken: string
  readonly refreshToken?: string
  /** An RFC 3339 instant, with up to nine fraction digits. */
  readonly expiresAt?: string
  /** A number of seconds. */
  readonly expiresIn?: string
  readonly tokenType?: string
  readonly scope?: string
}

/** How long what was obtained stays good. Durations are ISO 8601 (`PT24H`, `P7D`). */
export interface Lifetime {
  readonly access?: {
    /** What the announced expiry means: `strict` (default) is never passed, `hint` never refuses to send, `none` is ignored. */
    readonly expiry?: "strict" | "hint" | "none"
    /** The session dies when unused for this long; each use extends it. */
    readonly idle?: string
    /** A fixed life, for an API that announces none in its answers. */
    readonly ttl?: string
  }
  readonly refresh?: {
    /** Counted from issue. */
    readonly ttl?: string
  }
}

/** How many sessions one account may hold at a time. */
export interface SessionLimit {
  /** For a person's account. */
  readonly sessions?: number
  /** For a service account. */
  readonly serviceAccounts?: number
  /** What one sign-in too many does: ends the oldest session, or is refused. */
  readonly onExcess?: "evict-oldest" | "reject"
}

/**
 * Whether a refresh token may be sent twice: `never` (single use, the safe assumption), or for a declared time after its
 * first use (an ISO 8601 duration), in which the server answers a replay as it answered the first request.
 */
export type RefreshReuse = "never" | { readonly grace: string }

/** The operation that begins a session. */
export interface SignInOperation extends SessionOperation {
  readonly grant: GrantName
  /** The names among `$credentials` that may be left out: the fields that they fill are not required. */
  readonly optional?: ReadonlyArray<string>
}

/** How this API signs in, refreshes and signs out. */
export interface SessionDescription {
  readonly signIn?: SignInOperation
  readonly refresh?: SessionOperation & { readonly reuse?: RefreshReuse }
  readonly signOut?: SessionOperation
  readonly response?: TokenResponseMap
  /**
   * `form`: a credential that the scheme puts into the query goes into the body instead when that is a form (RFC 6750
   * §2.2), where no log of URLs has it.
   */
  readonly placement?: "form"
  readonly lifetime?: Lifetime
  readonly limit?: SessionLimit
}
