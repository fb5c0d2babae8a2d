/**
 * Swagger 2.0 at the edge: upgraded to OpenAPI 3.0 before anything looks at it, with a way back for positions.
 */
import { upgrade } from "@scalar/openapi-upgrader"
import type { Pointer } from "./source.ts"
import type { JsonObject } from "./tree.ts"

/** The document as OpenAPI 3.0; the given one is left alone. */
export const upgradeSwagger = (root: JsonObject): JsonObject => {
  const upgraded = upgrade(structuredClone({ ...root, swagger: "2.0" }), "3.0") as unknown as JsonObject
  for (const key of ["basePath", "consumes", "host", "produces", "schemes"]) delete upgraded[key]
  return upgraded
}

const sections: Readonly<Record<string, string>> = {
  parameters: "parameters",
  requestBodies: "parameters",
  responses: "responses",
  schemas: "definitions",
  securitySchemes: "securityDefinitions"
}

/**
 * Where something of the upgraded document was written. What the upgrade moved deeper (a body, a response's content) is
 * found by its nearest ancestor, so `content` and the media type are taken out again.
 */
export const swaggerPointer = (pointer: Pointer): Pointer => {
  const [first, second, ...rest] = pointer
  if (first === "components") {
    const section = second === undefined ? undefined : sections[second]
    return section === undefined ? [] : [section, ...rest]
  }
  if (first === "servers") return ["host"]
  const content = pointer.indexOf("content")
  if (first !== "paths" || content === -1) return pointer
  const before = pointer[content - 1] === "requestBody" ? pointer.slice(0, content - 1) : pointer.slice(0, content)
  return [...before, ...(pointer[content - 1] === "requestBody" ? ["parameters"] : pointer.slice(content + 2))]
}

/** A message about the upgraded document, in the words of the one that was written. */
export const inSwaggerWords = (text: string): string =>
  text
    .replaceAll("#/components/schemas", "#/definitions")
    .replaceAll("#/components/securitySchemes", "#/securityDefinitions")
    .replace(/#\/components\/(parameters|responses)/g, "#/$1")
    .replaceAll("components.securitySchemes", "securityDefinitions")
