/** Answers that say no with a status of success, as typed failures. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/** The API answered with a status of success, and said in the body that it did not do what was asked. */
export class OperationRefused<Body = unknown> extends Data.TaggedError("OperationRefused")<{
  readonly message: string
  readonly body: unknown
}> {
  declare readonly body: Body
}

const matches = (body: unknown, pattern: object): boolean =>
  typeof body === "object" &&
  body !== null &&
  Object.entries(pattern).every(([name, value]) => (body as Record<string, unknown>)[name] === value)

/** Whatever text such an answer has for people, under the usual names. */
const reasonOf = (body: unknown): string => {
  const { error, info, message } = body as Record<string, unknown>
  const said = [message, info, error].find((text) => typeof text === "string" && text !== "")
  return typeof said === "string" ? `: ${said}` : "."
}

/**
 * Fails with `OperationRefused` when the answer has these values; what is left is the answer that says yes, by type, where the
 * document tells the two apart.
 *
 * @example
 * ```ts
 * const tool = allura
 *   .POST("/rest/{neighborhood}/{project}/admin/install_tool", init)
 *   .pipe(Refusal.when({ success: false })) // fails with OperationRefused<{ success: false; info: string }>
 * ```
 */
export const when =
  <const Pattern extends object>(pattern: Pattern) =>
  <A, E, R>(
    call: Effect.Effect<A, E, R>
  ): Effect.Effect<Exclude<A, Pattern>, E | OperationRefused<Extract<A, Pattern>>, R> =>
    Effect.flatMap(call, (body) =>
      matches(body, pattern)
        ? Effect.fail(
            new OperationRefused<Extract<A, Pattern>>({
              body,
              message: `The API refused the operation${reasonOf(body)}`
            })
          )
        : Effect.succeed(body as Exclude<A, Pattern>)
    )
