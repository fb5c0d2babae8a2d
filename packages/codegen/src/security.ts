/**
 * `security` and `securitySchemes`, exactly: alternatives and conjunctions in their order, scopes, anonymous access.
 *
 * @see https://spec.openapis.org/oas/v3.2.0#security-requirement-object
 */
import type { OAuthFlow, OAuthFlows, Requirement, Requirements, Security, SecurityScheme } from "@keyturn/contract"
import { didYouMean } from "./diagnostic.ts"
import { type Operation, operationKey } from "./operations.ts"
import type { Report } from "./problem.ts"
import type { Pointer } from "./source.ts"
import { byText, entriesOf, isObject, type JsonObject, resolve } from "./tree.ts"

/** A security scheme with the place it was declared at. */
export interface DeclaredScheme {
  readonly scheme: SecurityScheme
  readonly node: JsonObject
  readonly pointer: Pointer
}

/** The security schemes of a document, by name. What is wrong with one is reported, and the scheme left out. */
export const readSchemes = (root: JsonObject, report: Report): ReadonlyMap<string, DeclaredScheme> => {
  const schemes = new Map<string, DeclaredScheme>()
  const components = isObject(root.components) ? root.components : {}
  for (const [name, declared] of entriesOf(components.securitySchemes).sort(([a], [b]) => byText(a, b))) {
    const { value: node, pointer } = resolve(root, declared, ["components", "securitySchemes", name])
    if (!isObject(node)) {
      const at = ["components", "securitySchemes", name]
      report({
        severity: "error",
        rule: "security-scheme",
        message: "a security scheme must be an object",
        pointer: at
      })
      continue
    }
    const scheme = readScheme(node, pointer, report)
    if (scheme !== undefined) schemes.set(name, { scheme, node, pointer })
  }
  return schemes
}

const types = ["apiKey", "http", "mutualTLS", "oauth2", "openIdConnect"]

const readScheme = (node: JsonObject, pointer: Pointer, report: Report): SecurityScheme | undefined => {
  const text = (key: string): string | undefined => {
    const value = node[key]
    if (typeof value === "string" && value !== "") return value
    report({
      severity: "error",
      rule: "security-scheme",
      message: value === undefined ? `a scheme of type ${String(node.type)} needs "${key}"` : `"${key}" must be a text`,
      pointer: value === undefined ? pointer : [...pointer, key],
      onKey: value === undefined
    })
    return undefined
  }
  const deprecated = node.deprecated === true || node["x-oai-deprecated"] === true ? { deprecated: true } : {}
  switch (node.type) {
    case "http": {
      const scheme = text("scheme")
      if (scheme === undefined) return undefined
      const format = typeof node.bearerFormat === "string" ? { bearerFormat: node.bearerFormat } : {}
      return { type: "http", scheme: scheme.toLowerCase(), ...format, ...deprecated }
    }
    case "apiKey": {
      const name = text("name")
      const place = node.in
      if (place !== "header" && place !== "query" && place !== "cookie") {
        report({
          severity: "error",
          rule: "security-scheme",
          message:
            place === undefined
              ? 'a scheme of type apiKey needs "in"'
              : `an apiKey cannot be in ${JSON.stringify(place)}`,
          hint: 'known here: "header", "query", "cookie"',
          pointer: place === undefined ? pointer : [...pointer, "in"],
          onKey: place === undefined
        })
        return undefined
      }
      return name === undefined ? undefined : { type: "apiKey", in: place, name, ...deprecated }
    }
    case "oauth2": {
      const flows = readFlows(node, pointer, report)
      const metadataUrl = typeof node.oauth2MetadataUrl === "string" ? { metadataUrl: node.oauth2MetadataUrl } : {}
      return flows && { type: "oauth2", flows, ...metadataUrl, ...deprecated }
    }
    case "openIdConnect": {
      const url = text("openIdConnectUrl")
      return url === undefined ? undefined : { type: "openIdConnect", openIdConnectUrl: url, ...deprecated }
    }
    case "mutualTLS":
      return { type: "mutualTLS", ...deprecated }
    default: {
      report({
        severity: "error",
        rule: "security-scheme",
        message:
          node.type === undefined
            ? 'a security scheme needs "type"'
            : `${JSON.stringify(node.type)} is no type of security scheme`,
        hint: didYouMean(String(node.type), types) ?? `known here: ${types.join(", ")}`,
        pointer: node.type === undefined ? pointer : [...pointer, "type"],
        onKey: node.type === undefined
      })
      return undefined
    }
  }
}

/** The URLs that each flow cannot do without (OpenAPI 3.2, OAuth Flow Object). */
const flowUrls = {
  authorizationCode: ["authorizationUrl", "tokenUrl"],
  clientCredentials: ["tokenUrl"],
  deviceAuthorization: ["deviceAuthorizationUrl", "tokenUrl"],
  implicit: ["authorizationUrl"],
  password: ["tokenUrl"]
} as const satisfies Record<keyof OAuthFlows, ReadonlyArray<keyof OAuthFlow>>

const isFlow = (name: string): name is keyof OAuthFlows => Object.hasOwn(flowUrls, name)

const readFlows = (scheme: JsonObject, at: Pointer, report: Report): OAuthFlows | undefined => {
  if (!isObject(scheme.flows)) {
    report({
      severity: "error",
      rule: "security-scheme",
      message: 'a scheme of type oauth2 needs "flows"',
      pointer: at,
      onKey: true
    })
    return undefined
  }
  const flows: { -readonly [Flow in keyof OAuthFlows]: OAuthFlow } = {}
  for (const [key, flow] of Object.entries(scheme.flows).sort(([a], [b]) => byText(a, b))) {
    const name = key === "x-oai-deviceAuthorization" ? "deviceAuthorization" : key
    if (name.startsWith("x-")) continue
    const pointer = [...at, "flows", key]
    if (!isFlow(name)) {
      report({
        severity: "error",
        rule: "security-scheme",
        message: `"${name}" is no OAuth flow`,
        hint: didYouMean(name, Object.keys(flowUrls)),
        pointer,
        onKey: true
      })
      continue
    }
    const read = isObject(flow) ? readFlow(name, flow, pointer, report) : undefined
    if (read !== undefined) flows[name] = read
  }
  return flows
}

const readFlow = (name: keyof OAuthFlows, flow: JsonObject, pointer: Pointer, report: Report): OAuthFlow => {
  const urls: { -readonly [Key in keyof OAuthFlow]?: string } = {}
  for (const key of ["authorizationUrl", "deviceAuthorizationUrl", "refreshUrl", "tokenUrl"] as const) {
    const value = flow[key] ?? (key === "deviceAuthorizationUrl" ? flow[`x-oai-${key}`] : undefined)
    if (typeof value === "string" && value !== "") urls[key] = value
    else if (value === undefined && (flowUrls[name] as ReadonlyArray<string>).includes(key)) {
      report({
        severity: "error",
        rule: "security-scheme",
        message: `the ${name} flow needs "${key}"`,
        pointer,
        onKey: true
      })
    }
  }
  return {
    ...urls,
    scopes: entriesOf(flow.scopes)
      .map(([scope]) => scope)
      .sort(byText)
  }
}

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
