/**
 * `securitySchemes`: every type of scheme and every flow, with the device flow of 3.2 and its `x-oai-` back-port.
 *
 * @see https://spec.openapis.org/oas/v3.2.0#security-scheme-object
 */
import type { OAuthFlow, OAuthFlows, SecurityScheme } from "@keyturn/contract"
import { didYouMean } from "./diagnostic.ts"
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
