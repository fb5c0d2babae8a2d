/**
 * The contract: an API's servers, security schemes, per-operation security requirements and session description, as data.
 * A generated package exports one as `contract`; the session layer reads it; nothing here knows how either works.
 */
import type { PagedOperations, Pagination } from "./pagination.ts"
import type { SecurityScheme } from "./scheme.ts"

/** A server of the API. `url` may hold `{variables}`, each with a default. */
export interface Server {
  readonly url: string
  readonly variables?: Readonly<Record<string, { readonly default: string; readonly enum?: ReadonlyArray<string> }>>
}

/** An AND: every scheme named here is needed, each with these scopes (or roles). `{}` is anonymous access. */
export type Requirement = Readonly<Record<string, ReadonlyArray<string>>>

/** An OR: any one requirement is enough. The empty list says that the operation takes no credential at all. */
export type Requirements = ReadonlyArray<Requirement>

/** What operations require: a default, and the operations (`"POST /auth/signin"`) that differ from it. */
export interface Security {
  readonly default: Requirements
  readonly operations: Readonly<Record<string, Requirements>>
}

/** An API, as data. */
export interface Contract {
  readonly name: string
  readonly servers: ReadonlyArray<Server>
  readonly schemes: Readonly<Record<string, SecurityScheme>>
  readonly security: Security
  /** The operations (`"POST /files/content"`) that live on servers of their own, instead of on `servers`. */
  readonly operationServers?: Readonly<Record<string, ReadonlyArray<Server>>>
  /** What to ask for in `Accept`, when answers come in several media types; a call may ask for something else. */
  readonly accept?: string
  /** The operations that answer page by page. */
  readonly pagination?: ReadonlyArray<PagedOperations>
}

/** The types a generated contract carries beside its data. */
export interface ContractTypes {
  /** openapi-typescript's `paths`. */
  readonly paths: object
  /** What `credentials` may be, one member a way to sign in. */
  readonly credentials: unknown
}

/**
 * A contract's data together with the types it carries. The types exist at compile time only.
 *
 * @example
 * ```ts
 * const data = { name: "pets", servers: [], schemes: {}, security: { default: [], operations: {} } } as const
 * export const contract: Typed<typeof data, { paths: paths; credentials: never }> = data
 * ```
 */
export type Typed<Data extends Contract, Types extends ContractTypes> = Data & { readonly "~types"?: Types }

/** The `paths` that a contract carries. */
export type PathsOf<C extends Contract> = C extends { readonly "~types"?: infer T }
  ? NonNullable<T> extends { readonly paths: infer P extends object }
    ? P
    : never
  : never

/** The credentials that a contract takes. */
export type CredentialsOf<C extends Contract> = C extends { readonly "~types"?: infer T }
  ? NonNullable<T> extends { readonly credentials: infer K }
    ? K
    : never
  : never

/** The requirements of one operation; `method` in any case, `path` as the document spells it. */
export const requirementsOf = (contract: Contract, method: string, path: string): Requirements =>
  contract.security.operations[`${method.toUpperCase()} ${path}`] ?? contract.security.default

/** The URL of a server with its variables filled in by their defaults, without a trailing slash. */
export const serverUrl = (server: Server): string =>
  server.url
    .replace(/\{([^}]+)\}/g, (whole, name: string) => server.variables?.[name]?.default ?? whole)
    .replace(/\/+$/, "")

/** How an operation pages, or `undefined` when it answers all at once. */
export const paginationOf = (contract: Contract, method: string, path: string): Pagination | undefined => {
  const key = `${method.toUpperCase()} ${path}`
  return contract.pagination?.find(({ operations }) => operations.includes(key))
}
