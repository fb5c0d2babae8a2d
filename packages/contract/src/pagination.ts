/**
 * The resolved form of `x-pagination`: how the pages of an operation follow each other. Its values are OpenAPI runtime
 * expressions on the request and the answer.
 */
export interface Pagination {
  /** `offset` counts items from 0; `page` counts pages from `first`. */
  readonly style: "offset" | "page"
  /** Where the request says from where: `$request.query.offset`, `$request.body#/offset`. */
  readonly position: string
  /** Where the request says how many. */
  readonly limit: string
  /** Where the answer has the items: `$response.body`, or a pointer into it. */
  readonly items: string
  /** Where the answer says that there is another page: the text or value `true`. */
  readonly more?: string
  /** Where the answer says how many items there are on all pages. */
  readonly total?: string
  /** The number of the first page. Default 0. */
  readonly first?: number
}

/** One way of paging and the operations that use it, as `"GET /path"`. */
export interface PagedOperations extends Pagination {
  readonly operations: ReadonlyArray<string>
}
