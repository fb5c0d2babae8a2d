/**
 * The operations of a document: what its paths say, with the fixed methods of OpenAPI and those of 3.2.
 */
import type { Pointer } from "./source.ts"
import { byText, entriesOf, isObject, type JsonObject, resolve } from "./tree.ts"

/** One operation. */
export interface Operation {
  /** As sent: upper case, except for the additional operations of OpenAPI 3.2, which keep the document's spelling. */
  readonly method: string
  /** As the document spells it. */
  readonly path: string
  readonly id: string | undefined
  readonly node: JsonObject
  readonly pointer: Pointer
  readonly pathItem: JsonObject
}

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"] as const

/** Every operation under `paths` (webhooks and callbacks are called by the server), ordered by path, then method. */
export const operationsOf = (root: JsonObject): ReadonlyArray<Operation> =>
  entriesOf(root.paths)
    .sort(([a], [b]) => byText(a, b))
    .flatMap(([path, item]) => {
      const { value, pointer } = resolve(root, item, ["paths", path])
      if (!isObject(value)) return []
      const found: Array<Operation> = []
      const add = (method: string, node: unknown, at: Pointer) => {
        if (!isObject(node)) return
        const id = typeof node.operationId === "string" ? node.operationId : undefined
        found.push({ method, path, id, node, pointer: at, pathItem: value })
      }
      for (const method of methods) add(method.toUpperCase(), value[method], [...pointer, method])
      for (const key of ["additionalOperations", "x-oai-additionalOperations"]) {
        for (const [method, node] of entriesOf(value[key])) add(method, node, [...pointer, key, method])
      }
      return found.sort((a, b) => byText(a.method, b.method))
    })

/** `"POST /auth/signin"`: how a contract names an operation. */
export const operationKey = ({ method, path }: { readonly method: string; readonly path: string }): string =>
  `${method} ${path}`
