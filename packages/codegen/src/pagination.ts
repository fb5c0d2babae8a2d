/**
 * `x-pagination` of operations, resolved: how their pages follow each other, with every place looked up in the operation.
 */
import { type PagedOperations, type Pagination, parsePointer } from "@keyturn/contract"
import { didYouMean } from "./diagnostic.ts"
import { type Operation, operationKey } from "./operations.ts"
import type { Report } from "./problem.ts"
import { fieldsOf, requestOf } from "./schemas.ts"
import type { Pointer } from "./source.ts"
import { isObject, type JsonObject, resolve } from "./tree.ts"

const keys = ["style", "offset", "page", "limit", "items", "more", "total", "first"] as const

/** The operations that page, those that do it alike together. Everything wrong with an `x-pagination` is reported. */
export const readPagination = (
  root: JsonObject,
  operations: ReadonlyArray<Operation>,
  report: Report
): ReadonlyArray<PagedOperations> => {
  const alike = new Map<string, { readonly paging: Pagination; readonly operations: Array<string> }>()
  for (const operation of operations) {
    const value = operation.node["x-pagination"]
    if (value === undefined) continue
    const paging = readOne(root, operation, value, report)
    if (paging === undefined) continue
    const key = JSON.stringify(paging)
    const group = alike.get(key) ?? { paging, operations: [] }
    group.operations.push(operationKey(operation))
    alike.set(key, group)
  }
  return [...alike.values()].map(({ paging, operations }) => ({ ...paging, operations }))
}

const readOne = (root: JsonObject, operation: Operation, value: unknown, report: Report): Pagination | undefined => {
  const pointer = [...operation.pointer, "x-pagination"]
  let sound = true
  const wrong = (message: string, hint: string | undefined, at: Pointer, onKey = false) => {
    sound = false
    report({ severity: "error", rule: "x-pagination", message, hint, pointer: at, onKey })
  }
  if (!isObject(value)) {
    wrong("x-pagination is not an object", "write { style: offset, offset: …, limit: …, items: … }", pointer)
    return undefined
  }
  for (const key of Object.keys(value)) {
    if (!keys.includes(key as (typeof keys)[number])) {
      wrong(`"${key}" is not a key of x-pagination`, didYouMean(key, keys), [...pointer, key], true)
    }
  }
  const { style } = value
  if (style !== "offset" && style !== "page") {
    wrong(
      `"style" must be offset or page`,
      undefined,
      style === undefined ? pointer : [...pointer, "style"],
      style === undefined
    )
    return undefined
  }
  const text = (key: (typeof keys)[number], needed: boolean): string | undefined => {
    const found = value[key]
    if (typeof found === "string") return found
    if (found !== undefined) wrong(`"${key}" must be a runtime expression`, undefined, [...pointer, key])
    else if (needed) wrong(`x-pagination needs "${key}"`, undefined, pointer, true)
    return undefined
  }
  const request = (key: "offset" | "page" | "limit"): string | undefined => {
    const expression = text(key, true)
    const problem = expression === undefined ? undefined : requestProblem(root, operation, expression)
    if (problem !== undefined) wrong(problem.message, problem.hint, [...pointer, key])
    return expression
  }
  const answer = (key: "items" | "more" | "total", needed: boolean): string | undefined => {
    const expression = text(key, needed)
    if (expression !== undefined && !isAnswerExpression(expression)) {
      wrong(`${expression} names nothing of an answer`, "write $response.body#/pointer or $response.header.Name", [
        ...pointer,
        key
      ])
    }
    return expression
  }
  const position = request(style)
  const limit = request("limit")
  const items = answer("items", true)
  const more = answer("more", false)
  const total = answer("total", false)
  const { first } = value
  if (first !== undefined && !Number.isSafeInteger(first))
    wrong(`"first" must be a whole number`, undefined, [...pointer, "first"])
  if (!sound || position === undefined || limit === undefined || items === undefined) return undefined
  return {
    style,
    position,
    limit,
    items,
    ...(more === undefined ? {} : { more }),
    ...(total === undefined ? {} : { total }),
    ...(first === undefined ? {} : { first: first as number })
  }
}

const isAnswerExpression = (text: string): boolean =>
  /^\$response\.header\.\S+$/.test(text) ||
  text === "$response.body" ||
  (text.startsWith("$response.body#") && parsePointer(text.slice("$response.body#".length)) !== undefined)

/** What is wrong with an expression on the request, if anything: it must name a query parameter or a field of the body. */
const requestProblem = (
  root: JsonObject,
  operation: Operation,
  expression: string
): { readonly message: string; readonly hint: string | undefined } | undefined => {
  const query = /^\$request\.query\.(.+)$/.exec(expression)?.[1]
  if (query !== undefined) {
    const declared = queryParametersOf(root, operation)
    return declared.includes(query)
      ? undefined
      : { message: `the operation has no query parameter "${query}"`, hint: didYouMean(query, declared) }
  }
  const pointer = expression.startsWith("$request.body#")
    ? parsePointer(expression.slice("$request.body#".length))
    : undefined
  if (pointer?.length !== 1) {
    return {
      message: `${expression} names no place in a request`,
      hint: "write $request.query.name or $request.body#/name"
    }
  }
  const name = pointer[0] as string
  const body = requestOf(root, operation)
  if (body === undefined) return { message: "the operation takes no request body", hint: "write $request.query.name" }
  const { closed, fields } = fieldsOf(root, body.schema)
  return fields.has(name) || !closed
    ? undefined
    : { message: `the request has no field "${name}"`, hint: didYouMean(name, [...fields.keys()]) }
}

const queryParametersOf = (root: JsonObject, operation: Operation): ReadonlyArray<string> =>
  [operation.node.parameters, operation.pathItem.parameters].flatMap((parameters) =>
    Array.isArray(parameters)
      ? parameters.flatMap((parameter) => {
          const { value } = resolve(root, parameter, [])
          return isObject(value) && value.in === "query" && typeof value.name === "string" ? [value.name] : []
        })
      : []
  )
