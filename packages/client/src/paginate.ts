import { ConfigurationError } from "@keyturn/auth/SessionError"
import {
  type Contract,
  type Pagination,
  type PathsOf,
  paginationOf,
  parsePointer,
  resolvePointer
} from "@keyturn/contract"
import type { FetchResponse, MaybeOptionalInit } from "openapi-fetch"
import type { HttpMethod, MediaType } from "openapi-typescript-helpers"

/** The operations of a contract that answer page by page, as `"GET /path"`. */
export type PagedKey<C extends Contract> =
  C["pagination"] extends ReadonlyArray<infer Paged>
    ? Paged extends { readonly operations: ReadonlyArray<infer Key extends string> }
      ? Key
      : never
    : never

type PagingOf<C extends Contract, Key extends string> =
  C["pagination"] extends ReadonlyArray<infer Paged>
    ? Paged extends { readonly operations: ReadonlyArray<infer Keys>; readonly items: infer Items }
      ? Key extends Keys
        ? Items
        : never
      : never
    : never

type MethodOf<Key> = Key extends `${infer Method} ${string}` ? Lowercase<Method> & HttpMethod : never
type PathOf<Key> = Key extends `${string} ${infer Path}` ? Path : never

type OperationOf<C extends Contract, Key extends string> =
  PathsOf<C> extends Record<
    PathOf<Key>,
    Record<MethodOf<Key>, infer Operation extends Record<string | number, unknown>>
  >
    ? Operation
    : never

/** The value at a pointer of the answer's body. */
type At<Body, Pointer> = Pointer extends `/${infer Name}/${infer Rest}`
  ? At<Body[Name & keyof Body], `/${Rest}`>
  : Pointer extends `/${infer Name}`
    ? Body[Name & keyof Body]
    : Body

type PointerOf<Items> = Items extends `$response.body#${infer Pointer}` ? Pointer : ""

/** What a paged operation gives, item by item. */
export type ItemOf<C extends Contract, Key extends string> =
  At<
    NonNullable<Extract<FetchResponse<OperationOf<C, Key>, {}, MediaType>, { error?: never }>["data"]>,
    PointerOf<PagingOf<C, Key>>
  > extends ReadonlyArray<infer Item>
    ? Item
    : never

type InitOf<C extends Contract, Key extends string> = MaybeOptionalInit<
  PathsOf<C>[PathOf<Key> & keyof PathsOf<C>],
  MethodOf<Key> & keyof PathsOf<C>[PathOf<Key> & keyof PathsOf<C>]
>

/** A page could not be read: the API answered with an error status. */
export class PageError extends Error {
  readonly _tag = "PageError"
  override readonly name = "PageError"
  readonly status: number
  /** The error's body, as the API sent it. */
  readonly body: unknown
  readonly response: Response

  constructor(operation: string, response: Response, body: unknown) {
    super(`${operation} answered ${response.status} while its pages were read.`)
    this.status = response.status
    this.body = body
    this.response = response
  }
}

interface Answer {
  readonly data?: unknown
  readonly error?: unknown
  readonly response: Response
}

type Init = {
  readonly params?: { readonly query?: Readonly<Record<string, unknown>> }
  readonly body?: Readonly<Record<string, unknown>>
}

/** An init with a value at a place that `$request.query.name` or `$request.body#/name` names. */
const withValue = (init: Init, expression: string, value: number): Init => {
  const query = /^\$request\.query\.(.+)$/.exec(expression)?.[1]
  if (query !== undefined)
    return { ...init, params: { ...init.params, query: { ...init.params?.query, [query]: value } } }
  const [field] = parsePointer(/^\$request\.body#(.*)$/.exec(expression)?.[1] ?? "") ?? []
  if (field !== undefined) return { ...init, body: { ...init.body, [field]: value } }
  throw new ConfigurationError({ message: `x-pagination has ${expression}, which names no place in a request.` })
}

const valueOf = (init: Init, expression: string): number | undefined => {
  const query = /^\$request\.query\.(.+)$/.exec(expression)?.[1]
  const [field] = parsePointer(/^\$request\.body#(.*)$/.exec(expression)?.[1] ?? "") ?? []
  const value = query === undefined ? init.body?.[field ?? ""] : init.params?.query?.[query]
  return typeof value === "number" ? value : undefined
}

const read = (answer: Answer, expression: string): unknown => {
  const header = /^\$response\.header\.(.+)$/.exec(expression)?.[1]
  if (header !== undefined) return answer.response.headers.get(header) ?? undefined
  return resolvePointer(answer.data, parsePointer(/^\$response\.body#?(.*)$/.exec(expression)?.[1] ?? "") ?? [])
}

/** Whether a page follows the one just read, of `count` items, when `seen` items came in all. */
const hasMore = (
  paging: Pagination,
  answer: Answer,
  count: number,
  seen: number,
  limit: number | undefined
): boolean => {
  if (count === 0) return false
  if (paging.more !== undefined) return String(read(answer, paging.more)).toLowerCase() === "true"
  if (paging.total !== undefined) {
    const total = Number(read(answer, paging.total))
    if (Number.isFinite(total)) return seen < total
  }
  return limit === undefined || count >= limit
}

/**
 * Reads a paged operation to its end, item by item; each page is asked for when the one before it is used up. How pages follow
 * each other is in the contract. Begin somewhere or limit the pages by the operation's own parameters in `init`.
 *
 * The service's order is its own: when things are added or removed while one reads, an item may come twice or not at all.
 *
 * Throws `PageError` when the API answers with an error status, and what calls of the client throw.
 *
 * @example
 * ```ts
 * for await (const project of paginate(bench, contract, "GET /rp/api/v1/accounts/{accountId}/Projects", {
 *   params: { path: { accountId: 1 }, query: { limit: 500 } }
 * })) {
 *   console.log(project.name)
 * }
 * ```
 */
export async function* paginate<const C extends Contract, const Key extends PagedKey<C> & string>(
  client: object,
  contract: C,
  operation: Key,
  ...[given]: undefined extends InitOf<C, Key> ? [init?: InitOf<C, Key>] : [init: InitOf<C, Key>]
): AsyncGenerator<ItemOf<C, Key>, void, undefined> {
  const name: string = operation
  const at = name.indexOf(" ")
  const method = name.slice(0, at)
  const path = name.slice(at + 1)
  const paging = paginationOf(contract, method, path)
  if (paging === undefined)
    throw new ConfigurationError({ message: `The contract does not say that ${operation} is paged.` })
  const call = (client as Record<string, (path: string, init: Init) => Promise<Answer>>)[method]
  if (call === undefined) throw new ConfigurationError({ message: `The client has no method ${method}.` })
  const init = (given ?? {}) as Init
  const limit = valueOf(init, paging.limit)
  let position = valueOf(init, paging.position) ?? paging.first ?? 0
  let seen = paging.style === "offset" ? position : (position - (paging.first ?? 0)) * (limit ?? 0)
  for (;;) {
    const answer = await call(path, withValue(init, paging.position, position))
    if (!answer.response.ok) throw new PageError(operation, answer.response, answer.error)
    const items = read(answer, paging.items)
    const page = Array.isArray(items) ? (items as ReadonlyArray<ItemOf<C, Key>>) : []
    yield* page
    seen += page.length
    if (!hasMore(paging, answer, page.length, seen, limit)) return
    position += paging.style === "offset" ? page.length : 1
  }
}
