import { ConfigurationError } from "@keyturn/auth/SessionError"
import type { Contract } from "@keyturn/contract"
import { type Answer, firstPage, type Init, type InitOf, type ItemOf, type Page, type PagedKey } from "./pages.ts"

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

type Methods = Readonly<Record<string, (path: string, init: Init) => Promise<Answer>>>

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
  let page: Page | undefined = firstPage(contract, operation, (given ?? {}) as Init)
  while (page !== undefined) {
    const call: ((path: string, init: Init) => Promise<Answer>) | undefined = (client as Methods)[page.method]
    if (call === undefined) throw new ConfigurationError({ message: `The client has no method ${page.method}.` })
    const answer: Answer = await call(page.path, page.init)
    if (!answer.response.ok) throw new PageError(operation, answer.response, answer.error)
    const { items, next } = page.turn(answer)
    yield* items as ReadonlyArray<ItemOf<C, Key>>
    page = next
  }
}
