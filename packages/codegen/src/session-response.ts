/**
 * The `response` of an `x-session`: each expression looked up in what the operation answers.
 */
import { parseExpression, type TokenResponseMap } from "@keyturn/contract"
import { didYouMean } from "./diagnostic.ts"
import type { Operation } from "./operations.ts"
import type { Report } from "./problem.ts"
import { responsesOf, schemaAt } from "./schemas.ts"
import type { Pointer } from "./source.ts"
import type { JsonObject } from "./tree.ts"

/** What each value of an answer has to be, as JSON types. */
const valueTypes: Readonly<Record<keyof TokenResponseMap, ReadonlyArray<string>>> = {
  accessToken: ["string"],
  refreshToken: ["string", "null"],
  expiresAt: ["string", "null"],
  expiresIn: ["integer", "number", "string", "null"],
  tokenType: ["string", "null"],
  scope: ["string", "null"]
}

/** Reports what the answers of the operation do not hold, or hold in another type. */
export const checkResponse = (
  map: TokenResponseMap,
  pointer: Pointer,
  operation: Operation,
  root: JsonObject,
  report: Report
): void => {
  for (const [key, text] of Object.entries(map)) {
    const at = [...pointer, key]
    const expression = parseExpression(text)
    const problem = (message: string, hint?: string) =>
      report({ severity: "error", rule: "x-session-expression", message, hint, pointer: at })
    if (expression?.source === "response-body") {
      const looked = responsesOf(root, operation).map(({ schema }) => schemaAt(root, schema, expression.pointer))
      if (looked.some((look) => look.found && look.schema === undefined)) continue
      const found = looked.flatMap((look) => (look.found && look.schema !== undefined ? [look.schema] : []))
      if (found.length === 0) {
        const miss = looked.flatMap((look) => (look.found ? [] : [look]))[0]
        problem(
          miss === undefined
            ? `no successful answer of "${operation.id}" declares a body`
            : `the answer of "${operation.id}" has no "${miss.part}"`,
          miss === undefined ? "declare the response's content" : didYouMean(miss.part, miss.known)
        )
      } else if (!found.some((schema) => fits(schema, valueTypes[key as keyof TokenResponseMap]))) {
        problem(
          `"${key}" cannot be read from a value of type ${found.map(({ type }) => [type].flat().join("|")).join(", ")}`
        )
      }
    } else if (expression?.source !== "response-header") {
      problem(`${text} is not an expression on the answer`, "write $response.body#/pointer or $response.header.Name")
    }
  }
}

const fits = (schema: JsonObject, types: ReadonlyArray<string>): boolean =>
  schema.type === undefined || [schema.type].flat().some((type) => types.includes(type as string))
