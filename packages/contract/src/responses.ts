/** A status of success or redirection, as openapi-typescript spells it. */
type Fine =
  | 200
  | 201
  | 202
  | 203
  | 204
  | 205
  | 206
  | 207
  | 208
  | 226
  | 300
  | 301
  | 302
  | 303
  | 304
  | 307
  | 308
  | "2XX"
  | "3XX"

type BodyOf<Answer> = Answer extends { readonly content: infer Content } ? Content[keyof Content] : undefined

/**
 * The error answers that an operation declares: a union that `status` tells apart. A `default` answer is any number, a
 * range such as `4XX` is any number too.
 *
 * @example
 * ```ts
 * import type { paths } from "@keyturn/bench/types"
 *
 * type Errors = ErrorOf<paths["/rp/api/v1/Accounts"]["get"]> // { status: 401; body: … } | { status: 403; body: … }
 * ```
 */
export type ErrorOf<Operation> = Operation extends { readonly responses: infer Responses }
  ? {
      [Status in Exclude<keyof Responses, Fine>]: {
        readonly status: Status extends number ? Status : number
        readonly body: BodyOf<Responses[Status]>
      }
    }[Exclude<keyof Responses, Fine>]
  : never
