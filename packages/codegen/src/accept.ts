/**
 * What to ask for in `Accept`. OpenAPI ignores a header parameter of that name; what a document says is which media types
 * its answers come in.
 */
import type { Operation } from "./operations.ts"
import { entriesOf, isObject, resolve } from "./tree.ts"

const isJson = (mediaType: string): boolean => /^application\/(?:[^;]*\+)?json\b/i.test(mediaType)

/**
 * Asks for JSON when an operation answers in JSON and in something else too, such as errors that are pages for whoever
 * accepts anything. Operations without JSON stay reachable: everything else is accepted after it.
 */
export const acceptOf = (root: unknown, operations: ReadonlyArray<Operation>): string | undefined => {
  const mixed = operations.some(({ node }) => {
    const types = entriesOf(node.responses).flatMap(([, response]) => {
      const { value } = resolve(root, response, [])
      return isObject(value) ? entriesOf(value.content).map(([mediaType]) => mediaType) : []
    })
    return types.some(isJson) && !types.every(isJson)
  })
  return mixed ? "application/json, */*;q=0.5" : undefined
}
