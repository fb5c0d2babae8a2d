/** Services of contracts: each operation an effect, its declared error statuses in the error channel by type. */
import * as Session from "@keyturn/auth/Session"
import { isSessionError, type SessionError } from "@keyturn/auth/SessionError"
import type { Contract, CredentialsOf, PathsOf } from "@keyturn/contract"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { FetchResponse, MaybeOptionalInit } from "openapi-fetch"
import type { HttpMethod, MediaType, PathsWithMethod, RequiredKeysOf } from "openapi-typescript-helpers"
import { Joined, methods } from "./join.ts"
import { type Opened, open } from "./open.ts"
import type { OperationKey } from "./operations.ts"
import type { CommonOptions, Secretive } from "./options.ts"
import {
  type Answer,
  firstPage,
  type Init,
  type InitOf,
  type ItemOf,
  type OperationOf,
  type PagedKey
} from "./pages.ts"

/** The API answered with an error status. `status` tells the bodies that the operation declares apart. */
export class ApiError<Status extends number = number, Body = unknown> extends Data.TaggedError("ApiError")<{
  readonly message: string
  readonly status: number
  readonly body: unknown
  readonly response: Response
}> {
  declare readonly status: Status
  declare readonly body: Body

  constructor(fields: {
    readonly message: string
    readonly status: Status
    readonly body: Body
    readonly response: Response
  }) {
    super(fields)
    // Its URL may hold a credential: it is there to be read, not to be printed along.
    Object.defineProperty(this, "response", { value: fields.response, enumerable: false })
  }
}

/** The request got no answer, or one that could not be read. */
export class RequestFailed extends Data.TaggedError("RequestFailed")<{
  readonly message: string
  readonly cause: unknown
}> {}

type Ok =
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
  | "2xx"
  | "3XX"

type ResponsesOf<Operation> = Operation extends { readonly responses: infer R } ? R : never

type BodyOf<Answer> = Answer extends { readonly content: infer Content } ? Content[keyof Content] : undefined

/** The errors that an operation declares, one member a status. A `default` answer counts as any number. */
export type ApiErrorOf<Operation> = {
  [Status in Exclude<keyof ResponsesOf<Operation>, Ok>]: ApiError<
    Status extends number ? Status : number,
    BodyOf<ResponsesOf<Operation>[Status]>
  >
}[Exclude<keyof ResponsesOf<Operation>, Ok>]

/** Everything that a call can fail with. */
export type CallError<Operation> = ApiErrorOf<Operation> | RequestFailed | SessionError

type DataOf<Operation extends Record<string | number, unknown>, Init> =
  NonNullable<Extract<FetchResponse<Operation, Init, MediaType>, { error?: never }>["data"]> extends infer D
    ? [D] extends [never]
      ? void
      : D
    : never

type InitParam<Init> =
  RequiredKeysOf<Init> extends never ? [(Init & { [key: string]: unknown })?] : [Init & { [key: string]: unknown }]

/** The operation of a path and method. */
type At<Paths, Path extends keyof Paths, M extends HttpMethod> = Paths[Path] extends {
  readonly [K in M]: infer Operation
}
  ? Operation & Record<string | number, unknown>
  : never

type Method<Paths extends {}, M extends HttpMethod, Full extends boolean> = <
  Path extends PathsWithMethod<Paths, M> & keyof Paths,
  Init extends MaybeOptionalInit<{ readonly [K in M]: At<Paths, Path, M> }, M>
>(
  path: Path,
  ...init: InitParam<Init>
) => Effect.Effect<
  Full extends true
    ? { readonly data: DataOf<At<Paths, Path, M>, Init>; readonly response: Response }
    : DataOf<At<Paths, Path, M>, Init>,
  CallError<At<Paths, Path, M>>
>

/** The eight methods, each giving an effect. */
export interface Methods<Paths extends {}, Full extends boolean> {
  readonly GET: Method<Paths, "get", Full>
  readonly PUT: Method<Paths, "put", Full>
  readonly POST: Method<Paths, "post", Full>
  readonly DELETE: Method<Paths, "delete", Full>
  readonly OPTIONS: Method<Paths, "options", Full>
  readonly HEAD: Method<Paths, "head", Full>
  readonly PATCH: Method<Paths, "patch", Full>
  readonly TRACE: Method<Paths, "trace", Full>
}

/** A signed-in API. Its methods give the answer's data. */
export interface EffectClient<Paths extends {}> extends Methods<Paths, false> {
  /** The same methods, giving the data together with the `Response`: for headers, and for streams. */
  readonly withResponse: Methods<Paths, true>
  /** The sessions in use, by security scheme. */
  readonly sessions: Readonly<Record<string, Session.Session>>
}

/** The options of `make` and `layer`. Credentials may be an effect, such as a `Config`. */
export type Options<C extends Contract, E = never, R = never> = CommonOptions & {
  /** The operations that will be called, as `"GET /path"`: only the scopes that they need are asked for. Default: all. */
  readonly operations?: ReadonlyArray<OperationKey<PathsOf<C>>>
  readonly credentials?: Secretive<CredentialsOf<C>> | Effect.Effect<Secretive<CredentialsOf<C>>, E, R>
}

/** Runs a session's effect for a request that is under way, in the context of the layer. */
const runIn =
  (context: Context.Context<never>) =>
  async <A>(effect: Effect.Effect<A, SessionError>, signal: AbortSignal): Promise<A> => {
    const exit = await Effect.runPromiseExitWith(context)(effect, { signal })
    if (Exit.isSuccess(exit)) return exit.value
    if (signal.aborted && Cause.hasInterruptsOnly(exit.cause)) throw signal.reason
    throw Cause.squash(exit.cause)
  }

/** What to do about a 401 that no renewal has cured. */
const refused = (init: object | undefined): string => {
  const { headers } = (init ?? {}) as { readonly headers?: Readonly<Record<string, unknown>> }
  return Object.keys(headers ?? {}).some((name) => name.toLowerCase() === "authorization")
    ? " The call has an Authorization header of its own: leave it out, and the session sends Authorization: Bearer with its token."
    : " The server refuses the credential: check that it is still good and belongs to this API, and that nothing on the way takes the Authorization header off."
}

const effectClient = <Paths extends {}>(opened: Opened<Session.Session>): EffectClient<Paths> => {
  const client = new Joined(opened) as unknown as Record<string, (path: string, init?: object) => Promise<Answer>>
  const call = (method: (typeof methods)[number]) => (path: string, init?: object) =>
    Effect.tryPromise({
      try: (signal) => {
        const own = (init as RequestInit | undefined)?.signal
        const either = own ? AbortSignal.any([signal, own]) : signal
        return (client[method] as (path: string, init?: object) => Promise<Answer>)(path, { ...init, signal: either })
      },
      catch: (cause): SessionError | RequestFailed =>
        isSessionError(cause)
          ? cause
          : new RequestFailed({
              cause,
              message: `${method} ${path} got no usable answer: ${cause instanceof Error ? cause.message : "it failed"}.`
            })
    }).pipe(
      Effect.flatMap((answer) => {
        const { data, error, response } = answer
        return response.ok
          ? Effect.succeed({ data, response })
          : Effect.fail(
              new ApiError({
                status: response.status,
                body: error,
                response,
                message: `${method} ${path} answered ${response.status}.${response.status === 401 ? refused(init) : ""}`
              })
            )
      })
    )
  const full: Record<string, unknown> = {}
  const plain: Record<string, unknown> = { withResponse: full, sessions: opened.sessions }
  for (const method of methods) {
    const exchange = call(method)
    full[method] = exchange
    plain[method] = (path: string, init?: object) => Effect.map(exchange(path, init), ({ data }) => data)
  }
  return plain as unknown as EffectClient<Paths>
}

/**
 * Makes a signed-in API in the current scope.
 *
 * Fails with a `SessionError` when it cannot sign in.
 */
export const make = <const C extends Contract, E = never, R = never>(
  contract: C,
  options: Options<C, E, R>
): Effect.Effect<EffectClient<PathsOf<C>>, SessionError | E, R | Scope.Scope> =>
  Effect.gen(function* () {
    const { credentials, ...rest } = options
    const given = Effect.isEffect(credentials)
      ? yield* credentials as Effect.Effect<Secretive<CredentialsOf<C>>, E, R>
      : credentials
    const context = yield* Effect.context()
    const opened = yield* open(contract, given, rest, { run: runIn(context), session: Session.make })
    return effectClient<PathsOf<C>>(opened)
  })

/**
 * Reads a paged operation to its end as a stream of items; each page is asked for when the one before it is used up. How
 * pages follow each other is in the contract.
 *
 * The service's order is its own: when things are added or removed while one reads, an item may come twice or not at all.
 *
 * @example
 * ```ts
 * const names = Client.pages(bench, contract, "GET /rp/api/v1/accounts/{accountId}/Projects", {
 *   params: { path: { accountId: 1 } }
 * }).pipe(Stream.map((project) => project.name))
 * ```
 */
export const pages = <const C extends Contract, const Key extends PagedKey<C> & string>(
  client: EffectClient<PathsOf<C>>,
  contract: C,
  operation: Key,
  ...[given]: undefined extends InitOf<C, Key> ? [init?: InitOf<C, Key>] : [init: InitOf<C, Key>]
): Stream.Stream<ItemOf<C, Key>, CallError<OperationOf<C, Key>>> =>
  Stream.suspend(() =>
    Stream.paginate(firstPage(contract, operation, (given ?? {}) as Init), (page) => {
      const call = client.withResponse[page.method as keyof Methods<PathsOf<C>, true>] as unknown as (
        path: string,
        init: Init
      ) => Effect.Effect<Answer, CallError<OperationOf<C, Key>>>
      return Effect.map(call(page.path, page.init), (answer) => {
        const { items, next } = page.turn(answer)
        return [items as ReadonlyArray<ItemOf<C, Key>>, Option.fromNullishOr(next)] as const
      })
    })
  )

/** A service class of a contract: a `Context.Service` with its layer. */
export interface ServiceClass<Self, Id extends string, C extends Contract>
  extends Context.ServiceClass<Self, Id, EffectClient<PathsOf<C>>> {
  readonly contract: C
  /** Signs in when it is built and signs out at the end of its scope, if it was the last holder. */
  readonly layer: <E = never, R = never>(
    options: Options<C, E, R>
  ) => Layer.Layer<Self, SessionError | E, Exclude<R, Scope.Scope>>
}

/**
 * Makes the service class of a contract.
 *
 * @example
 * ```ts
 * class Bench extends Client.Service<Bench>()("app/Bench", contract) {}
 * ```
 */
export const Service =
  <Self>() =>
  <const Id extends string, const C extends Contract>(id: Id, contract: C): ServiceClass<Self, Id, C> => {
    const service = Context.Service<Self, EffectClient<PathsOf<C>>>()(id)
    return Object.assign(service, {
      contract,
      layer: <E, R>(options: Options<C, E, R>) => Layer.effect(service, make(contract, options))
    }) as unknown as ServiceClass<Self, Id, C>
  }
