import { detectSpec, getTypes } from "@redocly/openapi-core"
import type { JsonObject } from "./tree.ts"

type Types = ReturnType<typeof getTypes>

/**
 * Redocly's tables for a document. In 2.64 the one for the device flow's scopes of OpenAPI 3.2 names a type that does
 * not exist, and everything that meets a scope throws.
 */
export const typesOf = (root: JsonObject): Types => {
  const types = getTypes(detectSpec(root)) as Types & Readonly<Record<string, { readonly properties: object }>>
  const flow = types.DeviceAuthorization
  if (flow === undefined) return types
  const scopes = { type: "object", additionalProperties: { type: "string" } }
  return { ...types, DeviceAuthorization: { ...flow, properties: { ...flow.properties, scopes } } } as Types
}
