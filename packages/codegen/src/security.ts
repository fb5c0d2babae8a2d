/**
 * `security`, exactly: alternatives and conjunctions in their order, scopes, anonymous access.
 *
 * @see https://spec.openapis.org/oas/v3.2.0#security-requirement-object
 */
import type { OAuthFlow, Requirement, Requirements, Security, SecurityScheme } from "@keyturn/contract"
import { didYouMean } from "./diagnostic.ts"
import { type Operation, operationKey } from "./operations.ts"
import type { Report } from "./problem.ts"
import type { DeclaredScheme } from "./security-schemes.ts"
import type { Pointer } from "./source.ts"
import { byText, entriesOf, isObject, type JsonObject } from "./tree.ts"

/** What each operation requires. What a requirement names and the document does not declare is reported. */
export const readSecurity = (
  root: JsonObject,
  operations: ReadonlyArray<Operation>,
  schemes: ReadonlyMap<string, DeclaredScheme>,
  report: Report
): Security => {
  const declared = isObject(root.components) ? entriesOf(root.components.securitySchemes).map(([name]) => name) : []
  const read = (value: unknown, pointer: Pointer) => readRequirements(value, pointer, schemes, declared, report)
  const topLevel = root.security === undefined ? [] : read(root.security, ["security"])
  const required = operations.map((operation): readonly [string, Requirements] => [
    operationKey(operation),
    operation.node.security === undefined ? topLevel : read(operation.node.security, [...operation.pointer, "security"])
  ])
  const commonest = commonestOf(
    required.map(([, requirements]) => requirements),
    topLevel
  )
  const spelled = JSON.stringify(commonest)
  return {
    default: commonest,
    operations: Object.fromEntries(required.filter(([, requirements]) => JSON.stringify(requirements) !== spelled))
  }
}

const commonestOf = (all: ReadonlyArray<Requirements>, topLevel: Requirements): Requirements => {
  const counts = new Map<string, number>()
  for (const requirements of all) {
    const key = JSON.stringify(requirements)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  // The document's own default wins a tie; after that the text decides, so that the order of the paths does not.
  let best = JSON.stringify(topLevel)
  let most = counts.get(best) ?? 0
  for (const [key, count] of [...counts].sort(([a], [b]) => byText(a, b))) {
    if (count > most) {
      best = key
      most = count
    }
  }
  return JSON.parse(best)
}

const readRequirements = (
  value: unknown,
  pointer: Pointer,
  schemes: ReadonlyMap<string, DeclaredScheme>,
  declared: ReadonlyArray<string>,
  report: Report
): Requirements => {
  if (!Array.isArray(value)) {
    report({
      severity: "error",
      rule: "security-requirement",
      message: '"security" must be a list of requirements',
      hint: "write each alternative as an item: - scheme: []",
      pointer
    })
    return []
  }
  return value.map((requirement, index): Requirement => {
    const at = [...pointer, String(index)]
    if (!isObject(requirement)) {
      report({
        severity: "error",
        rule: "security-requirement",
        message: "a requirement must be an object that maps scheme names to lists of scopes",
        hint: typeof requirement === "string" ? `write ${requirement}: []` : undefined,
        pointer: at
      })
      return {}
    }
    const read: Record<string, ReadonlyArray<string>> = {}
    for (const [key, scopes] of entriesOf(requirement).sort(([a], [b]) => byText(a, b))) {
      const name = schemeName(key, declared)
      read[name] = readScopes(name, scopes, [...at, key], schemes.get(name)?.scheme, report)
      if (!declared.includes(name)) {
        report({
          severity: "error",
          rule: "security-defined",
          message: `there is no security scheme "${name}"`,
          hint: didYouMean(name, declared) ?? "declare it under components.securitySchemes",
          pointer: [...at, key],
          onKey: true
        })
      }
    }
    return read
  })
}

/** OpenAPI 3.2 lets a requirement name a scheme by URI; a component's name is taken first. */
const schemeName = (key: string, declared: ReadonlyArray<string>): string => {
  const prefix = "#/components/securitySchemes/"
  if (declared.includes(key) || !key.startsWith(prefix)) return key
  return key.slice(prefix.length).replaceAll("~1", "/").replaceAll("~0", "~")
}

const readScopes = (
  name: string,
  scopes: unknown,
  pointer: Pointer,
  scheme: SecurityScheme | undefined,
  report: Report
): ReadonlyArray<string> => {
  if (!Array.isArray(scopes) || scopes.some((scope) => typeof scope !== "string")) {
    report({
      severity: "error",
      rule: "security-requirement",
      message: `the requirement "${name}" must hold a list of scopes, which may be empty`,
      hint: `write ${name}: []`,
      pointer
    })
    return []
  }
  if (scheme?.type === "oauth2") {
    const known = new Set(Object.values(scheme.flows).flatMap((flow: OAuthFlow) => flow.scopes))
    for (const [index, scope] of scopes.entries()) {
      if (known.has(scope)) continue
      report({
        severity: "error",
        rule: "security-scope",
        message: `no flow of "${name}" declares the scope "${scope}"`,
        hint: didYouMean(scope, [...known]) ?? "declare it under the flow's scopes",
        pointer: [...pointer, String(index)]
      })
    }
  }
  return [...new Set(scopes as ReadonlyArray<string>)].sort(byText)
}
