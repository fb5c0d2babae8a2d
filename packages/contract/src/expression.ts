/**
 * Runtime expressions: the small language with which `x-session` says where a value comes from.
 * `$response.body#/pointer` and `$response.header.Name` are OpenAPI's (runtime expressions of the Link Object);
 * `$credentials.name` and `$session.name` are this vocabulary's.
 */

/** A parsed expression. */
export type Expression =
  | { readonly source: "response-body"; readonly pointer: ReadonlyArray<string> }
  | { readonly source: "response-header"; readonly name: string }
  | { readonly source: "credentials"; readonly name: string }
  | { readonly source: "session"; readonly name: SessionValue }

/** What `$session.` may name. */
export type SessionValue = "accessToken" | "refreshToken" | "scope"

const sessionValues: ReadonlySet<string> = new Set<SessionValue>(["accessToken", "refreshToken", "scope"])

/** An RFC 6901 JSON pointer as its unescaped parts, or `undefined` when it is not one. */
export const parsePointer = (pointer: string): ReadonlyArray<string> | undefined => {
  if (pointer === "") return []
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer)) return undefined
  return pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
}

/** Whether a string is meant as an expression: everything else is a constant. */
export const isExpression = (text: string): boolean => text.startsWith("$")

/** Parses an expression; `undefined` when it is none of the four forms. */
export const parseExpression = (text: string): Expression | undefined => {
  if (text === "$response.body") return { source: "response-body", pointer: [] }
  if (text.startsWith("$response.body#")) {
    const pointer = parsePointer(text.slice("$response.body#".length))
    return pointer && { source: "response-body", pointer }
  }
  const dotted = /^\$(response\.header|credentials|session)\.([A-Za-z0-9!#$%&'*+.^_`|~-]+)$/.exec(text)
  if (dotted === null) return undefined
  const name = dotted[2] as string
  switch (dotted[1]) {
    case "response.header":
      return { source: "response-header", name }
    case "credentials":
      return { source: "credentials", name }
    default:
      return sessionValues.has(name) ? { source: "session", name: name as SessionValue } : undefined
  }
}

/** The value at a JSON pointer, or `undefined` where the document has none. Own properties only. */
export const resolvePointer = (document: unknown, pointer: ReadonlyArray<string>): unknown => {
  let at = document
  for (const part of pointer) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return undefined
    at = (at as Record<string, unknown>)[part]
  }
  return at
}
