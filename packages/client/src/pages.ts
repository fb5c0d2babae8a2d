/**
 * How the pages of an operation follow each other: the types, and the way from one page to the next without any I/O.
 */
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

/** An operation's type in `paths`. */
export type OperationOf<C extends Contract, Key extends string> =
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

/** What a paged operation gives, item by item; of an answer that is a map, its entries. */
export type ItemOf<C extends Contract, Key extends string> =
  At<
    NonNullable<Extract<FetchResponse<OperationOf<C, Key>, {}, MediaType>, { error?: never }>["data"]>,
    PointerOf<PagingOf<C, Key>>
  > extends infer Items
    ? Items extends ReadonlyArray<infer Item>
      ? Item
      : Items extends Readonly<Record<string, infer Value>>
        ? readonly [string, Value]
        : never
    : never

/** What a call of a paged operation takes. */
export type InitOf<C extends Contract, Key extends string> = MaybeOptionalInit<
  PathsOf<C>[PathOf<Key> & keyof PathsOf<C>],
  MethodOf<Key> & keyof PathsOf<C>[PathOf<Key> & keyof PathsOf<C>]
>

/** What openapi-fetch answers. */
export interface Answer {
  readonly data?: unknown
  readonly error?: unknown
  readonly response: Response
}

/** What a call takes, as far as paging is concerned. */
export type Init = {
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

const numberAt = (init: Init, expression: string): number | undefined => {
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

/** A page of a paged operation: the call that gets it, and what follows from its answer. */
export interface Page {
  readonly method: string
  readonly path: string
  readonly init: Init
  /** The items of the answer, and the next page, if there is one. */
  readonly turn: (answer: Answer) => { readonly items: ReadonlyArray<unknown>; readonly next: Page | undefined }
}

/**
 * The first page of an operation, as its contract says and as `init` begins.
 *
 * Throws `ConfigurationError` when the contract does not say that the operation is paged.
 */
export const firstPage = (contract: Contract, operation: string, init: Init): Page => {
  const at = operation.indexOf(" ")
  const method = operation.slice(0, at)
  const path = operation.slice(at + 1)
  const paging = paginationOf(contract, method, path)
  if (paging === undefined) {
    throw new ConfigurationError({ message: `The contract does not say that ${operation} is paged.` })
  }
  const { first = 0, style } = paging
  const limit = numberAt(init, paging.limit)
  const page = (position: number, seen: number): Page => ({
    method,
    path,
    init: withValue(init, paging.position, position),
    turn: (answer) => {
      const found = read(answer, paging.items)
      const items = Array.isArray(found)
        ? found
        : typeof found === "object" && found !== null
          ? Object.entries(found)
          : []
      const count = items.length
      const more = hasMore(paging, answer, count, seen + count, limit)
      return { items, next: more ? page(position + (style === "offset" ? count : 1), seen + count) : undefined }
    }
  })
  const start = numberAt(init, paging.position) ?? first
  return page(start, style === "offset" ? start : (start - first) * (limit ?? 0))
}
