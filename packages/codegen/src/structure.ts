/**
 * The document against the OpenAPI specification: Redocly's tables say what may stand where.
 *
 * A fault that the output cannot survive is an error. One that real documents are full of (a missing description, a
 * property the specification does not know) is a warning: the types that come out are right all the same.
 */
import { BaseResolver, createConfig, lintDocument, Source as RedoclySource, ResolveError } from "@redocly/openapi-core"
import { didYouMean } from "./diagnostic.ts"
import type { Problem, Report } from "./problem.ts"
import { typesOf } from "./redocly-types.ts"
import type { Pointer } from "./source.ts"
import { get, isObject, type JsonObject, localPointer } from "./tree.ts"

/** Reports everything that breaks the specification, and every reference to nothing. The tree must be bundled. */
export const checkStructure = async (root: JsonObject, report: Report): Promise<void> => {
  const config = await createConfig({ rules: { struct: "warn", "no-unresolved-refs": "error" } })
  const source = new RedoclySource("document", "")
  const problems = await lintDocument({
    document: { source, parsed: root },
    config,
    customTypes: typesOf(root),
    externalRefResolver: new NothingElsewhere()
  })
  const seen = new Set<string>()
  for (const problem of problems) {
    const at = problem.location[0]
    // What several references lead to is looked at as often.
    if (at?.pointer === undefined || seen.has(`${at.pointer} ${problem.message}`)) continue
    seen.add(`${at.pointer} ${problem.message}`)
    const pointer = localPointer(at.pointer) ?? []
    const found =
      problem.ruleId === "no-unresolved-refs"
        ? unresolved(root, pointer)
        : structural(problem.message, problem.suggest, pointer, at.reportOnKey === true)
    if (found !== undefined) report(found)
  }
}

/** Whatever is still elsewhere after bundling stays there: examples by URL are not ours to fetch. */
class NothingElsewhere extends BaseResolver {
  override async resolveDocument(): Promise<never> {
    throw new ResolveError(new Error("not read"))
  }
}

const structural = (
  message: string,
  suggest: ReadonlyArray<string>,
  pointer: Pointer,
  onKey: boolean
): Problem | undefined => {
  // An extension is whatever its makers want it to be.
  if (pointer[0]?.startsWith("x-")) return undefined
  // Schemes and requirements are read, and judged, one by one.
  const ours = pointer.includes("security") || (pointer[0] === "components" && pointer[1] === "securitySchemes")
  if (ours && !message.includes("not expected")) return undefined
  // What is null is taken as not said.
  const fatal = /^Expected type `\w+` \((?:object|array)\) but got `(?!null)/.test(message)
  return {
    severity: fatal ? "error" : "warning",
    rule: "structure",
    message: inWords(message),
    hint: suggest.length > 0 ? `did you mean "${suggest[0]}"?` : undefined,
    pointer,
    onKey
  }
}

/** Redocly's sentences in the voice of the others. */
const inWords = (message: string): string =>
  message
    .replace(/^Property `(.*)` is not expected here\.$/, '"$1" is not expected here')
    .replace(/^The field `(.*)` must be present on this level\.$/, '"$1" is missing here')
    .replace(/^Expected type `(\w+)` \((object|array)\) but got `(\w+)`$/, "expected $1 (an $2), found $3")
    .replace(/^Expected type `(.*)` but got `(.*)`\.$/, "expected $1, found $2")
    .replaceAll("`", '"')
    .replace(/\.$/, "")

const unresolved = (root: JsonObject, pointer: Pointer): Problem | undefined => {
  const at = get(root, pointer)
  const owner = get(root, pointer.slice(0, -1)).value
  const reference = isObject(at.value) ? at.value.$ref : at.value
  if (typeof reference !== "string" || (isObject(owner) && owner.externalValue === reference)) return undefined
  const target = localPointer(reference)
  const place = isObject(at.value) ? [...pointer, "$ref"] : pointer
  // Bundlers leave there what they have renamed: the types are right but for what tells their members apart.
  const mapped = pointer.at(-2) === "mapping" && pointer.at(-3) === "discriminator"
  const base = { severity: mapped ? "warning" : "error", rule: "unresolved-ref", pointer: place } as const
  if (target === undefined) {
    if (reference.startsWith("#")) return { ...base, message: `there is nothing at ${reference}` }
    // A discriminator may map to a bare schema name.
    if (!reference.includes("/")) return undefined
    if (mapped)
      return { ...base, message: `the discriminator maps to ${reference}, which is not part of this document` }
    return {
      ...base,
      message: `${reference} is not part of this document`,
      hint: "an overlay cannot refer to other files"
    }
  }
  let node: unknown = root
  for (const [index, part] of target.entries()) {
    if (typeof node !== "object" || node === null) break
    if (!Object.hasOwn(node, part)) {
      const message = `there is nothing at ${reference}`
      const known = isObject(node) ? Object.keys(node) : []
      const near = didYouMean(part, known)
      return { ...base, message, hint: near ?? `#/${target.slice(0, index).join("/")} has no "${part}"` }
    }
    node = (node as JsonObject)[part]
  }
  return { ...base, message: `there is nothing at ${reference}` }
}
