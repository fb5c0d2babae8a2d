/**
 * `x-session` against its published JSON Schema, with errors a person can act on.
 */
import { createRequire } from "node:module"
import schema from "@keyturn/contract/x-session.schema.json" with { type: "json" }
import type { Ajv2020, ErrorObject } from "ajv/dist/2020.js"
import { didYouMean } from "./diagnostic.ts"
import type { Problem, Report } from "./problem.ts"
import type { Pointer } from "./source.ts"
import { localPointer } from "./tree.ts"

type Validate = ReturnType<Ajv2020["compile"]>
let compiled: Validate | undefined

/** Loads the validator with the first `x-session`, because most documents have none. */
const compile = (): Validate => {
  const { Ajv2020 } = createRequire(import.meta.url)("ajv/dist/2020.js") as typeof import("ajv/dist/2020.js")
  return new Ajv2020({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(schema)
}

/** Whether the value is an `x-session`; if not, every reason is reported. */
export const checkSessionSchema = (value: unknown, pointer: Pointer, report: Report): boolean => {
  compiled ??= compile()
  if (compiled(value)) return true
  const seen = new Set<string>()
  const errors = compiled.errors ?? []
  for (const error of errors) {
    // The branches of a oneOf fail together: what is wrong deeper down says more than that none of them fits.
    const deeper = errors.some(({ instancePath }) => instancePath.startsWith(`${error.instancePath}/`))
    if (error.keyword === "oneOf" && deeper) continue
    const problem = explain(error, [...pointer, ...(localPointer(`#${error.instancePath}`) ?? [])])
    const key = JSON.stringify(problem)
    if (problem === undefined || seen.has(key)) continue
    seen.add(key)
    report({ severity: "error", rule: "x-session", ...problem })
  }
  return false
}

/** The error in words; none for one branch of a `oneOf`. */
const explain = (error: ErrorObject, pointer: Pointer): Omit<Problem, "severity" | "rule"> | undefined => {
  const name = pointer.at(-1)
  const { params, parentSchema, data } = error
  if (error.schemaPath.includes("/oneOf/") && error.keyword !== "additionalProperties") return undefined
  switch (error.keyword) {
    case "additionalProperties": {
      const key = params.additionalProperty as string
      const known = Object.keys((parentSchema as { properties?: object }).properties ?? {})
      const message = `"${key}" is not a key of ${name === "x-session" ? "x-session" : `"${name}"`}`
      return { message, hint: didYouMean(key, known), pointer: [...pointer, key], onKey: true }
    }
    case "required":
      return { message: `"${name}" needs "${params.missingProperty}"`, pointer, onKey: true }
    case "enum": {
      const allowed = params.allowedValues as ReadonlyArray<string>
      return {
        message: `"${name}" cannot be ${JSON.stringify(data)}`,
        hint: didYouMean(String(data), allowed),
        pointer
      }
    }
    case "oneOf":
      return {
        message: `"${name}" must be never, or an object with a grace period`,
        hint: "write reuse: never, or reuse: { grace: PT30S }",
        pointer
      }
    case "pattern":
    case "type": {
      const [, definition] = /\$defs\/(duration|expression)\//.exec(error.schemaPath) ?? []
      if (definition === "duration") {
        const hint = "write an ISO 8601 duration without years and months, such as PT24H, P7D or PT0.5S"
        return { message: `${JSON.stringify(data)} is not a duration`, hint, pointer }
      }
      if (definition === "expression") {
        const hint = "write $response.body#/pointer or $response.header.Name"
        return { message: `${JSON.stringify(data)} is not an expression on the answer`, hint, pointer }
      }
      return { message: `"${name}" must be of type ${[params.type].flat().join(" or ")}`, pointer }
    }
    case "minProperties":
      return { message: `"${name}" is empty`, pointer, onKey: true }
    case "minimum":
      return { message: `"${name}" must be at least ${params.limit}`, pointer }
    case "minLength":
      return { message: `"${name}" is empty`, pointer }
    default:
      return { message: `"${name}" ${error.message}`, pointer }
  }
}
